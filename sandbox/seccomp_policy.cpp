// An allow list: what an interpreter with its usual libraries needs, and nothing that acts on the
// system as a whole. Modelled on what the container engines allow to a container without
// capabilities, less namespaces, tracing, keys and io_uring.
#include <headrace/sandbox/seccomp_policy.hpp>

namespace headrace::sandbox {
namespace {

// clang-format off
constexpr const char* allowed[] = {
    // Files.
    "access", "cachestat", "chdir", "chmod", "chown", "chown32", "close", "close_range",
    "copy_file_range", "creat", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64",
    "fadvise64_64", "arm_fadvise64_64", "fallocate", "fchdir", "fchmod", "fchmodat", "fchmodat2",
    "fchown", "fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync", "fgetxattr", "flistxattr",
    "flock", "fremovexattr", "fsetxattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64",
    "fsync", "ftruncate", "ftruncate64", "futimesat", "getcwd", "getdents", "getdents64",
    "getxattr", "getxattrat", "lchown", "lchown32", "lgetxattr", "link", "linkat", "listxattr",
    "listxattrat", "llistxattr", "_llseek", "lremovexattr", "lseek", "lsetxattr", "lstat",
    "lstat64", "mkdir", "mkdirat", "mknod", "mknodat", "newfstatat", "open", "openat", "openat2",
    "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead",
    "readlink", "readlinkat", "readv", "removexattr", "removexattrat", "rename", "renameat",
    "renameat2", "rmdir", "sendfile", "sendfile64", "setxattr", "setxattrat", "splice", "stat",
    "stat64", "statfs", "statfs64", "statx", "symlink", "symlinkat", "sync", "sync_file_range",
    "sync_file_range2", "syncfs", "tee", "truncate", "truncate64", "umask", "unlink", "unlinkat",
    "utime", "utimensat", "utimensat_time64", "utimes", "write", "writev",
    // Waiting and events.
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait",
    "eventfd", "eventfd2", "inotify_add_watch", "inotify_init", "inotify_init1",
    "inotify_rm_watch", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents",
    "io_pgetevents_time64", "io_setup", "io_submit", "_newselect", "pipe", "pipe2", "poll", "ppoll",
    "ppoll_time64", "pselect6", "pselect6_time64", "select", "signalfd", "signalfd4",
    "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime",
    "timerfd_settime64",
    // Sockets; which kinds is decided below.
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg",
    "sendto", "setsockopt", "shutdown",
    // Memory.
    "brk", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "mincore", "mlock",
    "mlock2", "mlockall", "mmap", "mmap2", "mprotect", "mremap", "mseal", "msync", "munlock",
    "munlockall", "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect", "remap_file_pages",
    // Processes, threads and signals.
    "alarm", "arch_prctl", "capget", "capset", "execve", "execveat", "exit", "exit_group", "fork",
    "futex", "futex_requeue", "futex_time64", "futex_wait", "futex_waitv", "futex_wake", "getcpu",
    "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getgroups",
    "getgroups32", "getitimer", "getpgid", "getpgrp", "getpid", "getppid", "getpriority",
    "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit", "get_robust_list",
    "getrusage", "getsid", "get_thread_area", "gettid", "getuid", "getuid32", "ioprio_get",
    "ioprio_set", "kill", "landlock_add_rule", "landlock_create_ruleset",
    "landlock_restrict_self", "pause", "pidfd_open", "pidfd_send_signal", "prctl", "prlimit64",
    "process_mrelease", "restart_syscall", "riscv_flush_icache", "riscv_hwprobe", "rseq",
    "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn",
    "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo",
    "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_get_priority_max",
    "sched_get_priority_min", "sched_getscheduler", "sched_rr_get_interval",
    "sched_rr_get_interval_time64", "sched_setaffinity", "sched_setattr", "sched_setparam",
    "sched_setscheduler", "sched_yield", "seccomp", "setfsgid", "setfsgid32", "setfsuid",
    "setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32", "setitimer", "setpgid",
    "setpriority", "setregid", "setregid32", "setresgid", "setresgid32", "setresuid",
    "setresuid32", "setreuid", "setreuid32", "setrlimit", "set_robust_list", "setsid",
    "set_thread_area", "set_tid_address", "set_tls", "setuid", "setuid32", "sigaltstack",
    "sigprocmask", "sigreturn", "tgkill", "tkill", "ugetrlimit", "uretprobe", "vfork", "wait4",
    "waitid", "waitpid",
    // System V and POSIX IPC; the namespace is the sandbox's own.
    "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64",
    "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd",
    "semctl", "semget", "semop", "semtimedop", "semtimedop_time64", "shmat", "shmctl", "shmdt",
    "shmget",
    // Time and questions.
    "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
    "clock_nanosleep_time64", "getrandom", "gettimeofday", "nanosleep", "sysinfo", "time",
    "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_gettime64",
    "timer_settime", "timer_settime64", "times", "uname",
};

constexpr const char* refused[] = {
    // Namespaces and mounts.
    "chroot", "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount",
    "open_tree", "pivot_root", "setns", "umount", "umount2", "unshare",
    // Other processes, and the kernel seen from inside.
    "bpf", "kcmp", "lookup_dcookie", "perf_event_open", "pidfd_getfd", "process_madvise",
    "process_vm_readv", "process_vm_writev", "ptrace", "syslog", "userfaultfd",
    // Keys, and files found by their number.
    "add_key", "fanotify_init", "keyctl", "name_to_handle_at", "open_by_handle_at", "request_key",
    // The machine.
    "acct", "adjtimex", "clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64",
    "delete_module", "finit_module", "init_module", "ioperm", "iopl", "kexec_file_load",
    "kexec_load", "quotactl", "quotactl_fd", "reboot", "setdomainname", "sethostname",
    "settimeofday", "stime", "swapoff", "swapon", "vhangup",
    // Little used, and often broken in the past.
    "get_mempolicy", "mbind", "migrate_pages", "modify_ldt", "move_pages", "set_mempolicy",
    "set_mempolicy_home_node", "vmsplice",
};

constexpr const char* absent[] = {
    // Its flags are in memory, where a filter can't see them; glibc goes on to clone.
    "clone3",
    "fanotify_mark", "file_getattr", "file_setattr", "io_uring_enter", "io_uring_register",
    "io_uring_setup", "listmount", "listns", "lsm_get_self_attr", "lsm_list_modules",
    "lsm_set_self_attr", "memfd_secret", "open_tree_attr", "statmount", "sysfs", "uselib", "ustat",
};
// clang-format on

constexpr std::uint64_t low_half = 0xFFFFFFFF;

// The kernel looks at the low half of these arguments only; what is above must not fool a test.
SeccompRule rule_for(Answer answer, const char* call, unsigned index, std::uint64_t value) {
  return {answer, call, {{index, low_half, value}}};
}

// A filter can test for equality only: that (argument & mask) differs from the value means that
// some bit of it does.
void allow_unless(std::vector<SeccompRule>& rules, const char* call, unsigned index,
                  std::uint64_t mask, std::uint64_t value) {
  for (std::uint64_t bit = 1; bit != 0; bit <<= 1) {
    if ((mask & bit) != 0) rules.push_back({Answer::allow, call, {{index, bit, ~value & bit}}});
  }
}

// No new namespaces.
void add_clone(std::vector<SeccompRule>& rules) {
#ifdef __s390__
  constexpr unsigned flags_index = 1;
#else
  constexpr unsigned flags_index = 0;
#endif
  // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
  constexpr std::uint64_t namespaces = 0x7E020000;
  rules.push_back({Answer::allow, "clone", {{flags_index, namespaces, 0}}});
  for (std::uint64_t bit = 1; bit <= namespaces; bit <<= 1) {
    if ((namespaces & bit) != 0) {
      rules.push_back({Answer::refuse, "clone", {{flags_index, bit, bit}}});
    }
  }
}

// Unix and internet sockets, and the routing kind of netlink that lists interfaces. Others reach
// past the network namespace (vsock) or into rarely used parts of the kernel.
void add_socket(std::vector<SeccompRule>& rules) {
  constexpr std::uint64_t af_unix = 1;
  constexpr std::uint64_t af_inet = 2;
  constexpr std::uint64_t af_inet6 = 10;
  constexpr std::uint64_t af_netlink = 16;
  for (const char* call : {"socket", "socketpair"}) {
    for (std::uint64_t family = 0; family < 64; ++family) {
      if (family == af_unix || family == af_inet || family == af_inet6) {
        rules.push_back(rule_for(Answer::allow, call, 0, family));
      } else if (family == af_netlink) {
        rules.push_back({Answer::allow, call, {{0, low_half, family}, {2, low_half, 0}}});
      } else {
        rules.push_back(rule_for(Answer::unsupported, call, 0, family));
      }
    }
  }
}

// Typing into somebody's terminal. There is none in the sandbox; this is the second lock.
void add_ioctl(std::vector<SeccompRule>& rules) {
  constexpr std::uint64_t tiocsti = 0x5412;
  constexpr std::uint64_t tioclinux = 0x541C;
  constexpr std::uint64_t common_bits = low_half & ~(tiocsti ^ tioclinux);
  allow_unless(rules, "ioctl", 1, common_bits, tiocsti & common_bits);
  // Two good ones that have the same common bits: the foreground group, the window's size.
  rules.push_back(rule_for(Answer::allow, "ioctl", 1, 0x5410));
  rules.push_back(rule_for(Answer::allow, "ioctl", 1, 0x5414));
  rules.push_back(rule_for(Answer::refuse, "ioctl", 1, tiocsti));
  rules.push_back(rule_for(Answer::refuse, "ioctl", 1, tioclinux));
}

}  // namespace

std::span<const char* const> allowed_calls() noexcept {
  return allowed;
}

std::span<const char* const> refused_calls() noexcept {
  return refused;
}

std::span<const char* const> absent_calls() noexcept {
  return absent;
}

std::vector<SeccompRule> conditional_rules() {
  std::vector<SeccompRule> rules;
  add_clone(rules);
  add_socket(rules);
  add_ioctl(rules);
  // Asking for the personality, and the ordinary ones.
  for (const std::uint64_t persona : {0x0ULL, 0x8ULL, 0x20000ULL, 0x20008ULL, 0xFFFFFFFFULL}) {
    rules.push_back(rule_for(Answer::allow, "personality", 0, persona));
  }
  return rules;
}

}  // namespace headrace::sandbox
