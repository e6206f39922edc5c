// What `headrace servers` says.
#include <headrace/server/list_servers.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

using namespace std::chrono_literals;

using discovery::Catalogue;
using discovery::Discovery;
using discovery::ServerSpec;
using testing::HasSubstr;
using testing::Not;

ServerSpec spec(std::string name) {
  ServerSpec made;
  made.name = made.alias = std::move(name);
  made.command = "run";
  made.source.file = "/a.json";
  return made;
}

class ListServers : public testing::Test {
 protected:
  ListServers() {
    found_.servers = {spec("one"), spec("two")};
    known_.set_servers(found_.servers);
  }
  void set_cached(const std::string& name, std::chrono::system_clock::duration age) {
    discovery::ToolDoc tool;
    tool.name = "tool";
    known_.set_cached(name, {tool}, std::chrono::system_clock::now() - age);
  }
  std::string text() const { return describe_servers(found_, known_); }
  std::string json() const { return servers_json(found_, known_); }

  Discovery found_;
  Catalogue known_;
};

TEST_F(ListServers, SayWhichToolsAreKnownAndSinceWhen) {
  set_cached("one", 3h);
  EXPECT_THAT(text(),
              HasSubstr("one\n    run\n    1 tool, listed 3 hours ago\n    from /a.json\n"));
  EXPECT_THAT(text(), HasSubstr("two\n    run\n    its tools are not known"));
  EXPECT_THAT(json(), HasSubstr(R"("state":"cached","tools":1,"listedAt":"20)"));
  EXPECT_THAT(json(), HasSubstr(R"("state":"not listed","source")"));
}

TEST_F(ListServers, SayHowTheLastAttemptFailed) {
  set_cached("one", 3h);
  known_.set_last_error("one", "no\x1b[1m\nluck");
  known_.set_last_error("two", "worse");
  EXPECT_THAT(text(), HasSubstr("1 tool, listed 3 hours ago\n"
                                "    the last attempt to ask it failed: no [1m luck\n"));
  EXPECT_THAT(json(), HasSubstr(R"("state":"cached","tools":1)"));
  EXPECT_THAT(json(), HasSubstr(R"("state":"failed","error":"worse")"));
}

TEST_F(ListServers, OfThisProcessHaveNoTimeToTell) {
  known_.set_tools("one", {});
  EXPECT_THAT(text(), HasSubstr("    0 tools\n"));
  EXPECT_THAT(json(), Not(HasSubstr("listedAt")));
}

TEST_F(ListServers, ShowNoValuesOfEnvironments) {
  found_.servers[0].env = {{"TOKEN", "hunter2"}};
  known_.set_servers(found_.servers);
  EXPECT_THAT(text() + json(), Not(HasSubstr("hunter2")));
}

TEST(ReadableAge, IsInTheLargestUnit) {
  EXPECT_EQ(readable_age(-5s), "just now");
  EXPECT_EQ(readable_age(59s), "just now");
  EXPECT_EQ(readable_age(60s), "1 minute ago");
  EXPECT_EQ(readable_age(2h - 1s), "1 hour ago");
  EXPECT_EQ(readable_age(49h), "2 days ago");
}

}  // namespace
}  // namespace headrace::server
