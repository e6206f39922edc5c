// Tells when files and folders change, also those that are not there yet.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/deadline.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace headrace::engine {

struct PathWatchOptions {
  /// So long nothing may have changed before one is told, but no longer than `longest`.
  Clock::duration quiet = std::chrono::milliseconds(100);
  Clock::duration longest = std::chrono::seconds(1);
  /// Where the system can't tell, one looks so often.
  Clock::duration interval = std::chrono::seconds(2);
  /// More places than these are looked at, not watched: the system has only so many watches.
  std::size_t most_watches = 1000;
  /// Look, whatever the system could tell.
  bool only_look = false;
};

/// Watches through inotify, and looks at the paths from time to time where there is none, none
/// left, or where it does not hear of changes that others make (a file system of another machine).
/// While nothing changes it does nothing. Not thread-safe; use it on its executor.
///
/// It keeps its executor's context busy until close() or its destruction.
class PathWatch {
 public:
  /// `on_change` is called on the executor after any of the paths was written, made, removed,
  /// replaced, or could have been while nobody watched: once for all that happens at a time, also
  /// once after each set_paths() with other paths. It may call any function here, or destroy this.
  PathWatch(Executor executor, std::function<void()> on_change, PathWatchOptions options = {});
  ~PathWatch();
  PathWatch(const PathWatch&) = delete;
  PathWatch& operator=(const PathWatch&) = delete;

  /// Absolute paths of files and folders, whether they are there or not, in place of those before.
  /// Of a folder it matters which names are in it; files in it have to be named themselves. Links
  /// are followed, and watched too.
  void set_paths(std::vector<std::string> paths);

  /// Why it looks from time to time, in half a sentence; empty while the system tells.
  const std::string& why_looking() const noexcept;

  /// How many watches it has in the system.
  std::size_t watches() const noexcept;

  /// For good. Nothing is called any more.
  void close();

 private:
  struct State;
  static asio::awaitable<void> follow(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace headrace::engine
