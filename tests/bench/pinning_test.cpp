// Where the processes of a target may run in its turn, and after it.
#include <headrace/bench/pinning.hpp>
#include <headrace/bench/processes.hpp>
#include <headrace/bench/target.hpp>

#include <sched.h>
#include <vector>

#include <gtest/gtest.h>

namespace headrace::bench {
namespace {

cpu_set_t cores_of(pid_t process) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  EXPECT_EQ(::sched_getaffinity(process, sizeof cores, &cores), 0);
  return cores;
}

int first_core() {
  const cpu_set_t ours = cores_of(0);
  int core = 0;
  while (!CPU_ISSET(static_cast<unsigned>(core), &ours))
    ++core;
  return core;
}

// A shell and children of its own, who end with their input.
class Turns : public testing::Test {
 protected:
  Turns() : target_({"sh", "-c", "{ echo up; cat; } | cat"}) {
    target_.line();
    all_ = {target_.pid()};
    for (const ProcessId& below : descendants(target_.pid()))
      all_.push_back(below.pid);
  }

  Target target_;
  std::vector<pid_t> all_;
};

TEST_F(Turns, AreOnTheCoreAndTheWaitIsElsewhere) {
  ASSERT_GE(all_.size(), 3U);
  const int core = first_core();
  {
    const Turn turn(target_.pid(), core);
    for (const pid_t process : all_) {
      const cpu_set_t cores = cores_of(process);
      EXPECT_EQ(CPU_COUNT(&cores), 1);
      EXPECT_TRUE(CPU_ISSET(static_cast<unsigned>(core), &cores));
    }
  }
  const cpu_set_t ours = cores_of(0);
  if (CPU_COUNT(&ours) == 1) GTEST_SKIP() << "there is no other core";
  for (const pid_t process : all_) {
    const cpu_set_t cores = cores_of(process);
    EXPECT_FALSE(CPU_ISSET(static_cast<unsigned>(core), &cores));
  }
}

TEST_F(Turns, LeaveAllWhereItIsWhenNothingIsPinned) {
  const cpu_set_t before = cores_of(target_.pid());
  { const Turn turn(target_.pid(), -1); }
  for (const pid_t process : all_) {
    const cpu_set_t after = cores_of(process);
    EXPECT_TRUE(CPU_EQUAL(&after, &before));
  }
}

}  // namespace
}  // namespace headrace::bench
