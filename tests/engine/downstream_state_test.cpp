// DownstreamState: restarts and backoff, on a clock that is moved by hand.
#include <headrace/engine/mcp/downstream_state.hpp>

#include <gtest/gtest.h>

namespace headrace::engine::mcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Advice = DownstreamState::Advice;

struct States : testing::Test {
  Clock::time_point now = Clock::time_point(std::chrono::hours(1));
  DownstreamState state;

  void start() {
    ASSERT_EQ(state.on_demand(now), Advice::start);
    ASSERT_LE(state.not_before(), now);
    state.on_ready(now);
  }
};

TEST_F(States, StartsOnTheFirstDemandOnly) {
  EXPECT_EQ(state.phase(), Phase::idle);
  EXPECT_EQ(state.starts(), 0);
  EXPECT_EQ(state.on_demand(now), Advice::start);
  EXPECT_LE(state.not_before(), now);
  EXPECT_EQ(state.phase(), Phase::starting);
  EXPECT_EQ(state.on_demand(now), Advice::wait);
  state.on_ready(now);
  EXPECT_EQ(state.on_demand(now), Advice::use);
  EXPECT_EQ(state.starts(), 1);
}

TEST_F(States, AFailedStartIsNotTriedAgainAtOnce) {
  Clock::duration last{};
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(state.on_demand(now), Advice::start) << i;
    state.on_start_failed(now, "because");
    EXPECT_EQ(state.phase(), Phase::idle);
    EXPECT_EQ(state.last_failure(), "because");
    const Clock::duration delay = state.not_before() - now;
    EXPECT_GE(delay, last);
    EXPECT_LE(delay, seconds(30));
    last = delay;
    EXPECT_EQ(state.on_demand(now), Advice::fail);
    EXPECT_EQ(state.on_demand(state.not_before() - milliseconds(1)), Advice::fail);
    now = state.not_before();
  }
  EXPECT_EQ(last, seconds(30));
  EXPECT_EQ(state.starts(), 20);
}

TEST_F(States, TheFirstDelayIsShortAndDoubles) {
  for (const int ms : {500, 1000, 2000, 4000}) {
    state.on_demand(now);
    state.on_start_failed(now, "");
    EXPECT_EQ(state.not_before() - now, milliseconds(ms));
    now = state.not_before();
  }
}

TEST_F(States, AStartThatWorksForgetsThoseThatFailed) {
  for (int i = 0; i < 5; ++i) {
    state.on_demand(now);
    state.on_start_failed(now, "");
    now = state.not_before();
  }
  start();
  now += seconds(100);
  state.on_ended(now, "");
  EXPECT_EQ(state.on_demand(now), Advice::start);
  state.on_start_failed(now, "");
  EXPECT_EQ(state.not_before() - now, milliseconds(500));
}

TEST_F(States, OneThatDiesOldIsStartedAgainAtOnceForEver) {
  for (int i = 0; i < 100; ++i) {
    start();
    now += seconds(5);
    state.on_ended(now, "exited");
  }
  EXPECT_EQ(state.last_failure(), "exited");
}

TEST_F(States, OneThatKeepsDyingYoungHasToWait) {
  for (int i = 0; i < 3; ++i) {
    start();
    now += milliseconds(10);
    state.on_ended(now, "exited");
    EXPECT_LE(state.not_before(), now);
  }
  for (const int ms : {500, 1000, 2000}) {
    // Those who ask wait with it; they are not refused.
    ASSERT_EQ(state.on_demand(now), Advice::start);
    state.on_ready(now);
    now += milliseconds(10);
    state.on_ended(now, "exited");
    EXPECT_EQ(state.not_before() - now, milliseconds(ms));
    now = state.not_before();
  }
  start();
  now += seconds(60);
  state.on_ended(now, "exited");
  EXPECT_LE(state.not_before(), now) << "it has lived long since";
}

TEST_F(States, WhenItStopsAndWhenItIsClosedNothingIsBegun) {
  start();
  state.on_stopping();
  EXPECT_EQ(state.on_demand(now), Advice::fail);
  state.on_closed();
  EXPECT_EQ(state.on_demand(now + std::chrono::hours(1)), Advice::fail);
  EXPECT_EQ(state.starts(), 1);
}

TEST_F(States, EveryPhaseHasAName) {
  EXPECT_STREQ(to_string(Phase::idle), "idle");
  EXPECT_STREQ(to_string(Phase::starting), "starting");
  EXPECT_STREQ(to_string(Phase::ready), "ready");
  EXPECT_STREQ(to_string(Phase::stopping), "stopping");
  EXPECT_STREQ(to_string(Phase::closed), "closed");
}

}  // namespace
}  // namespace headrace::engine::mcp
