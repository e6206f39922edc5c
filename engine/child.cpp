// Waiting for a child through its pidfd, and draining its stderr.
#include <headrace/engine/child.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__) && !defined(HEADRACE_NO_PIDFD)
#include <sys/syscall.h>
#endif

namespace headrace::engine {
namespace {

// -1 where there are no pidfds: before Linux 5.3, elsewhere, or under a filter that forbids them.
int open_pidfd(pid_t pid) noexcept {
#if defined(__linux__) && defined(SYS_pidfd_open) && !defined(HEADRACE_NO_PIDFD)
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
#else
  static_cast<void>(pid);
  return -1;
#endif
}

// Without a pidfd the leader is looked at this often; SIGCHLD belongs to the program we are in.
constexpr auto poll_interval = std::chrono::milliseconds(10);

}  // namespace

std::string describe(ExitStatus status) {
  if (status.signal != 0) {
    return "was killed by signal " + std::to_string(status.signal) + " (" +
           ::strsignal(status.signal) + ")";
  }
  return "exited with status " + std::to_string(status.code);
}

struct Child::State {
  State(const Executor& ex, ChildOptions opts, std::shared_ptr<ProcessGuard> g)
      : executor(ex),
        options(std::move(opts)),
        guard(std::move(g)),
        exited(ex),
        drained(ex),
        pidfd(ex),
        errors(ex) {}

  // The leader is a zombie until then, so that its number, which is the group's, stays ours.
  void reap() {
    int raw = 0;
    while (::waitpid(pid, &raw, 0) < 0 && errno == EINTR) {
    }
    ExitStatus end;
    if (WIFSIGNALED(raw)) {
      end.signal = WTERMSIG(raw);
    } else {
      end.code = WEXITSTATUS(raw);
    }
    status = end;
    if (guard != nullptr) guard->remove_group(pid);
    exited.set();
  }

  bool has_exited() const {
    siginfo_t info{};
    const int result = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
    return (result == 0 && info.si_pid == pid) || (result != 0 && errno == ECHILD);
  }

  void keep(std::string_view text) {
    // A copy: the callback may end the child, and so itself.
    if (const auto callback = options.on_stderr) callback(text);
    tail.append(text);
    if (tail.size() > 2 * options.stderr_tail) tail.erase(0, tail.size() - options.stderr_tail);
  }

  Executor executor;
  ChildOptions options;
  std::shared_ptr<ProcessGuard> guard;
  pid_t pid = -1;
  Fd input;
  Fd output;
  Event exited;
  Event drained;
  std::optional<ExitStatus> status;
  asio::posix::stream_descriptor pidfd;
  asio::posix::stream_descriptor errors;
  std::string tail;
};

std::unique_ptr<Child> Child::start(const Executor& executor, const SpawnSpec& spec,
                                    ChildOptions options, std::shared_ptr<ProcessGuard> guard,
                                    Diagnostics& diagnostics) {
  std::function<void(std::uint64_t)> before;
  const bool guard_may_wait = guard != nullptr && options.ends_with_us && !guard->runs();
  if (guard != nullptr && !guard_may_wait) {
    guard->prepare();
    before = [&guard](std::uint64_t inode) { guard->expect_group(inode); };
  }
  std::optional<Spawned> spawned = spawn(spec, diagnostics, before);
  if (!spawned) return nullptr;
  auto state = std::make_shared<State>(executor, std::move(options), guard);
  state->pid = spawned->pid;
  if (guard_may_wait) {
    guard->add_group_later(state->pid);
  } else if (guard != nullptr) {
    guard->add_group(state->pid);
  }
  state->input = std::move(spawned->input);
  state->output = std::move(spawned->output);
  if (spawned->errors) state->errors.assign(spawned->errors.release());
  if (const int fd = open_pidfd(state->pid); fd >= 0) state->pidfd.assign(fd);
  asio::awaitable<void> watching = watch(state);
  asio::co_spawn(executor, std::move(watching), asio::detached);
  if (state->errors.is_open()) {
    asio::awaitable<void> draining = drain(state);
    asio::co_spawn(executor, std::move(draining), asio::detached);
  }
  return std::unique_ptr<Child>(new Child(std::move(state)));
}

Child::Child(std::shared_ptr<State> state) : state_(std::move(state)) {}

Child::~Child() {
  if (!state_->status && !state_->options.left_to_guard) signal_group(SIGKILL);
  // Grandchildren that left the group may hold the other end for as long as they like.
  std::error_code ignored;
  state_->errors.close(ignored);
  state_->options.on_stderr = nullptr;
}

pid_t Child::pid() const noexcept {
  return state_->pid;
}

asio::posix::stream_descriptor Child::take_input() {
  return {state_->executor, state_->input.release()};
}

asio::posix::stream_descriptor Child::take_output() {
  return {state_->executor, state_->output.release()};
}

std::optional<ExitStatus> Child::exit_status() const noexcept {
  return state_->status;
}

std::string Child::stderr_tail() const {
  const std::string& tail = state_->tail;
  return tail.substr(tail.size() - std::min(tail.size(), state_->options.stderr_tail));
}

asio::awaitable<bool> Child::async_wait(Deadline deadline) {
  return state_->exited.async_wait(deadline);
}

asio::awaitable<bool> Child::async_wait_stderr(Deadline deadline) {
  return state_->drained.async_wait(deadline);
}

asio::awaitable<void> Child::async_stop(StopTimes times) {
  const std::shared_ptr<State> state = state_;
  bool gone = co_await state->exited.async_wait(Deadline::after(times.after_eof));
  if (!gone) {
    ::kill(-state->pid, SIGTERM);
    gone = co_await state->exited.async_wait(Deadline::after(times.after_term));
  }
  if (!gone) {
    ::kill(-state->pid, SIGKILL);
    co_await state->exited.async_wait();
  }
}

void Child::signal_group(int signal) {
  if (!state_->status) ::kill(-state_->pid, signal);
}

asio::awaitable<void> Child::watch(std::shared_ptr<State> state) {
  asio::steady_timer timer(state->executor);
  while (!state->has_exited()) {
    if (state->pidfd.is_open()) {
      co_await state->pidfd.async_wait(asio::posix::stream_descriptor::wait_read, use_tuple);
    } else {
      timer.expires_after(poll_interval);
      co_await timer.async_wait(use_tuple);
    }
  }
  // Its children end with it, while its number can't have become anybody else's.
  ::kill(-state->pid, SIGKILL);
  std::error_code ignored;
  state->pidfd.close(ignored);
  state->reap();
}

asio::awaitable<void> Child::drain(std::shared_ptr<State> state) {
  std::array<char, 4096> chunk;
  const asio::mutable_buffer buffer = asio::buffer(chunk);
  for (;;) {
    auto [error, size] = co_await state->errors.async_read_some(buffer, use_tuple);
    if (error) break;
    state->keep(std::string_view(chunk.data(), size));
  }
  state->drained.set();
}

}  // namespace headrace::engine
