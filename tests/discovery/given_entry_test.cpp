// Entries that code hands over: read as those of files, and given nothing of ours.
#include <headrace/discovery/given_entry.hpp>

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

GivenEntry read(std::string_view config, const std::string& name = "s") {
  return read_given_entry(name, config, "/home/u");
}

std::string refusal(std::string_view config, const std::string& name = "s") {
  const GivenEntry given = read(config, name);
  EXPECT_FALSE(given.spec) << config;
  EXPECT_THAT(given.messages, testing::SizeIs(1)) << config;
  return given.messages.empty() ? "" : given.messages.front();
}

TEST(GivenEntryTest, IsReadAsAFilesEntryIs) {
  const GivenEntry given = read(
      R"({"command":"npx","args":["-y",7],"env":{"A":"é\"","B":true},"cwd":"~/w","timeout":"2m",
          "description":"mine","disabledTools":["x"],"roots":["/r"],"unknown":{"a":[1]}})",
      "A \"b\"");
  ASSERT_TRUE(given.spec);
  EXPECT_THAT(given.messages, IsEmpty());
  EXPECT_EQ(given.spec->name, "A \"b\"");
  EXPECT_EQ(given.spec->command, "npx");
  EXPECT_THAT(given.spec->args, ElementsAre("-y", "7"));
  EXPECT_THAT(given.spec->env, ElementsAre(Pair("A", "é\""), Pair("B", "true")));
  EXPECT_EQ(given.spec->cwd, "/home/u/w");
  EXPECT_EQ(given.spec->call_timeout, std::chrono::minutes(2));
  EXPECT_EQ(given.spec->description, "mine");
  EXPECT_FALSE(allows_tool(given.spec->tools, "x"));
}

TEST(GivenEntryTest, NothingOfTheEnvironmentFlowsIn) {
  ASSERT_NE(std::getenv("PATH"), nullptr);
  for (const char* config : {
           R"({"command":"x","env":{"A":"${PATH}"}})",
           R"({"command":"x","env":{"A":"a ${env:PATH} b"}})",
           R"({"command":"${PATH}"})",
           R"({"command":"x","args":["${PATH}"]})",
           R"({"command":"x","cwd":"${PATH}"})",
           R"({"command":"x","env":{"A":"${input:path}"}})",
           R"({"command":"x","env":{"A":"${command:path}"}})",
           R"({"command":"x","env":{"A":"${workspaceFolder}"}})",
           R"({"command":"x","env":{"A":"${file:/etc/hostname}"}})",
           R"({"command":"x","env_vars":["PATH"]})",
       }) {
    EXPECT_THAT(refusal(config), HasSubstr("nothing of this program's environment")) << config;
  }
  EXPECT_THAT(refusal(R"({"command":"x","envFile":"/etc/hostname"})"),
              HasSubstr("no files are read here"));
  // What is written there is passed on.
  const GivenEntry given =
      read(R"({"command":"x","args":["${PATH:-other}","$${PATH}","$PATH","{env:PATH}"]})");
  ASSERT_TRUE(given.spec);
  EXPECT_THAT(given.spec->args, ElementsAre("other", "${PATH}", "$PATH", "{env:PATH}"));
}

TEST(GivenEntryTest, WhatCanNotBeStartedSaysWhy) {
  EXPECT_THAT(refusal("{}"), HasSubstr("`command` is missing"));
  EXPECT_THAT(refusal(R"({"command":5})"), HasSubstr("`command` is not a string"));
  EXPECT_THAT(refusal(R"({"command":"x","args":"y"})"), HasSubstr("`args` is not an array"));
  EXPECT_THAT(refusal(R"({"command":"x","env":{"a=b":"c"}})"), HasSubstr("`env`"));
  EXPECT_THAT(refusal(R"({"command":"x\u0000y"})"), HasSubstr("NUL"));
  EXPECT_THAT(refusal(R"({"url":"https://example.com/mcp"})"), HasSubstr("not reachable yet"));
  EXPECT_THAT(refusal(R"({"command":"x","disabled":true})"), HasSubstr("disabled"));
  EXPECT_THAT(refusal("[]"), HasSubstr("not an object"));
  EXPECT_THAT(refusal("null"), HasSubstr("not an object"));
  EXPECT_THAT(read(R"({"command":1,"args":2})").messages, testing::SizeIs(2));
}

TEST(GivenEntryTest, NeverThisProgramItself) {
  EXPECT_EQ(refusal(R"({"command":"/usr/bin/headrace"})"),
            "it would start this program inside itself and is left out");
  EXPECT_THAT(refusal(R"({"command":"uvx","args":["headrace"]})"), HasSubstr("inside itself"));
}

TEST(GivenEntryTest, NamesArePlain) {
  for (const std::string& name :
       {std::string(), std::string("  "), std::string("a\nb"), std::string("a\0b", 3),
        std::string(101, 'x'), std::string("\x1b[31m")}) {
    EXPECT_THAT(refusal(R"({"command":"x"})", name), HasSubstr("a name has"));
  }
  EXPECT_TRUE(read(R"({"command":"x"})", "Büro 2").spec);
}

TEST(GivenEntryTest, WhatIsIgnoredIsTold) {
  const GivenEntry given = read(R"({"command":"x","description":5,"timeout":"soon"})");
  EXPECT_TRUE(given.spec);
  EXPECT_THAT(given.messages, ElementsAre(HasSubstr("`description`"), HasSubstr("`timeout`")));
}

}  // namespace
}  // namespace headrace::discovery
