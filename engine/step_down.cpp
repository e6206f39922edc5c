// The bare system calls: glibc's functions of the same names change all threads.
#include <headrace/engine/step_down.hpp>

#include <cerrno>

#ifdef __linux__
#include <array>
#include <cstdlib>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>
#endif

namespace headrace::engine {

#ifdef __linux__

namespace {

// Those without a number are for 16 bits on some 32-bit machines.
#ifdef SYS_setresuid32
constexpr long set_users = SYS_setresuid32;
constexpr long set_groups_of_user = SYS_setresgid32;
constexpr long set_more_groups = SYS_setgroups32;
#else
constexpr long set_users = SYS_setresuid;
constexpr long set_groups_of_user = SYS_setresgid;
constexpr long set_more_groups = SYS_setgroups;
#endif

using Capabilities = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

long capabilities(long call, Capabilities& data) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  return ::syscall(call, &header, data.data());
}

}  // namespace

struct SteppedDown::Before {
  std::array<uid_t, 3> users{};
  std::array<gid_t, 3> groups{};
  std::vector<gid_t> more_groups;
  Capabilities capabilities{};
  int dumpable = 0;
  int death_signal = 0;

  bool read() {
    const int count = ::getgroups(0, nullptr);
    if (count < 0) return false;
    more_groups.resize(static_cast<std::size_t>(count));
    dumpable = ::prctl(PR_GET_DUMPABLE);
    return ::getgroups(count, more_groups.data()) == count &&
           ::getresuid(&users[0], &users[1], &users[2]) == 0 &&
           ::getresgid(&groups[0], &groups[1], &groups[2]) == 0 &&
           engine::capabilities(SYS_capget, capabilities) == 0 &&
           ::prctl(PR_GET_PDEATHSIG, &death_signal) == 0;
  }

  // What was inheritable can't always be had back, and is no power of its own: a capability that is
  // outside the bounding set is not given again.
  bool restore_capabilities() const {
    Capabilities wanted = capabilities;
    if (engine::capabilities(SYS_capset, wanted) == 0) return true;
    Capabilities now{};
    if (engine::capabilities(SYS_capget, now) != 0) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      wanted[i].inheritable = now[i].inheritable;
    return engine::capabilities(SYS_capset, wanted) == 0;
  }

  // The kernel drops the last two whenever the user changes.
  bool restore() {
    return ::syscall(set_users, users[0], users[1], users[2]) == 0 &&
           ::syscall(set_groups_of_user, groups[0], groups[1], groups[2]) == 0 &&
           ::syscall(set_more_groups, more_groups.size(), more_groups.data()) == 0 &&
           restore_capabilities() &&
           // 2 can't be set; it is what the change of users leaves, or 0.
           (dumpable > 1 || ::prctl(PR_SET_DUMPABLE, dumpable) == 0) &&
           ::prctl(PR_SET_PDEATHSIG, death_signal) == 0;
  }
};

SteppedDown::SteppedDown(UserIds ids) {
  auto before = std::make_unique<Before>();
  // What is all ones would change nothing.
  if (ids.user == 0 || ids.group == 0 || ids.user == static_cast<uid_t>(-1) ||
      ids.group == static_cast<gid_t>(-1)) {
    error_ = EINVAL;
    return;
  }
  if (!before->read()) {
    error_ = errno;
    return;
  }
  // Inheritable ones would go on to what is executed.
  Capabilities kept = before->capabilities;
  for (__user_cap_data_struct& part : kept)
    part.inheritable = 0;
  // The saved user stays, so that there is a way back; an exec does away with it.
  const bool done = capabilities(SYS_capset, kept) == 0 &&
                    ::syscall(set_more_groups, 0, nullptr) == 0 &&
                    ::syscall(set_groups_of_user, ids.group, ids.group, before->groups[1]) == 0 &&
                    ::syscall(set_users, ids.user, ids.user, before->users[1]) == 0 &&
                    // So that a program is found which only root can get at.
                    capabilities(SYS_capset, kept) == 0;
  if (!done) error_ = errno;
  before_ = std::move(before);
  if (done) return;
  before_->restore();
  before_.reset();
}

SteppedDown::~SteppedDown() {
  if (before_ && !before_->restore()) std::abort();
}

#else

struct SteppedDown::Before {};

SteppedDown::SteppedDown(UserIds) : error_(ENOTSUP) {}

SteppedDown::~SteppedDown() = default;

#endif

}  // namespace headrace::engine
