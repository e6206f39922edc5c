// Changes a small file so that who reads it finds the old content or the new one, whole.
#pragma once

#include <string>
#include <string_view>

namespace headrace::discovery {

enum class Durability {
  lasting,  ///< Waits for the disk.
  cache,    ///< After a power failure the file may hold anything: who reads it has to check.
};

/// Makes its folder where there is none; the file can be read by its owner alone. False, with a
/// sentence in `error`, when it can't be written or is no regular file; then it is as it was.
bool replace_file(const std::string& file, std::string_view text, std::string& error,
                  Durability durability = Durability::lasting);

}  // namespace headrace::discovery
