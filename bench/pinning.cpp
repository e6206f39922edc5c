// Who runs on the core that all share, and when.
#include <headrace/bench/pinning.hpp>
#include <headrace/bench/processes.hpp>

#include <sched.h>
#include <stdexcept>
#include <string>
#include <thread>

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
  for (const pid_t thread : threads_of(process))
    ::sched_setaffinity(thread, sizeof cores, &cores);
}

void move(pid_t process, const cpu_set_t& cores) {
  move_threads(process, cores);
  for (const ProcessId& below : descendants(process))
    move_threads(below.pid, cores);
}

}  // namespace

void pin_to(int core) {
  if (core < 0) return;
  const cpu_set_t cores = only(core);
  if (::sched_setaffinity(0, sizeof cores, &cores) != 0) {
    throw std::runtime_error("core " + std::to_string(core) + " can't be had: name one of 0 to " +
                             std::to_string(std::thread::hardware_concurrency() - 1) +
                             ", or -1 for none");
  }
}

Turn::Turn(pid_t process, int core) : process_(process), core_(core) {
  if (core_ >= 0) move(process_, only(core_));
}

Turn::~Turn() {
  if (core_ >= 0) move(process_, all_but(core_));
}

}  // namespace headrace::bench
