// Who runs on the core that all share, and when.
#pragma once

#include <sys/types.h>

namespace headrace::bench {

/// From now on this process and those that it starts run on this core alone; -1: anywhere. Throws
/// std::runtime_error if there is no such core for us.
void pin_to(int core);

/// While it lives, a process and its descendants, all their threads, run on this core alone; then
/// on the others. What one who has had its turn still has to do (collect garbage, close
/// connections) would otherwise count for those that come next. With core -1, or where there is no
/// other core for us, they stay where they are, and so do those that have left the descendants.
class Turn {
 public:
  Turn(pid_t process, int core);
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn();

 private:
  pid_t process_;
  int core_;
};

}  // namespace headrace::bench
