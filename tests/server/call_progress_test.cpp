// What of a call's progress goes on to the code, and when.
#include <headrace/server/call_progress.hpp>

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using headrace::engine::Clock;
using headrace::server::call_progress_params;
using headrace::server::CallProgress;
using headrace::server::ProgressThrottle;
using namespace std::chrono_literals;

const Clock::time_point start{};

TEST(ProgressThrottle, TellsTheFirstAtOnceAndTheLatestWhenItIsTime) {
  ProgressThrottle throttle(50ms);
  EXPECT_TRUE(throttle.offer("1", start));
  EXPECT_EQ(throttle.take(start), "1");
  EXPECT_FALSE(throttle.offer("2", start + 10ms));
  EXPECT_FALSE(throttle.offer("3", start + 49ms));
  EXPECT_TRUE(throttle.waits());
  EXPECT_EQ(throttle.due(), start + 50ms);
  EXPECT_EQ(throttle.take(start + 50ms), "3");
  EXPECT_FALSE(throttle.waits());
  EXPECT_EQ(throttle.take(start + 60ms), std::nullopt);
  EXPECT_TRUE(throttle.offer("4", start + 200ms));
}

TEST(ProgressThrottle, WhatCouldNotBeToldWaits) {
  ProgressThrottle throttle(50ms);
  EXPECT_TRUE(throttle.offer("1", start));
  throttle.put_back(*throttle.take(start));
  EXPECT_TRUE(throttle.waits());
  EXPECT_EQ(throttle.due(), start + 50ms);
  EXPECT_FALSE(throttle.offer("2", start + 10ms));
  EXPECT_EQ(throttle.take(start + 50ms), "2");
}

TEST(CallProgress, Params) {
  EXPECT_EQ(call_progress_params("7", 1, {}, ""), R"({"call":7,"progress":1})");
  EXPECT_EQ(call_progress_params(R"("a")", 0.5, 2.0, "\"x\"\n"),
            R"({"call":"a","progress":0.5,"total":2,"message":"\"x\"\n"})");
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(call_progress_params("7", infinite, {}, ""), "");
  EXPECT_EQ(call_progress_params("7", 1, infinite, ""), R"({"call":7,"progress":1})");
  const std::string longest(4095, 'x');
  EXPECT_EQ(call_progress_params("7", 1, {}, longest + "é and more"),
            R"({"call":7,"progress":1,"message":")" + longest + "\"}");
}

// What was sent, and whether it was owed. Refuses as often as it is told to.
struct Sink {
  asio::io_context context;
  std::vector<std::pair<std::string, bool>> sent;
  int refusals = 0;
  std::shared_ptr<CallProgress> progress =
      std::make_shared<CallProgress>(context.get_executor(), [this](const std::string& s, bool o) {
        if (!o && refusals > 0) {
          --refusals;
          return false;
        }
        sent.emplace_back(s, o);
        return true;
      });
};

using Sent = std::vector<std::pair<std::string, bool>>;

TEST(CallProgress, TheLastComesBeforeTheEndAndNothingAfterIt) {
  Sink sink;
  sink.progress->tell("1");
  sink.progress->tell("2");
  sink.progress->tell("3");
  sink.progress->finish();
  sink.progress->tell("4");
  sink.progress->finish();
  sink.context.run();
  EXPECT_EQ(sink.sent, (Sent{{"1", false}, {"3", true}}));
}

TEST(CallProgress, WhatWaitsIsSentWithoutAnythingElseHappening) {
  Sink sink;
  sink.progress->tell("1");
  sink.progress->tell("2");
  sink.context.run();
  EXPECT_EQ(sink.sent, (Sent{{"1", false}, {"2", false}}));
  sink.progress->finish();
  EXPECT_EQ(sink.sent.size(), 2U);
}

TEST(CallProgress, WhatIsRefusedIsTriedAgain) {
  Sink sink;
  sink.refusals = 3;
  sink.progress->tell("1");
  EXPECT_TRUE(sink.sent.empty());
  sink.context.run();
  EXPECT_EQ(sink.sent, (Sent{{"1", false}}));
  sink.refusals = 1;
  sink.progress->tell("2");
  sink.progress->finish();
  EXPECT_EQ(sink.sent.back(), std::make_pair(std::string("2"), true));
}

TEST(CallProgress, MayGoWhileSomethingWaits) {
  Sink sink;
  sink.progress->tell("1");
  sink.progress->tell("2");
  sink.progress.reset();
  sink.context.run();
  EXPECT_EQ(sink.sent, (Sent{{"1", false}}));
}

}  // namespace
