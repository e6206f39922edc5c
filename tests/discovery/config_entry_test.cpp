// Single entries: what becomes a server, what a fault, and what would start ourselves.
#include <headrace/discovery/config_entry.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

struct Read {
  std::optional<ConfigEntry> entry;
  Faults faults;
  const ServerSpec& spec() const { return entry.value().spec; }
};

Read read(std::string_view json, bool allow_self = false, const std::string& name = "s") {
  Read result;
  const std::string file = "f.json";
  const std::string text = "{\"servers\":{\"" + name + "\":\n" + std::string(json) + "}}";
  const ConfigDocument document = read_json_config(text, file, result.faults);
  const std::string description = "of the file";
  const std::string home = "/home/u";
  const EnvironmentLookup lookup = test::variables({{"TOKEN", "secret"}, {"DIR", "/data"}});
  const EntryContext context{file, description, lookup, home, allow_self};
  result.entry = read_entry(document.entries.at(0), context, result.faults);
  return result;
}

std::string only_fault(std::string_view json) {
  const Read result = read(json);
  EXPECT_FALSE(result.entry.has_value()) << json;
  EXPECT_EQ(result.faults.size(), 1U) << json;
  if (result.faults.empty()) return "";
  EXPECT_EQ(result.faults[0].severity, Severity::error);
  return describe(result.faults[0]);
}

TEST(ConfigEntry, AllFields) {
  const Read result = read(R"({"command":"npx","args":["-y","${DIR}/x"],
    "env":{"T":"${TOKEN}","B":"2","A":"1"},"cwd":"~/w","description":"mine","unknown":[1]})");
  EXPECT_THAT(result.faults, IsEmpty());
  EXPECT_EQ(result.spec().name, "s");
  EXPECT_EQ(result.spec().command, "npx");
  EXPECT_THAT(result.spec().args, ElementsAre("-y", "/data/x"));
  EXPECT_THAT(result.spec().env, ElementsAre(Pair("T", "secret"), Pair("B", "2"), Pair("A", "1")));
  EXPECT_EQ(result.spec().cwd, "/home/u/w");
  EXPECT_EQ(result.spec().description, "mine");
  EXPECT_EQ(result.spec().source.file, "f.json");
  EXPECT_EQ(result.spec().source.entry, "s");
  EXPECT_EQ(result.entry->line, 2U);
}

TEST(ConfigEntry, OnlyACommandIsNeeded) {
  const Read result = read(R"({"command":"~/bin/server","args":null,"env":null,"cwd":null,
    "description":null,"disabled":null})");
  EXPECT_THAT(result.faults, IsEmpty());
  EXPECT_EQ(result.spec().command, "/home/u/bin/server");
  EXPECT_THAT(result.spec().args, IsEmpty());
  EXPECT_EQ(result.spec().cwd, "");
  EXPECT_EQ(result.spec().description, "of the file");
}

TEST(ConfigEntry, NumbersAndBooleansAreWhatTheyLookLike) {
  const Read result =
      read(R"({"command":"c","args":[8080,-1.50,true],"env":{"PORT":1,"ON":false}})");
  EXPECT_THAT(result.spec().args, ElementsAre("8080", "-1.50", "true"));
  EXPECT_THAT(result.spec().env, ElementsAre(Pair("PORT", "1"), Pair("ON", "false")));
}

TEST(ConfigEntry, TheLastOfARepeatedVariableCounts) {
  EXPECT_THAT(read(R"({"command":"c","env":{"A":"1","B":"2","A":"3"}})").spec().env,
              ElementsAre(Pair("A", "3"), Pair("B", "2")));
}

TEST(ConfigEntry, EachFaultSaysWhatAndWhere) {
  EXPECT_EQ(only_fault("5"), "f.json:2: server 's': it is not an object with a `command`");
  EXPECT_THAT(only_fault("{}"), HasSubstr("`command` is missing"));
  EXPECT_THAT(only_fault(R"({"command":null})"), HasSubstr("`command` is missing"));
  EXPECT_THAT(only_fault(R"({"command":["a","b"]})"), HasSubstr("`command` is not a string"));
  EXPECT_THAT(only_fault(R"({"command":7})"), HasSubstr("`command` is not a string"));
  EXPECT_THAT(only_fault(R"({"command":""})"), HasSubstr("`command` is empty"));
  EXPECT_THAT(only_fault(R"({"command":"a\u0000b"})"), HasSubstr("`command` holds a NUL"));
  EXPECT_THAT(only_fault(R"({"command":"c","args":"-x"})"), HasSubstr("`args` is not an array"));
  EXPECT_EQ(only_fault("{\"command\":\"c\",\n\"args\":[\"a\",\n{}]}"),
            "f.json:4: server 's': `args[1]` is not a string");
  EXPECT_THAT(only_fault(R"({"command":"c","args":[null]})"), HasSubstr("`args[0]`"));
  EXPECT_THAT(only_fault(R"({"command":"c","args":["\u0000"]})"),
              HasSubstr("`args[0]` holds a NUL"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":[]})"), HasSubstr("`env` is not an object"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":{"A":[]}})"),
              HasSubstr("`env.A` is not a string"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":{"A":"\u0000"}})"),
              HasSubstr("`env.A` holds a NUL"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":{"":"x"}})"), HasSubstr("a name in `env`"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":{"A=B":"x"}})"), HasSubstr("a name in `env`"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":{"A\u0000":"x"}})"), HasSubstr("a name in `env`"));
  EXPECT_THAT(only_fault(R"({"command":"c","cwd":5})"), HasSubstr("`cwd` is not a string"));
  EXPECT_THAT(only_fault(R"({"url":"https://example.com/mcp"})"),
              HasSubstr("remote server (`url`)"));
  EXPECT_THAT(only_fault(R"({"type":"http","serverUrl":"x"})"), HasSubstr("(`serverUrl`)"));
}

TEST(ConfigEntry, AVariableThatIsNotSetIsNamed) {
  const std::string fault = only_fault(R"({"command":"c","env":{"KEY":"${API_KEY}"}})");
  EXPECT_THAT(fault, HasSubstr("f.json:2: server 's': `env.KEY` needs the variable API_KEY"));
  EXPECT_THAT(fault, HasSubstr("${API_KEY:-default}"));
  EXPECT_THAT(only_fault(R"({"command":"${NONE}"})"), HasSubstr("the variable NONE"));
  EXPECT_THAT(only_fault(R"({"command":"c","cwd":"${NONE}/x"})"), HasSubstr("`cwd` needs"));
}

TEST(ConfigEntry, AllFaultsOfAnEntryAreReported) {
  EXPECT_EQ(read(R"({"command":"","args":[{},"${NONE}"],"env":5,"cwd":[]})").faults.size(), 5U);
}

TEST(ConfigEntry, ValuesOfTheEnvironmentStayOutOfFaults) {
  for (const Fault& fault : read(R"({"command":"c","env":{"A":"${TOKEN}${NONE}"}})").faults) {
    EXPECT_THAT(fault.message, testing::Not(HasSubstr("secret")));
  }
}

TEST(ConfigEntry, WhatNoProgramCanBeGivenIsAFault) {
  const std::string huge(200'000, 'x');
  EXPECT_THAT(only_fault(R"({"command":"c","args":[")" + huge + R"("]})"),
              HasSubstr("`args[0]` is longer"));
  std::string many = R"({"command":"c","args":[""])";
  many.pop_back();
  for (int i = 0; i < 30; ++i)
    many += ",\"" + std::string(100'000, 'x') + '"';
  EXPECT_THAT(only_fault(many + "]}"), HasSubstr("longer than a program can be given"));
}

TEST(ConfigEntry, DisabledIsANotice) {
  for (const char* json : {R"({"command":"c","disabled":true})", R"({"disabled":true})",
                           R"({"command":"c","enabled":false})"}) {
    const Read result = read(json);
    ASSERT_TRUE(result.entry.has_value()) << json;
    EXPECT_TRUE(result.entry->disabled);
    ASSERT_EQ(result.faults.size(), 1U);
    EXPECT_EQ(result.faults[0].severity, Severity::info);
  }
  EXPECT_FALSE(read(R"({"command":"c","disabled":false,"enabled":true})").entry->disabled);
  const Read odd = read(R"({"command":"c","disabled":"yes"})");
  EXPECT_FALSE(odd.entry->disabled);
  ASSERT_EQ(odd.faults.size(), 1U);
  EXPECT_EQ(odd.faults[0].severity, Severity::warning);
}

TEST(ConfigEntry, ADescriptionThatIsNoStringIsIgnored) {
  const Read result = read(R"({"command":"c","description":5})");
  EXPECT_EQ(result.spec().description, "of the file");
  ASSERT_EQ(result.faults.size(), 1U);
  EXPECT_EQ(result.faults[0].severity, Severity::warning);
}

TEST(SelfServer, IsRecognised) {
  EXPECT_TRUE(looks_like_self("MCP-Server-Code-Execution-Mode", "x", {}));
  EXPECT_TRUE(looks_like_self("mcp_server_code_execution_mode", "x", {}));
  EXPECT_TRUE(looks_like_self("Headrace", "x", {}));
  EXPECT_TRUE(looks_like_self("s", "/usr/bin/headrace", {}));
  EXPECT_TRUE(looks_like_self("s", "/opt/Headrace/", {}));
  EXPECT_TRUE(looks_like_self("s", "./my_mcp_server_code_execution_mode.py", {}));
  EXPECT_TRUE(looks_like_self("s", "python3", {"/x/mcp_server_code_execution_mode.py"}));
  EXPECT_TRUE(
      looks_like_self("s", "uvx", {"--from", "git+x", "mcp-server-code-execution-mode", "run"}));
  EXPECT_TRUE(
      looks_like_self("s", "uvx", {"--from", "https://h/u/MCP-server-code-execution-mode"}));
  EXPECT_TRUE(looks_like_self("s", "sh", {"headrace"}));
}

TEST(SelfServer, OthersAreNot) {
  EXPECT_FALSE(looks_like_self("headrace2", "my-headrace", {"--name=headrace"}));
  EXPECT_FALSE(looks_like_self("s", "/opt/headrace/bin/other", {}));
  EXPECT_FALSE(looks_like_self("", "", {""}));
}

TEST(SelfServer, IsSkippedWithANoticeUnlessAllowed) {
  for (const char* json :
       {R"({"command":"headrace"})", R"({"command":"uvx","args":["headrace","${NONE}"]})",
        R"({"command":"${X:-headrace}"})"}) {
    const Read result = read(json);
    EXPECT_FALSE(result.entry.has_value()) << json;
    ASSERT_EQ(result.faults.size(), 1U) << json;
    EXPECT_EQ(result.faults[0].severity, Severity::info);
    EXPECT_THAT(result.faults[0].message, HasSubstr("MCP_BRIDGE_ALLOW_SELF_SERVER"));
  }
  EXPECT_EQ(read(R"({"command":"headrace"})", true).spec().command, "headrace");
}

TEST(SameProcess, LooksAtWhatIsStarted) {
  ServerSpec a = read(R"({"command":"c","args":["x"],"env":{"A":"1"},"cwd":"/"})").spec();
  ServerSpec b = a;
  b.description = "other";
  b.alias = "t";
  EXPECT_NE(a, b);
  EXPECT_TRUE(same_process(a, b));
  b.env[0].second = "2";
  EXPECT_FALSE(same_process(a, b));
}

}  // namespace
}  // namespace headrace::discovery
