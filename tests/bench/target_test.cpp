// A target's life: its environment, its words, its end and what it leaves behind.
#include <headrace/bench/processes.hpp>
#include <headrace/bench/target.hpp>

#include <algorithm>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::bench {
namespace {

using testing::HasSubstr;

std::string failure_of(auto&& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing failed";
}

TEST(Target, GetsAdditionsToOurEnvironment) {
  ::setenv("HEADRACE_BENCH_A", "ours", 1);
  ::setenv("HEADRACE_BENCH_B", "ours", 1);
  ::setenv("HEADRACE_BENCH_C", "ours", 1);
  Target target({"sh", "-c", "echo $HEADRACE_BENCH_A-$HEADRACE_BENCH_B-$HEADRACE_BENCH_C-"},
                {{"HEADRACE_BENCH_B", "theirs"}, {"HEADRACE_BENCH_C", ""}});
  EXPECT_EQ(target.line(), "ours-theirs--");
}

TEST(Target, TakesLinesOneByOne) {
  Target target({"sh", "-c", "printf 'one\\n\\ntwo\\nrest'"});
  EXPECT_EQ(target.line(), "one");
  EXPECT_EQ(target.line(), "");
  EXPECT_EQ(target.line(), "two");
  EXPECT_THAT(failure_of([&] { target.line(); }), HasSubstr("closed its output"));
}

TEST(Target, SaysWhyItCannotBeStarted) {
  EXPECT_THAT(failure_of([] {
                Target({"/nowhere/at/all", "x"});
              }),
              HasSubstr("/nowhere/at/all x can't be started: No such file"));
  EXPECT_THAT(failure_of([] { Target({}); }), HasSubstr("without a word"));
}

TEST(Target, SaysHowItEndedAndItsLastWords) {
  const std::string failure = failure_of([] {
    Target target({"sh", "-c", "echo out of luck >&2; exit 7"});
    target.initialize();
  });
  EXPECT_THAT(failure, HasSubstr("status 7"));
  EXPECT_THAT(failure, HasSubstr("out of luck"));
  EXPECT_THAT(failure_of([] { Target({"sh", "-c", "kill -9 $$"}).line(); }), HasSubstr("Killed"));
}

TEST(Target, KeepsOnlyTheLastOfItsWords) {
  const std::string failure = failure_of([] { Target({"sh", "-c", "seq 100000 >&2"}).line(); });
  EXPECT_LT(failure.size(), 10'000U);
  EXPECT_THAT(failure, HasSubstr("\n100000"));
}

TEST(Target, SkipsNotificationsAndRefusesRequests) {
  Target target({"sh", "-c",
                 R"(read x; echo '{"method":"n"}'; echo '{"id":1,"method":"roots/list"}'; )"
                 R"(read answer; echo no JSON; echo '{"id":9,"result":{}}'; )"
                 R"(echo "{\"id\":1,\"result\":{\"told\":$answer}}")"});
  EXPECT_THAT(target.request("x", "{}"), HasSubstr("-32601"));
  Target refusing({"sh", "-c", R"(read x; echo '{"id":1,"error":{"message":"not today"}}')"});
  EXPECT_THAT(failure_of([&] { refusing.request("x", "{}"); }), HasSubstr("not today"));
}

TEST(Target, WaitsNoLongerForOneThatOnlyTalks) {
  // It ends with its input, as `yes` alone would not.
  Target target(std::vector<std::string>{"sh", "-c", "yes & read first; read second; kill $!"});
  EXPECT_THAT(failure_of([&] { target.request("initialize", "{}", std::chrono::seconds(1)); }),
              HasSubstr("did not answer initialize within 1 s"));
}

TEST(Target, SpeaksOfRunPython) {
  const auto answering = [](const std::string& result) {
    return std::vector<std::string>{"sh", "-c",
                                    "read x; echo '{\"id\":1,\"result\":" + result + "}'"};
  };
  Target two(answering(R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})"));
  EXPECT_EQ(two.run_python("pass"), "a\nb");
  Target failing(answering(R"({"content":[{"type":"text","text":"Oops"}],"isError":true})"));
  EXPECT_THAT(failure_of([&] { failing.run_python("pass"); }), HasSubstr("Oops"));
}

TEST(Target, EndsWhenItsInputDoes) {
  Target target({"cat"});
  const Ending ending = target.end();
  EXPECT_FALSE(ending.killed);
  EXPECT_EQ(ending.left, 0U);
  EXPECT_GT(ending.took.count(), 0);
  EXPECT_EQ(target.end().took.count(), 0);
}

TEST(Target, EndsOneThatStillWrites) {
  Target target({"sh", "-c", "seq 100000; cat"});
  EXPECT_FALSE(target.end().killed);
}

TEST(Target, EndsWhatItLeavesBehind) {
  Target target({HEADRACE_ODD_SERVER, "orphan"});
  target.initialize();
  const std::vector<ProcessId> family = descendants(target.pid());
  ASSERT_EQ(family.size(), 1U);
  EXPECT_TRUE(is_running(family[0]));
  const Ending ending = target.end();
  EXPECT_FALSE(ending.killed);
  EXPECT_EQ(ending.left, 1U);
  EXPECT_FALSE(is_running(family[0]));
}

TEST(Target, TakesMemoryWithItsDescendants) {
  Target target({HEADRACE_ODD_SERVER, "orphan"});
  target.initialize();
  const Memory alone = target.memory();
  const Memory all = target.memory_of_all();
  EXPECT_GT(alone.resident, 0U);
  EXPECT_GE(alone.resident, alone.own);
  EXPECT_GT(all.resident, alone.resident);
}

TEST(Processes, KnowAProcessFromItsSuccessor) {
  const std::vector<ProcessId> ours = descendants(::getppid());
  const auto self = std::find_if(ours.begin(), ours.end(),
                                 [](const ProcessId& one) { return one.pid == ::getpid(); });
  ASSERT_NE(self, ours.end());
  EXPECT_TRUE(is_running(*self));
  EXPECT_FALSE(is_running({self->pid, self->started + 1}));
}

}  // namespace
}  // namespace headrace::bench
