// Starts a program in a process group of its own, with nothing of ours but what it is given.
#pragma once

#include <headrace/engine/error.hpp>
#include <headrace/engine/fd.hpp>
#include <headrace/engine/step_down.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace headrace::engine {

struct InheritedFd {
  int child;  ///< Its number in the child, 3 or more.
  int ours;
};

struct SpawnSpec {
  std::vector<std::string> argv;         ///< argv[0]: on the child's PATH, or a path.
  std::vector<std::string> environment;  ///< "NAME=value", all that the child gets.
  std::string cwd;                       ///< Empty: ours.
  std::vector<InheritedFd> fds;          ///< Beyond 0, 1 and 2.
  /// True: stderr goes where ours goes, and no pipe is made for it.
  bool share_stderr = false;
  /// True: a session of its own, so that no signal from our terminal reaches it.
  bool own_session = false;
  /// Root's children may be another user, with nothing that is root's; on Linux.
  std::optional<UserIds> user;
};

/// A child that runs. The descriptors are our ends of its 0, 1 and 2: blocking, close-on-exec.
struct Spawned {
  pid_t pid = -1;
  Fd input;
  Fd output;
  Fd errors;
};

/// The environment of this process as "NAME=value".
std::vector<std::string> own_environment();

/// posix_spawn, which costs the same however large we are. In the child all signals have their
/// default action and none is blocked; no other descriptor stays open. Empty on failure, with a
/// sentence in `diagnostics`. Does not throw but for memory.
/// `before` is called with the inode of the child's stdin, a pipe, right before there is a child:
/// by that it can be found when we are killed before we know its number.
std::optional<Spawned> spawn(const SpawnSpec& spec, Diagnostics& diagnostics,
                             const std::function<void(std::uint64_t inode)>& before = {});

}  // namespace headrace::engine
