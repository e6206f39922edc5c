// Questions of servers: answered once, withdrawn, closed, refused.
#include <headrace/engine/mcp/question_desk.hpp>

#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::engine::mcp {
namespace {

struct Desk : testing::Test {
  std::shared_ptr<QuestionDesk> make(Clock::duration limit = std::chrono::hours(1)) {
    QuestionDesk::Hooks hooks;
    hooks.ask = [this](Question question, ReplyCallback reply) -> std::uint64_t {
      asked.push_back(question.method);
      if (at_once) {
        reply({"{}", 0, {}});
        return 0;
      }
      replies.push_back(std::move(reply));
      return replies.size();
    };
    hooks.cancel = [this](std::uint64_t number) { cancelled.push_back(number); };
    hooks.on_open = [this](bool open) { opened.push_back(open); };
    return std::make_shared<QuestionDesk>(context.get_executor(), limit, std::move(hooks));
  }
  ReplyCallback keep() {
    return [this](QuestionReply reply) { got.push_back(std::move(reply)); };
  }

  asio::io_context context;
  bool at_once = false;
  std::vector<std::string> asked;
  std::vector<ReplyCallback> replies;
  std::vector<std::uint64_t> cancelled;
  std::vector<bool> opened;
  std::vector<QuestionReply> got;
};

TEST_F(Desk, AnAnswerComesOnce) {
  const auto desk = make();
  EXPECT_NE(desk->ask({"a", "{}", 0}, keep()), 0U);
  EXPECT_NE(desk->ask({"b", "{}", 0}, keep()), 0U);
  EXPECT_FALSE(desk->empty());
  replies[1]({"[2]", 0, {}});
  replies[1]({"[3]", 0, {}});
  replies[0]({{}, -1, "no"});
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].result, "[2]");
  EXPECT_EQ(got[1].message, "no");
  EXPECT_TRUE(desk->empty());
  EXPECT_EQ(opened, (std::vector<bool>{true, false}));
  EXPECT_TRUE(cancelled.empty());
}

TEST_F(Desk, AnAnswerMayComeAtOnce) {
  at_once = true;
  const auto desk = make();
  EXPECT_EQ(desk->ask({"a", "{}", 0}, keep()), 0U);
  EXPECT_EQ(got.size(), 1U);
  EXPECT_TRUE(desk->empty());
}

TEST_F(Desk, OneThatIsWithdrawnIsNotAnswered) {
  const auto desk = make();
  const std::uint64_t key = desk->ask({"a", "{}", 0}, keep());
  desk->withdraw(key);
  desk->withdraw(key);
  desk->withdraw(0);
  EXPECT_EQ(cancelled, std::vector<std::uint64_t>{1});
  replies[0]({"{}", 0, {}});
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(opened, (std::vector<bool>{true, false}));
}

TEST_F(Desk, AllAreAnsweredWhenItIsClosed) {
  const auto desk = make();
  desk->ask({"a", "{}", 0}, keep());
  desk->ask({"b", "{}", 0}, keep());
  desk->close_all("the end");
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].code, internal_error);
  EXPECT_EQ(got[1].message, "the end");
  EXPECT_EQ(cancelled.size(), 2U);
}

TEST_F(Desk, TimeRunsOut) {
  const auto desk = make(std::chrono::milliseconds(1));
  desk->ask({"a", "{}", 0}, keep());
  EXPECT_TRUE(engine::test::run_until(context, [this] { return !got.empty(); }));
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].result, "");
  EXPECT_NE(got[0].code, 0);
  EXPECT_EQ(cancelled, std::vector<std::uint64_t>{1});
}

TEST_F(Desk, WhatNoClientCouldReadIsNotAsked) {
  const auto desk = make();
  EXPECT_EQ(desk->ask({"elicitation/create", R"({"message":5})", 0}, keep()), 0U);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].code, invalid_params);
  EXPECT_TRUE(asked.empty());
  EXPECT_TRUE(opened.empty());
}

TEST_F(Desk, ThereIsALimit) {
  const auto desk = make();
  for (std::size_t i = 0; i < QuestionDesk::most_open; ++i)
    EXPECT_NE(desk->ask({"a", "{}", 0}, keep()), 0U);
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(desk->ask({"a", "{}", 0}, keep()), 0U);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].code, internal_error);
  desk->close_all("");
}

TEST_F(Desk, WithNobodyToAskEverythingIsRefused) {
  const auto desk = std::make_shared<QuestionDesk>(context.get_executor(), std::chrono::hours(1),
                                                   QuestionDesk::Hooks{});
  EXPECT_EQ(desk->ask({"elicitation/create", "{}", 0}, keep()), 0U);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].code, method_not_found);
}

TEST_F(Desk, AnAnswerAfterTheDeskIsGoneIsDropped) {
  auto desk = make();
  desk->ask({"a", "{}", 0}, keep());
  desk.reset();
  replies[0]({"{}", 0, {}});
  EXPECT_TRUE(got.empty());
}

}  // namespace
}  // namespace headrace::engine::mcp
