// Finds a program the way a shell does.
#pragma once

#include <string>
#include <string_view>

namespace headrace::engine {

/// The file that `command` stands for, looked for along `path` (colon-separated) when it holds no
/// slash. Empty, with `why` set to a sentence, when there is none that can be executed.
std::string find_executable(std::string_view command, std::string_view path, std::string& why);

/// Why the system refuses to execute a file that find_executable() has found, for its errno: most
/// often it is not the file that is missing, but what its first line names.
std::string why_not_executed(const std::string& file, int error);

/// The value of `name` in an environment of "NAME=value" strings; empty when absent.
template <class Strings>
std::string_view environment_value(const Strings& environment, std::string_view name) {
  for (const auto& entry : environment) {
    const std::string_view text = entry;
    if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=') {
      return text.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace headrace::engine
