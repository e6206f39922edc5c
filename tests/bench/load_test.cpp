// The measuring client at servers that answer in any order, late, wrongly or not at all.
#include <headrace/bench/load.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::bench {
namespace {

using testing::HasSubstr;

std::vector<std::string> odd(const std::string& how, int number = 0) {
  return {HEADRACE_ODD_SERVER, how, std::to_string(number)};
}

Payload impatient() {
  Payload payload;
  payload.patience = std::chrono::milliseconds(300);
  return payload;
}

std::string failure_of(const std::vector<std::string>& command, std::size_t in_flight,
                       const Payload& payload = {}) {
  Target target(command);
  target.initialize();
  try {
    closed_loop(target, payload, 100, in_flight);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing failed";
}

constexpr std::uint64_t millisecond = 1'000'000;

TEST(ClosedLoop, CountsEveryCallOnce) {
  Target target({HEADRACE_ECHO_SERVER});
  target.initialize();
  for (const std::size_t in_flight : {1UL, 2UL, 64UL, 1'000UL, 5'000UL}) {
    const Round round = closed_loop(target, {}, 3'000, in_flight);
    EXPECT_EQ(round.values.count(), 3'000U);
    EXPECT_GT(round.values.min(), 0U);
    EXPECT_GT(round.per_second, 0);
    EXPECT_GT(round.client_ns, 0);
  }
}

// More than pipes hold, in both directions: nobody may wait for the other for ever.
TEST(ClosedLoop, CarriesLargeRequestsAndAnswers) {
  Target target({HEADRACE_ECHO_SERVER});
  target.initialize();
  for (const std::size_t size :
       {std::size_t{1'000}, std::size_t{100'000}, std::size_t{5'000'000}}) {
    Payload payload;
    payload.request_size = payload.answer_size = size;
    EXPECT_EQ(closed_loop(target, payload, 20, 1).values.count(), 20U);
    EXPECT_EQ(closed_loop(target, payload, 20, 8).values.count(), 20U);
  }
}

TEST(ClosedLoop, LeavesTheTargetAsItWas) {
  Target target({HEADRACE_ECHO_SERVER});
  target.initialize();
  closed_loop(target, {}, 10, 1);
  EXPECT_THAT(target.request("tools/list", "{}"), HasSubstr("\"echo\""));
  open_loop(target, {}, 10, 1e6);
  EXPECT_THAT(target.request("tools/list", "{}"), HasSubstr("\"echo\""));
}

TEST(ClosedLoop, JoinsAnswersToTheirCallsInAnyOrder) {
  Target target(odd("reverse", 10));
  target.initialize();
  EXPECT_EQ(closed_loop(target, {}, 1'000, 10).values.count(), 1'000U);
  Target turned(odd("turned"));
  turned.initialize();
  EXPECT_EQ(closed_loop(turned, {}, 100, 1).values.count(), 100U);
}

TEST(ClosedLoop, SkipsWhatIsNoAnswer) {
  Target target(odd("chatter"));
  target.initialize();
  EXPECT_EQ(closed_loop(target, {}, 100, 1).values.count(), 100U);
  EXPECT_EQ(closed_loop(target, {}, 100, 7).values.count(), 100U);
}

TEST(ClosedLoop, FailsWhereACallFails) {
  for (const std::size_t in_flight : {1UL, 16UL}) {
    EXPECT_THAT(failure_of(odd("refuse"), in_flight), HasSubstr("no such tool"));
    EXPECT_THAT(failure_of(odd("fail"), in_flight), HasSubstr("a call failed"));
    EXPECT_THAT(failure_of(odd("short"), in_flight), HasSubstr("bytes instead of about 200"));
    EXPECT_THAT(failure_of(odd("twice"), in_flight), HasSubstr("that no call waits for"));
    EXPECT_THAT(failure_of(odd("ask"), in_flight), HasSubstr("roots/list"));
  }
}

TEST(ClosedLoop, SaysHowATargetEnded) {
  for (const std::size_t in_flight : {1UL, 16UL}) {
    const std::string failure = failure_of(odd("die", 20), in_flight);
    EXPECT_THAT(failure, HasSubstr("status 4"));
    EXPECT_THAT(failure, HasSubstr("that was too much for me"));
    EXPECT_THAT(failure, HasSubstr("odd_server die 20"));
  }
}

TEST(ClosedLoop, GivesASilentTargetUp) {
  EXPECT_THAT(failure_of(odd("silent"), 1, impatient()),
              HasSubstr("none of 1 calls within 300 ms"));
  // 300 calls of 200 bytes are more than it waits for in the plain way.
  EXPECT_THAT(failure_of(odd("silent"), 100, impatient()), HasSubstr("none of 100 calls"));
  Payload large = impatient();
  large.request_size = 1'000'000;
  EXPECT_THAT(failure_of(odd("silent"), 4, large), HasSubstr("none of 4 calls"));
}

// The server sleeps that long between reading the 11th call and answering it. What is due in the
// meantime waits as well, by what is left of the sleep, whoever measures how fast.
TEST(OpenLoop, AStallCountsForAllWhomItKeepsWaiting) {
  Target target(odd("stall", 200));
  target.initialize();
  const Round round = open_loop(target, {}, 200, 1'000);
  ASSERT_EQ(round.values.count(), 200U);
  EXPECT_GE(round.values.max(), 200 * millisecond);
  std::uint64_t waited = 0;
  for (const auto& [value, times] : round.values.counts())
    waited += value >= 100 * millisecond ? times : 0;
  EXPECT_GE(waited, 100U);
}

// It takes as long as it takes until the last call is due.
TEST(OpenLoop, SendsNoSoonerThanDue) {
  Target target({HEADRACE_ECHO_SERVER});
  target.initialize();
  const auto began = Clock::now();
  const Round round = open_loop(target, {}, 51, 1'000);
  EXPECT_GE(Clock::now() - began, std::chrono::milliseconds(50));
  EXPECT_EQ(round.values.count(), 51U);
  EXPECT_LE(round.per_second, 51 / 0.05);
}

TEST(OpenLoop, FailsLikeTheClosedOne) {
  const std::pair<const char*, const char*> faults[] = {
      {"refuse", "no such tool"}, {"silent", "calls within 300 ms"}, {"die", "status 4"}};
  for (const auto& [how, words] : faults) {
    Target target(odd(how, 5));
    target.initialize();
    try {
      open_loop(target, impatient(), 50, 10'000);
      ADD_FAILURE() << how << " did not fail";
    } catch (const std::exception& error) {
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
  }
}

}  // namespace
}  // namespace headrace::bench
