// Whose turn it is on the core that all share.
#include <headrace/bench/processes.hpp>
#include <headrace/bench/turn.hpp>

#include <charconv>
#include <filesystem>
#include <sched.h>
#include <string>
#include <system_error>

namespace headrace::bench {

namespace {

cpu_set_t only(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<unsigned>(core), &cores);
  return cores;
}

// The kernel leaves out those that there are not, or that are not for us.
cpu_set_t all_but(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (unsigned other = 0; other < CPU_SETSIZE; ++other)
    CPU_SET(other, &cores);
  CPU_CLR(static_cast<unsigned>(core), &cores);
  return cores;
}

// A thread that has ended meanwhile is nobody's loss, and who can't be moved stays.
void move_threads(pid_t process, const cpu_set_t& cores) {
  std::error_code error;
  const std::filesystem::path threads = "/proc/" + std::to_string(process) + "/task";
  for (std::filesystem::directory_iterator at(threads, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    pid_t thread = 0;
    std::from_chars(name.data(), name.data() + name.size(), thread);
    if (thread > 0) ::sched_setaffinity(thread, sizeof cores, &cores);
  }
}

void move(pid_t process, const cpu_set_t& cores) {
  move_threads(process, cores);
  for (const ProcessId& below : descendants(process))
    move_threads(below.pid, cores);
}

}  // namespace

Turn::Turn(pid_t process, int core) : process_(process), core_(core) {
  if (core_ >= 0) move(process_, only(core_));
}

Turn::~Turn() {
  if (core_ >= 0) move(process_, all_but(core_));
}

}  // namespace headrace::bench
