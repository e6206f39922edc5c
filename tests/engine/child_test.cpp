// Child and spawn with real processes. Compiled twice: with pidfds, and with the fallback.
#include <headrace/engine/child.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#ifdef __linux__
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <asio/buffers_iterator.hpp>
#include <asio/read.hpp>
#include <asio/streambuf.hpp>
#include <gmock/gmock.h>

#include "support.hpp"
#include "temporary_folder.hpp"

namespace headrace::engine {
namespace {

using test::basic_environment;
using test::run_until;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

SpawnSpec shell(std::string script) {
  SpawnSpec spec;
  spec.argv = {"/bin/sh", "-c", std::move(script)};
  spec.environment = basic_environment();
  return spec;
}

struct Children : testing::Test {
  std::unique_ptr<Child> start(const SpawnSpec& spec, ChildOptions options = {}) {
    Diagnostics diagnostics;
    auto child =
        Child::start(context.get_executor(), spec, std::move(options), nullptr, diagnostics);
    EXPECT_TRUE(child) << diagnostics.message;
    return child;
  }

  /// What is said about one that can't be started.
  std::string refusal(const SpawnSpec& spec) {
    Diagnostics diagnostics;
    const auto child = Child::start(context.get_executor(), spec, {}, nullptr, diagnostics);
    EXPECT_FALSE(child);
    return diagnostics.message;
  }

  void await_exit(Child& child) {
    ASSERT_TRUE(run_until(context, [&child] { return child.exit_status().has_value(); }));
  }

  /// All that comes on a descriptor up to its end.
  std::string read_all(asio::posix::stream_descriptor stream) {
    std::string text;
    bool done = false;
    asio::async_read(stream, asio::dynamic_buffer(text),
                     [&done](std::error_code, std::size_t) { done = true; });
    EXPECT_TRUE(run_until(context, [&done] { return done; }));
    return text;
  }

  std::string output_of(const SpawnSpec& spec) {
    const auto child = start(spec);
    if (!child) return {};
    child->take_input().close();
    std::string text = read_all(child->take_output());
    await_exit(*child);
    return text;
  }

  std::string line_of(asio::posix::stream_descriptor& stream) {
    std::string line;
    char c = 0;
    bool done = false;
    while (c != '\n') {
      done = false;
      stream.async_read_some(asio::buffer(&c, 1), [&](std::error_code error, std::size_t) {
        done = true;
        if (error) c = '\n';
      });
      EXPECT_TRUE(run_until(context, [&done] { return done; }));
      if (c != '\n') line += c;
    }
    return line;
  }

  /// Stops it, and says what ended it.
  ExitStatus stop(Child& child, StopTimes times) {
    test::run(context, child.async_stop(times));
    EXPECT_TRUE(child.exit_status());
    return child.exit_status().value_or(ExitStatus{});
  }

  asio::io_context context;
};

// --- another user ---

#ifdef __linux__

std::string own_credentials() {
  std::ifstream file("/proc/thread-self/status");
  std::string text;
  for (std::string line; std::getline(file, line);) {
    for (const char* name : {"Uid:", "Gid:", "Groups:", "Cap"}) {
      if (line.starts_with(name)) text += line + '\n';
    }
  }
  return text;
}

TEST_F(Children, RootsCanBeAnotherUserWithNothingOfRootsAndWithNoWayBack) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root";
  const std::string before = own_credentials();
  int death_signal = 0;
  ASSERT_EQ(::prctl(PR_SET_PDEATHSIG, SIGTERM), 0);
  const int dumpable = ::prctl(PR_GET_DUMPABLE);
  SpawnSpec spec;
  spec.argv = {"/bin/grep", "-E",
               "^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapAmb):", "/proc/self/status"};
  spec.environment = basic_environment();
  spec.user = UserIds{65534, 65533};
  EXPECT_THAT(output_of(spec), testing::MatchesRegex("Uid:(\t65534){4}\n"
                                                     "Gid:(\t65533){4}\n"
                                                     "Groups:[ \t]*\n"
                                                     "(Cap(Inh|Prm|Eff|Amb):\t0+\n){4}"));
  // We are who we were.
  EXPECT_EQ(own_credentials(), before);
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE), dumpable);
  ASSERT_EQ(::prctl(PR_GET_PDEATHSIG, &death_signal), 0);
  EXPECT_EQ(death_signal, SIGTERM);
  ::prctl(PR_SET_PDEATHSIG, 0);
}

TEST_F(Children, TwoThreadsCanStartThemAsAnotherUserAtOnce) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root";
  const int dumpable = ::prctl(PR_GET_DUMPABLE);
  ::prctl(PR_SET_DUMPABLE, 1);
  const auto start_some = [] {
    SpawnSpec spec = shell("true");
    spec.user = UserIds{65534, 65534};
    for (int i = 0; i < 50; ++i) {
      Diagnostics diagnostics;
      const auto child = spawn(spec, diagnostics);
      EXPECT_TRUE(child) << diagnostics.message;
      if (child) ::waitpid(child->pid, nullptr, 0);
    }
  };
  std::thread other(start_some);
  start_some();
  other.join();
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
  ::prctl(PR_SET_DUMPABLE, dumpable);
}

// In a process of its own: what is out of the bounding set stays out.
int step_down_without_a_bound_capability() {
  constexpr int which = CAP_NET_RAW;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return 2;
  data[0].inheritable |= 1U << which;
  if (::syscall(SYS_capset, &header, data.data()) != 0) return 3;
  if (::prctl(PR_CAPBSET_DROP, which, 0, 0, 0) != 0) return 4;
  {
    const SteppedDown stepped_down(UserIds{65534, 65534});
    if (stepped_down.error() != 0) return 5;
  }
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> after{};
  if (::syscall(SYS_capget, &header, after.data()) != 0) return 6;
  return ::geteuid() == 0 && after[0].effective == data[0].effective ? 0 : 7;
}

TEST_F(Children, ACapabilityThatIsNotGivenAgainIsNoneThatWeNeed) {
  if (::geteuid() != 0) GTEST_SKIP() << "for root";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(step_down_without_a_bound_capability());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Children, RootIsNoUserToStepDownTo) {
  SpawnSpec spec = shell("true");
  spec.user = UserIds{0, 65534};
  EXPECT_THAT(refusal(spec), HasSubstr("can't step down to user 0"));
  // The kernel takes this for "leave it as it is".
  spec.user = UserIds{static_cast<uid_t>(-1), 65534};
  EXPECT_THAT(refusal(spec), HasSubstr("can't step down to user"));
}

TEST_F(Children, AnOrdinaryUserCanBeNoOther) {
  if (::geteuid() == 0) GTEST_SKIP() << "for ordinary users";
  SpawnSpec spec = shell("true");
  spec.user = UserIds{::geteuid() + 1, ::getegid()};
  EXPECT_THAT(refusal(spec), HasSubstr("can't step down to user"));
}

#endif

// --- what can't be started ---

TEST_F(Children, AMissingCommandIsNamed) {
  SpawnSpec spec;
  spec.environment = basic_environment();
  spec.argv = {"no-such-command-anywhere"};
  EXPECT_THAT(refusal(spec), HasSubstr("'no-such-command-anywhere' is not on PATH"));
  spec.argv = {"/no/such/file"};
  EXPECT_THAT(refusal(spec), HasSubstr("'/no/such/file'"));
  spec.argv = {};
  EXPECT_FALSE(refusal(spec).empty());
  spec.argv = {""};
  EXPECT_FALSE(refusal(spec).empty());
}

TEST_F(Children, ADirectoryOrAPlainFileCantBeExecuted) {
  const TemporaryFolder folder;
  SpawnSpec spec;
  spec.argv = {folder.path()};
  EXPECT_THAT(refusal(spec), HasSubstr("directory"));
  spec.argv = {folder.file("plain", "text")};
  EXPECT_THAT(refusal(spec), HasSubstr("ermission denied"));
}

TEST_F(Children, AFileThatIsNoProgramIsRefused) {
  const TemporaryFolder folder;
  SpawnSpec spec;
  spec.argv = {folder.file("garbage",
                           "\x7f"
                           "not a program",
                           true)};
  EXPECT_THAT(refusal(spec), HasSubstr("garbage' can't be executed"));
}

TEST_F(Children, AMissingWorkingDirectoryIsNamed) {
  SpawnSpec spec = shell("exit 0");
  spec.cwd = "/no/such/folder";
  EXPECT_THAT(refusal(spec), HasSubstr("'/no/such/folder'"));
  spec.cwd = "/bin/sh";
  EXPECT_THAT(refusal(spec), HasSubstr("not a directory"));
}

// --- what a child gets ---

TEST_F(Children, RunInTheirWorkingDirectory) {
  const TemporaryFolder folder;
  SpawnSpec spec = shell("pwd -P");
  spec.cwd = folder.path();
  EXPECT_EQ(output_of(spec), std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST_F(Children, ARelativeCommandIsLookedForInTheWorkingDirectory) {
  const TemporaryFolder folder;
  folder.file("tool", "#!/bin/sh\necho here\n", true);
  SpawnSpec spec;
  spec.argv = {"./tool"};
  spec.cwd = folder.path();
  EXPECT_EQ(output_of(spec), "here\n");
}

TEST_F(Children, GetTheirArgumentsAndEnvironmentAsTheyAre) {
  SpawnSpec spec = shell(R"(printf '%s|' "$@"; printf '%s' "$VALUE")");
  spec.argv.insert(spec.argv.end(), {"sh", "", "two words", "*", "a\nb"});
  spec.environment.push_back("VALUE=x=y z");
  EXPECT_EQ(output_of(spec), "|two words|*|a\nb|x=y z");
}

TEST_F(Children, GetNoEnvironmentButTheirs) {
  SpawnSpec spec;
  spec.argv = {"/usr/bin/env"};
  spec.environment = {"ONLY=this"};
  EXPECT_EQ(output_of(spec), "ONLY=this\n");
}

TEST_F(Children, InheritNoDescriptorOfOurs) {
  // One that nobody marked close-on-exec.
  const Fd leaky(::open("/dev/null", O_RDONLY));  // NOLINT: on purpose
  const Fd high(::fcntl(leaky.get(), F_DUPFD, 200));
  ASSERT_TRUE(high);
  EXPECT_EQ(output_of(shell("cd /proc/self/fd && for fd in *; do [ -e /proc/$$/fd/$fd ] && "
                            "printf '%s ' $fd; done")),
            "0 1 2 ");
}

TEST_F(Children, GetDescriptorsUnderTheNumbersAskedFor) {
  Pipe first = make_pipe();
  Pipe second = make_pipe();
  // Each other's numbers, so that one could overwrite the other.
  SpawnSpec spec = shell("");
  const int low = std::min(first.write.get(), second.write.get());
  const int high = std::max(first.write.get(), second.write.get());
  spec.fds = {{low, high}, {high, low}};
  spec.argv.back() = "echo low > /proc/self/fd/" + std::to_string(low) +
                     "; echo high > /proc/self/fd/" + std::to_string(high);
  const auto child = start(spec);
  await_exit(*child);
  const bool first_is_low = first.write.get() == low;
  first.write.reset();
  second.write.reset();
  std::string of_first = read_all({context, first.read.release()});
  std::string of_second = read_all({context, second.read.release()});
  EXPECT_EQ(of_first, first_is_low ? "high\n" : "low\n");
  EXPECT_EQ(of_second, first_is_low ? "low\n" : "high\n");
}

TEST_F(Children, DescriptorsBetweenThoseAskedForAreClosed) {
  const Fd leaky(::open("/dev/null", O_RDONLY));  // NOLINT: not close-on-exec, on purpose
  const Fd five(::fcntl(leaky.get(), F_DUPFD, 5));
  Pipe pipe = make_pipe();
  SpawnSpec spec = shell(
      "for fd in 0 1 2 3 4 5 6 7 8 9 10; do [ -e /proc/$$/fd/$fd ] && "
      "printf '%s ' $fd; done");
  spec.fds = {{9, pipe.write.get()}};
  EXPECT_EQ(output_of(spec), "0 1 2 9 ");
}

TEST_F(Children, SignalsHaveTheirDefaultsAndNoneIsBlocked) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  struct sigaction ignore {};
  struct sigaction old {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &old);
  const std::string status = output_of(shell("exec cat /proc/self/status"));
  ::sigaction(SIGPIPE, &old, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // The C library's own two, 32 and 33, are none of a program's business.
  constexpr std::uint64_t internal = std::uint64_t{3} << 31;
  for (const char* set : {"SigBlk:", "SigIgn:", "SigCgt:"}) {
    const std::size_t line = status.find(set);
    ASSERT_NE(line, std::string::npos);
    const std::uint64_t signals = std::stoull(status.substr(line + 7), nullptr, 16);
    EXPECT_EQ(signals & ~internal, 0U) << set;
  }
}

TEST_F(Children, LeadAGroupOfTheirOwn) {
  const auto child = start(shell("read line"));
  EXPECT_EQ(::getpgid(child->pid()), child->pid());
  EXPECT_EQ(::getsid(child->pid()), ::getsid(0));
  SpawnSpec spec = shell("read line");
  spec.own_session = true;
  const auto apart = start(spec);
  EXPECT_EQ(::getsid(apart->pid()), apart->pid());
  EXPECT_EQ(::getpgid(apart->pid()), apart->pid());
  child->signal_group(SIGKILL);
  apart->signal_group(SIGKILL);
  await_exit(*child);
  await_exit(*apart);
}

// --- how they end ---

TEST_F(Children, TheExitCodeIsTold) {
  for (const int code : {0, 1, 42, 255}) {
    const auto child = start(shell("exit " + std::to_string(code)));
    EXPECT_FALSE(child->exit_status());
    await_exit(*child);
    EXPECT_EQ(child->exit_status()->code, code);
    EXPECT_EQ(child->exit_status()->signal, 0);
    EXPECT_EQ(describe(*child->exit_status()), "exited with status " + std::to_string(code));
    errno = 0;
    EXPECT_EQ(::waitpid(child->pid(), nullptr, WNOHANG), -1) << "it was not reaped";
  }
}

TEST_F(Children, TheSignalIsTold) {
  for (const int signal : {SIGTERM, SIGKILL, SIGSEGV}) {
    const auto child = start(shell("kill -" + std::to_string(signal) + " $$; read line"));
    await_exit(*child);
    EXPECT_EQ(child->exit_status()->signal, signal);
    EXPECT_THAT(describe(*child->exit_status()),
                HasSubstr("was killed by signal " + std::to_string(signal)));
  }
}

TEST_F(Children, EverybodyWhoWaitsIsTold) {
  const auto child = start(shell("read line"));
  int told = 0;
  auto waiter = [&](Deadline deadline) -> asio::awaitable<void> {
    const bool exited = co_await child->async_wait(deadline);
    if (exited) ++told;
  };
  for (int i = 0; i < 3; ++i)
    asio::co_spawn(context, waiter(Deadline()), asio::detached);
  test::run(context, waiter(Deadline::after(std::chrono::milliseconds(5))));
  EXPECT_EQ(told, 0) << "the deadline came first";
  child->take_input().close();
  EXPECT_TRUE(run_until(context, [&told] { return told == 3; }));
  test::run(context, waiter(Deadline()));
  EXPECT_EQ(told, 4) << "also afterwards";
}

/// A pipe whose other end a process tree holds: it ends when the last of them is gone.
struct Tether {
  Pipe pipe = make_pipe();
  void give(SpawnSpec& spec) { spec.fds.push_back({9, pipe.write.get()}); }
};

TEST_F(Children, WhatIsLeftOfTheGroupDiesWithItsLeader) {
  Tether tether;
  SpawnSpec spec =
      shell("(trap '' TERM HUP; while :; do sleep 1000; done) & (sleep 1000) & exit 3");
  tether.give(spec);
  const auto child = start(spec);
  await_exit(*child);
  EXPECT_EQ(child->exit_status()->code, 3);
  tether.pipe.write.reset();
  EXPECT_EQ(read_all({context, tether.pipe.read.release()}), "");
}

TEST_F(Children, DestroyingOneKillsItsGroup) {
  Tether tether;
  SpawnSpec spec = shell("trap '' TERM HUP; sleep 1000 & echo up; while :; do sleep 1000; done");
  tether.give(spec);
  auto child = start(spec);
  asio::posix::stream_descriptor output = child->take_output();
  EXPECT_EQ(line_of(output), "up");
  const pid_t pid = child->pid();
  child.reset();
  tether.pipe.write.reset();
  EXPECT_EQ(read_all({context, tether.pipe.read.release()}), "");
  // The executor reaps it.
  EXPECT_TRUE(run_until(context, [pid] { return ::kill(pid, 0) != 0; }));
}

TEST_F(Children, OneThatEndsAtTheEndOfItsInputIsNotSignalled) {
  const auto child = start(shell("trap 'exit 9' TERM; cat >/dev/null; exit 4"));
  child->take_input().close();
  StopTimes patient{test::patience, test::patience};
  EXPECT_EQ(stop(*child, patient).code, 4);
}

TEST_F(Children, OneThatIgnoresTheEndOfItsInputGetsTerm) {
  const auto child =
      start(shell("trap 'exit 9' TERM; echo up; while :; do sleep 1000 & wait; done"));
  asio::posix::stream_descriptor output = child->take_output();
  EXPECT_EQ(line_of(output), "up");
  child->take_input().close();
  EXPECT_EQ(stop(*child, {std::chrono::milliseconds(1), test::patience}).code, 9);
}

TEST_F(Children, OneThatIgnoresTermIsKilled) {
  const auto child = start(shell("trap '' TERM; echo up; while :; do sleep 1000 & wait; done"));
  asio::posix::stream_descriptor output = child->take_output();
  EXPECT_EQ(line_of(output), "up");
  child->take_input().close();
  const ExitStatus status =
      stop(*child, {std::chrono::milliseconds(1), std::chrono::milliseconds(1)});
  EXPECT_EQ(status.signal, SIGKILL);
}

TEST_F(Children, StoppingOneThatHasExitedDoesNothing) {
  const auto child = start(shell("exit 6"));
  await_exit(*child);
  EXPECT_EQ(stop(*child, {}).code, 6);
  child->signal_group(SIGKILL);
}

// --- stderr ---

TEST_F(Children, TheTailOfStderrIsItsEnd) {
  ChildOptions options;
  options.stderr_tail = 10;
  std::string all;
  options.on_stderr = [&all](std::string_view text) { all += text; };
  const auto child =
      start(shell("printf 0123456789abcdef >&2; printf XYZ >&2"), std::move(options));
  await_exit(*child);
  test::run(context, [&]() -> asio::awaitable<void> {
    const bool drained = co_await child->async_wait_stderr(Deadline::after(test::patience));
    EXPECT_TRUE(drained);
  }());
  EXPECT_EQ(child->stderr_tail(), "9abcdefXYZ");
  EXPECT_EQ(all, "0123456789abcdefXYZ");
}

TEST_F(Children, AFloodOfStderrBlocksNobody) {
  ChildOptions options;
  std::size_t largest = 0;
  std::size_t total = 0;
  Child* running = nullptr;
  options.on_stderr = [&](std::string_view text) {
    total += text.size();
    largest = std::max(largest, running->stderr_tail().size());
  };
  const auto child = start(
      shell("head -c 20000000 /dev/zero | tr '\\0' x >&2; echo last >&2; echo done"), options);
  running = child.get();
  asio::posix::stream_descriptor output = child->take_output();
  EXPECT_EQ(line_of(output), "done");
  await_exit(*child);
  EXPECT_TRUE(run_until(context, [&] { return child->stderr_tail().ends_with("xlast\n"); }));
  EXPECT_EQ(total, 20000005U);
  EXPECT_LE(largest, 8U << 10);
}

TEST_F(Children, SharedStderrIsNotRead) {
  SpawnSpec spec = shell("exit 0");
  spec.share_stderr = true;
  const auto child = start(spec);
  await_exit(*child);
  EXPECT_EQ(child->stderr_tail(), "");
}

TEST_F(Children, TheStderrCallbackMayDestroyTheChild) {
  std::unique_ptr<Child> child;
  bool called = false;
  ChildOptions options;
  options.on_stderr = [&](std::string_view) {
    called = true;
    child.reset();
  };
  child = start(shell("echo x >&2; read line"), std::move(options));
  EXPECT_TRUE(run_until(context, [&called] { return called; }));
  context.restart();
  context.run();
}

// --- many, and none ---

TEST_F(Children, TwoHundredAtOnce) {
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 200; ++i)
    children.push_back(start(shell("read line; echo $line >&2; exit " + std::to_string(i))));
  for (const auto& child : children) {
    asio::posix::stream_descriptor input = child->take_input();
    ASSERT_EQ(::write(input.native_handle(), "hi\n", 3), 3);
  }
  for (int i = 0; i < 200; ++i) {
    Child& child = *children[static_cast<std::size_t>(i)];
    await_exit(child);
    EXPECT_EQ(child.exit_status()->code, i);
    EXPECT_TRUE(run_until(context, [&child] { return child.stderr_tail() == "hi\n"; }));
  }
}

TEST(ChildrenAndContexts, TheContextCanGoWhileTheyRun) {
  Tether tether;
  {
    asio::io_context context;
    Diagnostics diagnostics;
    SpawnSpec spec = shell("echo up; while :; do sleep 1000; done");
    tether.give(spec);
    const auto child = Child::start(context.get_executor(), spec, {}, nullptr, diagnostics);
    ASSERT_TRUE(child);
    context.poll();
  }
  tether.pipe.write.reset();
  char byte = 0;
  EXPECT_EQ(::read(tether.pipe.read.get(), &byte, 1), 0) << "its group was not killed";
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

TEST(Descriptors, ArePairedAndCloseOnExec) {
  const Pipe pipe = make_pipe();
  const auto [one, other] = make_socket_pair();
  for (const int fd : {pipe.read.get(), pipe.write.get(), one.get(), other.get()})
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::write(one.get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(other.get(), &byte, 1), 1);
}

TEST(Descriptors, CloseThemselvesOnce) {
  Pipe pipe = make_pipe();
  const int number = pipe.read.get();
  Fd moved = std::move(pipe.read);
  EXPECT_FALSE(pipe.read);  // NOLINT: that a moved-from one is empty is the point
  Fd& same = moved;
  moved = std::move(same);
  EXPECT_EQ(moved.get(), number);
  moved.reset();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
  moved.reset();
}

}  // namespace
}  // namespace headrace::engine
