// Reads files of environment variables (`.env`).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::discovery {

/// The variables, in the file's order: `NAME=value`, also with `export` before it, with quotes of
/// either kind round the value (in double ones `\n`, `\r`, `\t`, `\"`, `\\` and `\$` mean what they
/// look like, and the value may go over several lines), and with a `#` comment behind it. Other
/// lines are left out. Nothing in a value is expanded.
std::vector<std::pair<std::string, std::string>> parse_env_file(std::string_view text);

}  // namespace headrace::discovery
