// Changes a small file so that who reads it finds the old content or the new one, whole.
#pragma once

#include <string>
#include <string_view>

namespace headrace::discovery {

/// Makes its folder where there is none; the file can be read by its owner alone. Waits for the
/// disk. False, with a sentence in `error`, when it can't be written or is no regular file; then it
/// is as it was.
bool replace_file(const std::string& file, std::string_view text, std::string& error);

}  // namespace headrace::discovery
