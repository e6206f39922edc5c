// Whatever ends a measurement, nothing of it is left running, and no file of it in /tmp.
#include <headrace/bench/processes.hpp>
#include <headrace/bench/supervised.hpp>
#include <headrace/bench/target.hpp>
#include <headrace/bench/temporary_folder.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace headrace::bench {

namespace {

using std::chrono::milliseconds;

constexpr auto grace = std::chrono::seconds(3);

void signal_all(int signal) {
  for (const ProcessId& process : descendants(::getpid()))
    ::kill(process.pid, signal);
}

// False when some are still there after the grace.
bool all_ended() {
  const auto until = Clock::now() + grace;
  bool over = false;
  while (!over && Clock::now() < until) {
    const auto left = descendants(::getpid());
    over = std::none_of(left.begin(), left.end(), is_running);
    if (!over) std::this_thread::sleep_for(milliseconds(10));
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
  return over;
}

void end_all() {
  signal_all(SIGTERM);
  if (all_ended()) return;
  signal_all(SIGKILL);
  all_ended();
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// What the child returns, or the signal that we were sent meanwhile.
int wait_for(pid_t child, const sigset_t& awaited) {
  for (;;) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) return exit_code(status);
    const int signal = ::sigwaitinfo(&awaited, nullptr);
    if (signal > 0 && signal != SIGCHLD) return 128 + signal;
  }
}

}  // namespace

int supervised(const std::function<int()>& work) {
  const TemporaryFolder folder;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t awaited;
  sigset_t before;
  ::sigemptyset(&awaited);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD})
    ::sigaddset(&awaited, signal);
  ::sigprocmask(SIG_BLOCK, &awaited, &before);
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "no process can be made");
  if (child == 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    // Who kills us so that we can't do that: what is started by it ends with its input, then.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setenv("TMPDIR", folder.path().c_str(), 1);
    return work();
  }
  const int status = wait_for(child, awaited);
  end_all();
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return status;
}

}  // namespace headrace::bench
