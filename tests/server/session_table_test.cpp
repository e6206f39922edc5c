// Who gets a session, who makes room, and what is remembered of those that did.
#include <headrace/server/session_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

using testing::HasSubstr;

// Its sessions have no interpreter: nobody runs anything in them.
class SessionTableTest : public testing::Test {
 protected:
  SessionTable make(std::size_t limit, std::size_t remembered = 1000) {
    return SessionTable(limit, remembered, [this](const std::string& name) {
      const auto named = std::make_shared<NamedSession>();
      named->name = name;
      named->session =
          std::make_shared<sandbox::Session>(context_.get_executor(), sandbox::SessionOptions(),
                                             sandbox::SessionHooks(), nullptr, engine::Logger());
      ++made_;
      return named;
    });
  }

  // Takes it for a run that is over at once.
  SessionTable::Taken use(SessionTable& table, const std::string& name) {
    SessionTable::Taken taken = table.take(name);
    EXPECT_TRUE(taken.use) << taken.error;
    return taken;
  }

  asio::io_context context_;
  int made_ = 0;
};

TEST_F(SessionTableTest, ANameIsTheSameSessionEachTime) {
  SessionTable table = make(2);
  const sandbox::Session* first = use(table, "a").use->session.get();
  EXPECT_EQ(use(table, "a").use->session.get(), first);
  EXPECT_NE(use(table, "b").use->session.get(), first);
  EXPECT_EQ(made_, 2);
  EXPECT_EQ(table.find("a").get(), first);
  EXPECT_EQ(table.find("c"), nullptr);
  EXPECT_EQ(table.sessions().size(), 2U);
}

TEST_F(SessionTableTest, TheLongestUnusedMakesRoomAndIsToldSoLater) {
  SessionTable table = make(2);
  use(table, "a");
  use(table, "b");
  use(table, "a");
  const std::shared_ptr<sandbox::Session> b = table.find("b");
  const SessionTable::Taken c = use(table, "c");
  EXPECT_EQ(c.evicted, b);
  EXPECT_EQ(c.use->lost, "");
  EXPECT_EQ(table.find("b"), nullptr);
  EXPECT_NE(table.find("a"), nullptr);
  const SessionTable::Taken again = use(table, "b");
  EXPECT_THAT(again.use->lost, HasSubstr("the session limit of 2"));
  EXPECT_EQ(table.find("a"), nullptr) << "c is in use";
  EXPECT_EQ(table.sessions().size(), 2U);
}

TEST_F(SessionTableTest, WhoRunsCodeNeverMakesRoom) {
  SessionTable table = make(2);
  SessionTable::Taken a = use(table, "a");
  {
    const SessionTable::Taken b = use(table, "b");
    const SessionTable::Taken none = table.take("c");
    EXPECT_FALSE(none.use);
    EXPECT_THAT(none.error, HasSubstr("the 2 that may be there at once (MCP_BRIDGE_MAX_SESSIONS)"));
    EXPECT_THAT(none.error, HasSubstr("'a', 'b'"));
    // Theirs can be used all the same.
    EXPECT_TRUE(table.take("a").use);
  }
  EXPECT_EQ(made_, 2);
  EXPECT_TRUE(table.take("c").use);
  EXPECT_NE(table.find("a"), nullptr);
}

TEST_F(SessionTableTest, AThousandNamesCostNoMoreThanTheLimit) {
  SessionTable table = make(8, 100);
  std::vector<std::weak_ptr<sandbox::Session>> all;
  for (int i = 0; i < 1000; ++i)
    all.emplace_back(use(table, std::to_string(i)).use->session);
  EXPECT_EQ(table.sessions().size(), 8U);
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto& one) { return !one.expired(); }),
            8);
  // 992 had to go; the last hundred of them are remembered.
  EXPECT_NE(use(table, "991").use->lost, "");
  EXPECT_EQ(use(table, "0").use->lost, "");
}

TEST_F(SessionTableTest, ManyNamesInAnErrorAreCut) {
  SessionTable table = make(100);
  std::vector<SessionTable::Taken> taken;
  for (int i = 0; i < 100; ++i)
    taken.push_back(table.take("name" + std::to_string(i)));
  EXPECT_LT(table.take("one more").error.size(), 400U);
}

TEST_F(SessionTableTest, ASessionThatCannotBeMadeLeavesTheTableAsItWas) {
  bool fail = false;
  SessionTable table(1, 10, [&fail](const std::string& name) {
    if (fail) throw std::bad_alloc();
    const auto named = std::make_shared<NamedSession>();
    named->name = name;
    return named;
  });
  use(table, "a");
  fail = true;
  EXPECT_THROW(table.take("b"), std::bad_alloc);
  EXPECT_EQ(table.sessions().size(), 1U);
  EXPECT_TRUE(table.take("a").use);
}

TEST_F(SessionTableTest, AfterTheEndNothingCanBeTaken) {
  SessionTable table = make(2);
  use(table, "a");
  table.close();
  EXPECT_FALSE(table.take("a").use);
  EXPECT_THAT(table.take("b").error, HasSubstr("shutting down"));
  EXPECT_EQ(table.sessions().size(), 1U);
}

}  // namespace
}  // namespace headrace::server
