// Why a runtime's command failed, in one sentence for the user, from what it wrote to stderr.
#pragma once

#include <string>
#include <string_view>

namespace headrace::sandbox {

/// The known failure that `stderr_text` of `runtime` (a name) shows, with what to do about it.
/// Unknown ones: the last line of the text, or the exit code if there is none.
std::string explain_failure(std::string_view runtime, int exit_code, std::string_view stderr_text);

}  // namespace headrace::sandbox
