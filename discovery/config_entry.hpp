// Turns one entry of a configuration file into a server to start, or into faults that say why not.
#pragma once

#include <headrace/discovery/config_document.hpp>
#include <headrace/discovery/environment.hpp>
#include <headrace/discovery/fault.hpp>
#include <headrace/discovery/server_spec.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// What an entry is read against.
struct EntryContext {
  const std::string& file;
  const std::string& file_description;
  const EnvironmentLookup& environment;
  const std::string& home;
  bool allow_self = false;
};

/// One entry that was read: a server, or a name that the user switched off.
struct ConfigEntry {
  ServerSpec spec;  ///< without its alias; only name and source when `disabled`
  std::size_t line = 0;
  bool disabled = false;
};

/// Nothing, and why in `faults`, when the entry cannot be used or would start this program again.
std::optional<ConfigEntry> read_entry(const ConfigMember& entry, const EntryContext& context,
                                      Faults& faults);

/// Whether an entry would start this program, or the one that it replaces, inside itself.
bool looks_like_self(std::string_view name, std::string_view command,
                     const std::vector<std::string>& args);

}  // namespace headrace::discovery
