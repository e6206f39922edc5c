// What is wrong, or worth knowing, about one place in the configuration or in a server's tools.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

enum class Severity {
  info,     // nothing to mend: a shadowed, disabled or skipped entry
  warning,  // something was ignored, the rest is in use
  error,    // a file or an entry is not in use
};

/// One finding. Empty fields (and line 0) mean "not known" or "not about one".
struct Fault {
  Severity severity = Severity::error;
  std::string file;      ///< path of the configuration file
  std::size_t line = 0;  ///< 1-based line in `file`
  std::string entry;     ///< name of the server
  std::string message;   ///< one sentence: what happened and what to do; holds no values of `env`

  bool operator==(const Fault&) const = default;
};

using Faults = std::vector<Fault>;

/// The fault as one line for people: `FILE:LINE: server 'ENTRY': MESSAGE`.
std::string describe(const Fault& fault);

/// `name` between back quotes, as messages show what stands in a file.
std::string ticked(std::string_view name);

/// `info`, `warning` or `error`.
const char* to_string(Severity severity) noexcept;

}  // namespace headrace::discovery
