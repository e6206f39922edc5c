// What is wrong, or worth knowing, about one place in the configuration or in a server's tools.
#include <headrace/discovery/fault.hpp>

namespace headrace::discovery {

std::string describe(const Fault& fault) {
  std::string line;
  if (!fault.file.empty()) {
    line += fault.file;
    if (fault.line != 0) line += ':' + std::to_string(fault.line);
    line += ": ";
  }
  if (!fault.entry.empty()) line += "server '" + fault.entry + "': ";
  return line += fault.message;
}

std::string ticked(std::string_view name) {
  std::string result;
  result.reserve(name.size() + 2);
  result += '`';
  result += name;
  return result += '`';
}

const char* to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      break;
  }
  return "error";
}

}  // namespace headrace::discovery
