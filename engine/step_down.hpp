// Lets one child be started as another user.
#pragma once

#include <memory>
#include <sys/types.h>

namespace headrace::engine {

struct UserIds {
  uid_t user;
  gid_t group;
};

/// While it lives, this thread (and no other of the process) is that user, without groups beside
/// his own; the process leaves no core dump then, so that two at a time would not know what to put
/// back. What the thread executes has no capabilities and no way back; it is looked for with
/// root's. For root on Linux, around posix_spawn, which has no attribute for users. Ambient
/// capabilities, and inheritable ones outside the bounding set, are lost to the thread. Ends the
/// process if root can't be had back, which the kernel does not refuse.
class SteppedDown {
 public:
  explicit SteppedDown(UserIds ids);
  ~SteppedDown();
  SteppedDown(const SteppedDown&) = delete;
  SteppedDown& operator=(const SteppedDown&) = delete;

  /// 0, or why nothing has changed.
  int error() const noexcept { return error_; }

 private:
  struct Before;
  std::unique_ptr<Before> before_;
  int error_ = 0;
};

}  // namespace headrace::engine
