// Sees to it that what we started ends with us, also when we die by SIGKILL.
#pragma once

#include <headrace/engine/fd.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace headrace::engine {

/// A shell that holds the reading end of a pipe from us, in a session of its own, with a list of
/// process groups and clean-up commands. When the pipe ends, however we ended, it kills the groups
/// and runs the commands. (The kernel's parent-death signal would reach direct children only, and
/// is sent when the *thread* that started them exits.)
///
/// Started by prepare() or the first entry; a megabyte. Not thread-safe.
class ProcessGuard {
 public:
  ProcessGuard() = default;
  ~ProcessGuard();
  ProcessGuard(const ProcessGuard&) = delete;
  ProcessGuard& operator=(const ProcessGuard&) = delete;

  /// Starts it, so that no time passes between the start of a child and its entry.
  void prepare();
  bool runs() const noexcept { return static_cast<bool>(pipe_); }

  /// `group` is killed unless it is removed before our end.
  void add_group(pid_t group);
  /// The next group's leader is about to be started, with a pipe of this inode as its stdin: until
  /// add_group() it is known by that (on Linux). One that fails to start is forgotten by the next.
  void expect_group(std::uint64_t stdin_inode);
  void remove_group(pid_t group);
  /// As add_group(), for one that ends with us by other means as well: nothing is started for its
  /// sake alone, it is told to the shell when there is one.
  void add_group_later(pid_t group);

  /// `argv` is run unless removed; `key` names it: letters, digits and underscores.
  void add_command(std::string_view key, const std::vector<std::string>& argv);
  void remove_command(std::string_view key);

  /// The group is not killed but ended by that command, which is run until the group's leader has
  /// gone. For a container engine's command: killed while it starts a container, it would leave
  /// one that the engine does not know. Both have been added before.
  void end_by_command(pid_t group, std::string_view key);

 private:
  void send(std::string line);
  bool write_backlog();
  bool start();

  Fd pipe_;
  pid_t pid_ = -1;
  bool failed_ = false;
  std::string backlog_;      // what a full pipe did not take
  std::set<pid_t> waiting_;  // groups that are added when there is a shell
};

}  // namespace headrace::engine
