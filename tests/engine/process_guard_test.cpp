// ProcessGuard: what is left when the program that holds it is killed, and when it just ends.
#include <headrace/engine/child.hpp>
#include <headrace/engine/process_guard.hpp>

#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support.hpp"
#include "temporary_folder.hpp"

namespace headrace::engine {
namespace {

using test::run_until;
using test::TemporaryFolder;

struct Guarded {
  explicit Guarded(const char* what) {
    SpawnSpec spec;
    spec.argv = {HEADRACE_GUARDED_PROGRAM, what, folder.path()};
    spec.environment = test::basic_environment();
    spec.environment.push_back("HOME=/nowhere");
    spec.fds = {{3, held.write.get()}, {4, let_go.write.get()}};
    Diagnostics diagnostics;
    child = Child::start(context.get_executor(), spec, {}, nullptr, diagnostics);
    EXPECT_TRUE(child) << diagnostics.message;
    held.write.reset();
    let_go.write.reset();
  }

  std::string first_line() {
    const Fd output(child->take_output().release());
    std::string line;
    char c = 0;
    while (::read(output.get(), &c, 1) == 1 && c != '\n')
      line += c;
    return line;
  }

  bool exists(const char* name) const { return std::filesystem::exists(folder / name); }

  TemporaryFolder folder;
  asio::io_context context;
  Pipe held = make_pipe();
  Pipe let_go = make_pipe();
  std::unique_ptr<Child> child;
};

TEST(ProcessGuard, DoesItsWorkWhenItsProgramIsKilled) {
  Guarded guarded("wait");
  const std::string line = guarded.first_line();
  ASSERT_TRUE(line.starts_with("ready ")) << line;
  const pid_t let_go = std::stoi(line.substr(6));
  // The program alone: its children are in groups of their own.
  ::kill(guarded.child->pid(), SIGKILL);

  char byte = 0;
  EXPECT_EQ(::read(guarded.held.read.get(), &byte, 1), 0);
  EXPECT_TRUE(run_until(guarded.context, [&guarded] {
    return guarded.exists("also kept") && guarded.exists("kept") &&
           std::filesystem::file_size(guarded.folder / "kept") > 0;
  }));
  std::ifstream file(guarded.folder / "kept");
  std::string text;
  std::getline(file, text);
  EXPECT_EQ(text, "it's $HOME \"quoted\" * \\");
  EXPECT_FALSE(guarded.exists("removed"));
  EXPECT_EQ(::kill(-let_go, 0), 0) << "a group that had been removed was killed";
  ::kill(-let_go, SIGKILL);
  EXPECT_EQ(::read(guarded.let_go.read.get(), &byte, 1), 0);
}

TEST(ProcessGuard, DoesNothingWhenAllHasBeenRemoved) {
  Guarded guarded("return");
  ASSERT_TRUE(
      run_until(guarded.context, [&guarded] { return guarded.child->exit_status().has_value(); }));
  EXPECT_EQ(guarded.child->exit_status()->code, 0);
  char byte = 0;
  EXPECT_EQ(::read(guarded.held.read.get(), &byte, 1), 0);
  // The shell holds the program's stderr until it ends.
  test::run(guarded.context, [&guarded]() -> asio::awaitable<void> {
    const bool drained = co_await guarded.child->async_wait_stderr(Deadline::after(test::patience));
    EXPECT_TRUE(drained) << "the guard did not end";
  }());
  EXPECT_EQ(guarded.child->stderr_tail(), "");
  EXPECT_FALSE(guarded.exists("kept"));
  EXPECT_FALSE(guarded.exists("also kept"));
}

TEST(ProcessGuard, FindsAChildThatItWasNeverToldTheGroupOf) {
  std::optional<Spawned> child;
  {
    ProcessGuard guard;
    guard.prepare();
    SpawnSpec spec;
    spec.argv = {"/bin/sleep", "60"};
    spec.environment = {"PATH=/usr/bin:/bin"};
    Diagnostics diagnostics;
    const auto before = [&guard](std::uint64_t inode) { guard.expect_group(inode); };
    child = spawn(spec, diagnostics, before);
    ASSERT_TRUE(child) << diagnostics.message;
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child->pid, &status, 0), child->pid);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

std::optional<Spawned> sleeper() {
  SpawnSpec spec;
  spec.argv = {"/bin/sleep", "60"};
  spec.environment = {"PATH=/usr/bin:/bin"};
  Diagnostics diagnostics;
  return spawn(spec, diagnostics);
}

TEST(ProcessGuard, KillsWhatWasAddedForLaterOnceThereIsAShell) {
  std::optional<Spawned> child = sleeper();
  std::optional<Spawned> removed = sleeper();
  ASSERT_TRUE(child && removed);
  {
    ProcessGuard guard;
    guard.add_group_later(child->pid);
    guard.add_group_later(removed->pid);
    guard.remove_group(removed->pid);
    EXPECT_FALSE(guard.runs());
    guard.prepare();
    EXPECT_TRUE(guard.runs());
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child->pid, &status, 0), child->pid);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_EQ(::waitpid(removed->pid, &status, WNOHANG), 0);
  ::kill(removed->pid, SIGKILL);
  ::waitpid(removed->pid, &status, 0);
}

TEST(ProcessGuard, OneThatWasNeverUsedStartsNothing) {
  ProcessGuard guard;
  guard.remove_group(12345);
  guard.remove_command("nothing");
}

TEST(ProcessGuard, TakesMoreEntriesThanAPipeHolds) {
  const TemporaryFolder folder;
  {
    ProcessGuard guard;
    for (int i = 0; i < 5000; ++i) {
      const std::string key = "key" + std::to_string(i);
      guard.add_command(key, {"/usr/bin/touch", folder / "wrong"});
      guard.remove_command(key);
    }
    guard.add_command("last", {"/usr/bin/touch", folder / "right"});
  }
  asio::io_context context;
  EXPECT_TRUE(run_until(context, [&folder] { return std::filesystem::exists(folder / "right"); }));
  EXPECT_FALSE(std::filesystem::exists(folder / "wrong"));
}

}  // namespace
}  // namespace headrace::engine
