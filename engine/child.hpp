// A child process as an asynchronous object: its pipes, its stderr, its end.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/event.hpp>
#include <headrace/engine/process_guard.hpp>
#include <headrace/engine/spawn.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/posix/stream_descriptor.hpp>

namespace headrace::engine {

struct ExitStatus {
  int code = 0;    ///< Meaningful when signal is 0.
  int signal = 0;  ///< What killed it, or 0.
};
/// "exited with status 3", "was killed by signal 9 (Killed)".
std::string describe(ExitStatus status);

/// How long each step of an orderly end may take.
struct StopTimes {
  Clock::duration after_eof = std::chrono::milliseconds(500);
  Clock::duration after_term = std::chrono::milliseconds(500);
};

struct ChildOptions {
  /// How much of its stderr is kept, in bytes from the end.
  std::size_t stderr_tail = 8 << 10;
  /// Each chunk of stderr as it comes; may be empty.
  std::function<void(std::string_view)> on_stderr;
  /// Destroying it does not kill it: the guard was told how to end it, and does when we are gone.
  bool left_to_guard = false;
  /// It ends with us without a guard too, so that none is started for it alone.
  bool ends_with_us = false;
};

/// Owns a process group. Destroying it kills the group (SIGKILL); the leader is reaped by the
/// executor. Not thread-safe.
class Child {
 public:
  /// Starts it. Null on failure, with a sentence in `diagnostics`. `guard` may be null.
  static std::unique_ptr<Child> start(const Executor& executor, const SpawnSpec& spec,
                                      ChildOptions options, std::shared_ptr<ProcessGuard> guard,
                                      Diagnostics& diagnostics);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const noexcept;
  /// Our ends of its stdin and stdout; to be taken once.
  asio::posix::stream_descriptor take_input();
  asio::posix::stream_descriptor take_output();

  /// Empty while it runs.
  std::optional<ExitStatus> exit_status() const noexcept;
  /// The end of what it wrote to stderr.
  std::string stderr_tail() const;

  /// True when the leader has exited, false when the deadline passed first. Cancellation of any
  /// kind ends the waiting only.
  asio::awaitable<bool> async_wait(Deadline deadline = {});

  /// True when its stderr has been read to the end; for the last words of one that has exited.
  asio::awaitable<bool> async_wait_stderr(Deadline deadline);

  /// The orderly end, for a child whose stdin has been closed: waits, sends SIGTERM to the group,
  /// waits, sends SIGKILL. What is left of the group when the leader has exited is killed. Does not
  /// wait for the pipes: grandchildren may hold them. To be run to its end.
  asio::awaitable<void> async_stop(StopTimes times);

  /// To the whole group.
  void signal_group(int signal);

 private:
  struct State;
  explicit Child(std::shared_ptr<State> state);
  static asio::awaitable<void> watch(std::shared_ptr<State> state);
  static asio::awaitable<void> drain(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace headrace::engine
