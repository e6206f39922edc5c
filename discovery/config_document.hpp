// What a configuration file says, whatever its syntax: named entries made of plain values.
#pragma once

#include <headrace/discovery/dialect.hpp>
#include <headrace/discovery/expand.hpp>
#include <headrace/discovery/fault.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

struct ConfigMember;

/// One value of a configuration file.
struct ConfigValue {
  enum class Kind { null, boolean, number, string, array, object, other };

  Kind kind = Kind::null;
  std::string text;                   ///< what a string says; a boolean or number as it is written
  std::vector<ConfigValue> items;     ///< of an array
  std::vector<ConfigMember> members;  ///< of an object, in the file's order
  std::size_t line = 0;
};

struct ConfigMember {
  std::string name;
  ConfigValue value;
};

/// Servers that are only for those who work in a folder or below it.
struct ConfigProject {
  std::string folder;
  std::vector<ConfigMember> entries;
};

/// The servers of one file, not yet judged. A key may occur twice; the readers keep both.
struct ConfigDocument {
  bool readable = true;     ///< the text is of its syntax, with what should be in it
  std::string description;  ///< of the file: stands in for that of an entry without one
  std::vector<ConfigMember> entries;
  std::vector<ConfigProject> projects;  ///< before `entries`; the deepest folder first
  std::vector<ConfigInput> inputs;
  std::optional<ConfigValue> timeout;  ///< for entries that name none
  // Names, with `*` and `?` in them if need be.
  std::vector<std::string> disabled;                ///< that the file switches off elsewhere
  std::optional<std::vector<std::string>> allowed;  ///< that it is restricted to
};

/// Keys of the objects that hold servers. `mcp` holds one of them itself, `servers`, or servers
/// directly.
inline constexpr std::array<std::string_view, 6> kServerSections = {
    "mcpServers", "mcp_servers", "servers", "mcp.servers", "context_servers", "amp.mcpServers"};
inline constexpr std::string_view kOuterSection = "mcp";
inline constexpr std::string_view kInnerSection = "servers";

/// Bounds what a file can make us keep: no configuration has more values in its servers.
inline constexpr std::size_t kMaxConfigValues = 100'000;

/// Each of these lists is looked through for each entry or reference.
inline constexpr std::size_t kMaxConfigNames = 1'000;

/// The last value of this name, as most readers of JSON take it; null when there is none.
const ConfigValue* find_member(const ConfigValue& object, std::string_view name) noexcept;

/// Whether an object under this key of the file holds servers.
bool is_server_section(std::string_view key) noexcept;

/// What some editors put before UTF-8; the readers skip it.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The readers. What they cannot read is a fault with its line; `file` is only for that. `workspace`
// is the folder that is worked in: the servers of its projects are read, no others.

/// Comments and commas at the end of a list are fine.
ConfigDocument read_json_config(std::string_view text, const std::string& file, Faults& faults,
                                const Dialect& dialect = {}, std::string_view workspace = {});
ConfigDocument read_toml_config(std::string_view text, const std::string& file, Faults& faults,
                                const Dialect& dialect = {}, std::string_view workspace = {});

}  // namespace headrace::discovery
