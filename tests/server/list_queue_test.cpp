// How many servers are asked for their tools at once, and in what order.
#include <headrace/server/list_queue.hpp>

#include <vector>

#include <asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ListQueueTest : public testing::Test {
 protected:
  asio::io_context context;
  std::vector<std::string> asked;
  ListQueue queue{context.get_executor(), [this](const std::string& name) { on_ask(name); }};

  virtual void on_ask(const std::string& name) { asked.push_back(name); }
};

TEST_F(ListQueueTest, AFewAreAskedAtATimeInOrder) {
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g"})
    queue.add(name, false);
  EXPECT_THAT(asked, ElementsAre("a", "b", "c", "d"));
  queue.finished("b");
  EXPECT_EQ(asked.back(), "e");
  queue.add("h", true);
  queue.add("g", true);
  queue.finished("a");
  queue.finished("c");
  queue.finished("d");
  EXPECT_THAT(asked, ElementsAre("a", "b", "c", "d", "e", "g", "h", "f"));
}

TEST_F(ListQueueTest, NoneIsAskedTwiceAtATime) {
  queue.add("a", false);
  queue.add("a", true);
  EXPECT_THAT(asked, ElementsAre("a"));
  queue.finished("a");
  queue.add("a", false);
  EXPECT_THAT(asked, ElementsAre("a", "a"));
  for (const char* name : {"b", "c", "d", "e", "e"})
    queue.add(name, false);
  for (const char* name : {"a", "b", "c", "d"})
    queue.finished(name);
  EXPECT_THAT(asked, ElementsAre("a", "a", "b", "c", "d", "e"));
}

TEST_F(ListQueueTest, OneThatIsGoneIsNotAsked) {
  for (const char* name : {"a", "b", "c", "d", "e", "f"})
    queue.add(name, false);
  queue.finished("e");
  queue.finished("unknown");
  queue.finished("a");
  EXPECT_EQ(asked.back(), "f");
  queue.add("g", false);
  queue.clear();
  context.run();
  EXPECT_EQ(asked.back(), "f");
}

TEST_F(ListQueueTest, OnesThatHangDoNotHoldUpTheOthers) {
  for (const char* name : {"a", "b", "c", "d", "e"})
    queue.add(name, false);
  EXPECT_THAT(asked, SizeIs(4));
  context.run();
  EXPECT_THAT(asked, SizeIs(5));
}

// One whose list is there at once.
class PromptQueueTest : public ListQueueTest {
 protected:
  void on_ask(const std::string& name) override {
    asked.push_back(name);
    queue.finished(name);
  }
};

TEST_F(PromptQueueTest, WhatIsFinishedFromInsideGoesOn) {
  for (int i = 0; i < 20; ++i)
    queue.add(std::to_string(i), false);
  EXPECT_THAT(asked, SizeIs(20));
}

TEST(ListQueue, NothingRunsWhenItIsGone) {
  asio::io_context context;
  std::vector<std::string> asked;
  {
    ListQueue queue(context.get_executor(),
                    [&asked](const std::string& name) { asked.push_back(name); });
    for (const char* name : {"a", "b", "c", "d", "e"})
      queue.add(name, false);
    asked.clear();
  }
  context.run();
  EXPECT_THAT(asked, IsEmpty());
}

}  // namespace
}  // namespace headrace::server
