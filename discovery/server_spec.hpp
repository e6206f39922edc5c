// How to start one downstream server, and where that was written.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace headrace::discovery {

/// Where an entry was found.
struct SpecSource {
  std::string file;   ///< path as it was looked up
  std::string entry;  ///< key in that file

  bool operator==(const SpecSource&) const = default;
};

/// One server as configured, variables and `~` already expanded.
struct ServerSpec {
  std::string name;
  std::string alias;  ///< unique Python identifier among the servers found together
  std::string command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  ///< in the file's order, names unique
  std::string cwd;                                       ///< empty: the directory of this process
  std::string description;
  SpecSource source;

  bool operator==(const ServerSpec&) const = default;
};

/// Whether both start the same process: a server whose answer is no has to be started again,
/// one that only got another description or alias has not.
bool same_process(const ServerSpec& a, const ServerSpec& b) noexcept;

}  // namespace headrace::discovery
