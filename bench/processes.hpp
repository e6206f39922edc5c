// Who descends from a process, and what memory that takes.
#pragma once

#include <headrace/bench/target.hpp>

#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace headrace::bench {

/// A process, told from another one that was given the same number later.
struct ProcessId {
  pid_t pid = -1;
  std::uint64_t started = 0;  // clock ticks since boot
  bool operator==(const ProcessId&) const = default;
};

/// The numbers of its threads, while it has not ended.
std::vector<pid_t> threads_of(pid_t process);

/// Children, their children and so on, without `root` itself and without those that have ended.
std::vector<ProcessId> descendants(pid_t root);

/// Whether it is still running; one that has ended and was not yet waited for is not.
bool is_running(const ProcessId& process);

/// Of one process; zeros if it has ended.
Memory memory_of(pid_t pid);

}  // namespace headrace::bench
