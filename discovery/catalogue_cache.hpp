// The tool lists of servers on disk, so that they need not run to be known.
#pragma once

#include <headrace/discovery/server_spec.hpp>
#include <headrace/discovery/tools_page.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace headrace::discovery {

using WallTime = std::chrono::system_clock::time_point;

/// A list as it was kept.
struct CachedTools {
  std::vector<ToolDoc> tools;  ///< all that the server has, those that rules leave out included
  WallTime listed_at;
  /// How long the server said that the list holds; nothing if it said nothing.
  std::optional<std::chrono::milliseconds> time_to_live;

  /// Whether it should be asked for again: its time is over, or it is older than a day.
  bool is_stale(WallTime now) const noexcept;
};

/// How an attempt to list ended.
struct CachedFailure {
  std::string error;
  WallTime at;

  /// Whether it is so short ago that trying again unasked makes no sense.
  bool is_recent(WallTime now) const noexcept;
};

/// Two files for each server, named by its key, in a folder that any number of processes share:
/// each file is replaced as a whole. What is not there, damaged, of another format or longer than
/// 64 MiB is not there. Reads and writes block, but wait for no disk.
class CatalogueCache {
 public:
  /// The folder is made when something is first kept. Empty: nothing is ever kept or found.
  explicit CatalogueCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::optional<CachedTools> load(const ServerSpec& spec) const;
  /// The last attempt, if it failed.
  std::optional<CachedFailure> load_failure(const ServerSpec& spec) const;

  /// Forgets the last failure. False, with a sentence in `error`, when it could not be written;
  /// what was there before is there still.
  bool store(const ServerSpec& spec, const CachedTools& list, std::string& error) const;
  bool store_failure(const ServerSpec& spec, const CachedFailure& failure,
                     std::string& error) const;

  /// Removes what nobody has loaded or stored for 90 days, and what a killed writer left.
  void sweep() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace headrace::discovery
