// How to start one downstream server, and where that was written.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::discovery {

/// Where an entry was found.
struct SpecSource {
  std::string file;   ///< path as it was looked up
  std::string entry;  ///< key in that file
  std::string agent;  ///< whose file it is, for people (`Cursor`); empty: our own

  bool operator==(const SpecSource&) const = default;
};

/// A further name of a server: another entry that starts the same process.
struct OtherName {
  std::string name;
  std::string alias;  ///< unique among all names of the servers found together
  SpecSource source;

  bool operator==(const OtherName&) const = default;
};

/// Which tools of a server may be seen and called. Names as the server lists them, with `*` and `?`
/// in them if need be.
struct ToolRules {
  std::optional<std::vector<std::string>> enabled;  ///< only these; not said: all
  std::vector<std::string> disabled;                ///< not these

  bool operator==(const ToolRules&) const = default;
};

/// Which era of MCP a server is spoken to in; automatic: it is asked.
enum class Protocol { automatic, legacy, modern };

/// One server as configured, variables and `~` already expanded.
struct ServerSpec {
  std::string name;
  std::string alias;  ///< unique Python identifier among the servers found together
  std::string command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  ///< in the file's order, names unique
  std::string cwd;                                       ///< empty: the directory of this process
  std::vector<std::string> roots;  ///< what it may look at: absolute paths, or `file:` URIs
  std::string description;
  SpecSource source;
  std::vector<OtherName> other_names;  ///< in order of precedence
  ToolRules tools;
  Protocol protocol = Protocol::automatic;
  /// How long it may take to start, and one call to it. Zero: the entry says nothing.
  std::chrono::milliseconds start_timeout{0};
  std::chrono::milliseconds call_timeout{0};
  /// The session that added it, and may alone use it. Zero: it was configured, for all.
  std::uint64_t owner = 0;

  bool operator==(const ServerSpec&) const = default;
};

/// Whether both start the same process: a server whose answer is no has to be started again,
/// one that only got another description or alias has not.
bool same_process(const ServerSpec& a, const ServerSpec& b) noexcept;

/// The same for whatever starts the same process: 32 hexadecimal digits of a hash of all that
/// `same_process` looks at.
std::string start_key(const ServerSpec& spec);

bool allows_tool(const ToolRules& rules, std::string_view tool) noexcept;

}  // namespace headrace::discovery
