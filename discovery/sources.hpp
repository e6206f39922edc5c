// Which servers are configured: reads every source, in order of precedence, and notices changes.
#pragma once

#include <headrace/discovery/environment.hpp>
#include <headrace/discovery/fault.hpp>
#include <headrace/discovery/server_spec.hpp>
#include <headrace/discovery/source_places.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

struct SourceOptions {
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  /// A folder like `state_dir` that is read before it, such as `~/MCPs`. Empty: none.
  std::filesystem::path first_dir;
  /// Folder whose `*.json` are read, sorted by name, hidden ones and subfolders left out. A leading
  /// `~` is `home`. It need not exist. Empty: none.
  std::filesystem::path state_dir;
  /// One more file, TOML by its suffix, otherwise JSON (`MCP_SERVERS_CONFIG`). It has to exist.
  std::optional<std::filesystem::path> extra_config;
  /// Which other programs' files are read as well, after these. Without `workspace` in it, those of
  /// trusted workspaces are not.
  SourceSelection others;
  /// The folder that is worked in: decides about projects and workspaces. Empty: not known.
  std::filesystem::path workspace;
  /// Keep entries that would start this program again.
  bool allow_self = false;
  /// Where `${VAR}` comes from.
  EnvironmentLookup environment = process_environment();
  /// What `~` stands for. Empty: `HOME` of `environment`.
  std::filesystem::path home;
  /// Tells how old a file is: one that changed within two seconds is read again the next time.
  Clock clock = &std::chrono::system_clock::now;
  Platform platform = kHostPlatform;
};

/// An entry that is understood, but that no process can be started for.
struct UnreachableServer {
  std::string name;
  std::string reason;  ///< a sentence without its dot; holds no secrets of the entry
  SpecSource source;
  std::size_t line = 0;

  bool operator==(const UnreachableServer&) const = default;
};

/// An entry that is not used, since another one of its name is.
struct ShadowedServer {
  std::string name;
  SpecSource source;
  std::size_t line = 0;
  SpecSource hidden_by;  ///< a server, one that is unreachable, or one that is switched off
  std::size_t hidden_by_line = 0;

  bool operator==(const ShadowedServer&) const = default;
};

/// How many shadowed entries are kept.
inline constexpr std::size_t kMaxShadowed = 1'000;

/// Everything that was found. Names (also other names) and aliases are unique; servers are in order
/// of precedence.
struct Discovery {
  std::vector<ServerSpec> servers;
  std::vector<UnreachableServer> unreachable;  ///< of names that no server has
  std::vector<ShadowedServer> shadowed;        ///< in order of precedence, up to `kMaxShadowed`
  Faults faults;

  bool operator==(const Discovery&) const = default;
};

/// The unreachable server of exactly this name, else one whose alias it is; null when there is
/// none.
const UnreachableServer* find_unreachable(const Discovery& found, std::string_view name_or_alias);

/// Reads all sources once. Never throws for what a file holds or for a file that cannot be read:
/// that is a fault, and hides no other file or entry.
Discovery discover(const SourceOptions& options);

/// The sources, read again only where they changed. Not thread-safe; blocks on file reads.
class Sources {
 public:
  explicit Sources(SourceOptions options);
  ~Sources();
  Sources(Sources&&) noexcept;
  Sources& operator=(Sources&&) noexcept;

  /// Lists and stats the sources (microseconds) and reads what is new or changed since the last
  /// call; the first call reads all. True when `current()` differs from what it was before.
  bool refresh();

  /// What the last `refresh()` found; empty before the first. Valid until the next `refresh()`.
  const Discovery& current() const noexcept;

  /// Every file and folder whose change can change what `refresh()` finds, whether it is there or
  /// not, as of the last `refresh()`: for whoever wants to be told rather than to ask. To be told
  /// of what is not there, or is replaced, watch the nearest folder above it that is.
  std::vector<std::string> watched_paths() const;

  /// When to look again although nothing changes: until then a file that does not parse any more
  /// counts for what it was. Nothing where there is none, as of the last `refresh()`.
  std::optional<std::chrono::system_clock::time_point> held_until() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace headrace::discovery
