// Turns one entry of a configuration file into a server to start, or into faults that say why not.
#pragma once

#include <headrace/discovery/config_document.hpp>
#include <headrace/discovery/dialect.hpp>
#include <headrace/discovery/environment.hpp>
#include <headrace/discovery/fault.hpp>
#include <headrace/discovery/self_reference.hpp>
#include <headrace/discovery/server_spec.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::discovery {

/// Reads a file that an entry names. False, and why in half a sentence.
using FileReader =
    std::function<bool(const std::string& path, std::string& content, std::string& error)>;

/// What an entry is read against. All that it refers to has to outlive the reading.
struct EntryContext {
  const std::string& file;
  const ConfigDocument& document;
  const EnvironmentLookup& environment;
  const std::string& home;
  bool allow_self = false;
  Dialect dialect = {};
  std::string_view agent = {};      ///< whose file it is, for people; empty: our own
  std::string_view workspace = {};  ///< the folder that is worked in
  /// Where the entry's server is started, and where its relative paths start. Empty: wherever we
  /// are.
  std::string_view folder = {};
  FileReader read_file = {};  ///< for `envFile`; none: such entries are faults
  /// Code in a sandbox wrote it: there is no file to mend, and nothing of ours flows into it.
  bool by_code = false;
};

/// One entry that was read: a server, or a name that is none.
struct ConfigEntry {
  ServerSpec spec;  ///< without aliases; only name and source when `disabled` or `unreachable`
  std::size_t line = 0;
  bool disabled = false;    ///< switched off by the user
  std::string unreachable;  ///< why no process can be started for it; empty when one can
};

/// Nothing, and why in `faults`, when the entry cannot be used or would start this program again.
std::optional<ConfigEntry> read_entry(const ConfigMember& entry, const EntryContext& context,
                                      Faults& faults);

}  // namespace headrace::discovery
