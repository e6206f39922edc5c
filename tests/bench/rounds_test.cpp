// Who is measured when, and what becomes of those who fail.
#include <headrace/bench/rounds.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::bench {
namespace {

using testing::ElementsAre;

Round of(std::uint64_t value) {
  Round round;
  round.values.record(value);
  return round;
}

TEST(TakeTurns, OneRoundOfEachAndThenAgain) {
  std::vector<std::string> order;
  const auto subject = [&](const std::string& name) {
    return Subject{name, Party::rival, [&order, name] {
                     order.push_back(name);
                     return of(order.size());
                   }};
  };
  const auto series = take_turns({subject("a"), subject("b"), subject("c")}, 2);
  EXPECT_THAT(order, ElementsAre("a", "b", "c", "a", "b", "c", "a", "b", "c"));
  ASSERT_EQ(series.size(), 3U);
  // The first of each is thrown away.
  EXPECT_EQ(series[0].rounds.at(0).values.min(), 4U);
  EXPECT_EQ(series[2].rounds.at(1).values.min(), 9U);
  EXPECT_EQ(series[1].subject, "b");
  EXPECT_EQ(series[1].party, Party::rival);
}

TEST(TakeTurns, WhoFailsIsLeftOutWithItsReasonAndTheOthersGoOn) {
  int calls = 0;
  const Subject well{"well", Party::headrace, [] { return of(1); }, {}, "a note"};
  const Subject at_once{"at once", Party::rival, []() -> Round { throw std::runtime_error("no"); }};
  const Subject later{"later", Party::rival, [&calls] {
                        if (++calls == 3) throw std::runtime_error("died");
                        return of(2);
                      }};
  const Subject skipped{"skipped", Party::rival, [] { return of(3); }, "not installed"};
  const auto series = take_turns({at_once, well, later, skipped}, 5);
  EXPECT_EQ(series[0].skipped, "no");
  EXPECT_EQ(series[1].rounds.size(), 5U);
  EXPECT_EQ(series[1].note, "a note");
  EXPECT_EQ(series[2].skipped, "died");
  EXPECT_TRUE(series[2].rounds.empty());
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(series[3].skipped, "not installed");
  EXPECT_TRUE(series[3].rounds.empty());
}

}  // namespace
}  // namespace headrace::bench
