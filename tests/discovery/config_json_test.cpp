// JSON configuration files: the shapes that are read, and what is said of those that are not.
#include <headrace/discovery/config_document.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Read {
  ConfigDocument document;
  Faults faults;
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const ConfigMember& entry : document.entries)
      result.push_back(entry.name);
    return result;
  }
};

Read read(std::string_view text, const Dialect& dialect = {}, std::string_view workspace = {}) {
  Read result;
  result.document = read_json_config(text, "f.json", result.faults, dialect, workspace);
  return result;
}

std::string only_fault(std::string_view text) {
  const Read result = read(text);
  EXPECT_THAT(result.names(), IsEmpty());
  EXPECT_EQ(result.faults.size(), 1U);
  return result.faults.empty() ? "" : describe(result.faults[0]);
}

TEST(ConfigJson, Sections) {
  EXPECT_THAT(read(R"({"mcpServers":{"b":{},"a":{}}})").names(), ElementsAre("b", "a"));
  EXPECT_THAT(read(R"({"servers":{"a":{}}})").names(), ElementsAre("a"));
  EXPECT_THAT(read(R"({"mcp_servers":{"a":{}}})").names(), ElementsAre("a"));
  EXPECT_THAT(read(R"({"mcp.servers":{"a":{}}})").names(), ElementsAre("a"));
  EXPECT_THAT(read(R"({"mcp":{"inputs":[],"servers":{"a":{}}},"editor.tabSize":2})").names(),
              ElementsAre("a"));
  EXPECT_THAT(read(R"({"mcpServers":{"a":{}},"servers":{"b":{}}})").names(), ElementsAre("a", "b"));
  EXPECT_THAT(read(R"({"mcpServers":{}})").faults, IsEmpty());
}

TEST(ConfigJson, CommentsAndTrailingCommas) {
  const Read result = read(R"(// for VS Code
    {"servers": { /* one, */ "a//b": {"command": "c", "args": ["/*", "x",], },
     // "off": {},
    }, })");
  EXPECT_THAT(result.names(), ElementsAre("a//b"));
  EXPECT_THAT(result.faults, IsEmpty());
  const ConfigValue& entry = result.document.entries.at(0).value;
  EXPECT_EQ(entry.line, 2U);
  EXPECT_EQ(find_member(entry, "args")->items.at(0).text, "/*");
}

TEST(ConfigJson, McpHoldsServersInThreeWays) {
  EXPECT_THAT(read(R"({"mcp":{"a":{"type":"local","command":["c"]},"b":{"url":"u"},
                              "timeout":{"startup":1},"n":5}})")
                  .names(),
              ElementsAre("a", "b"));
  EXPECT_THAT(read(R"({"mcp":{"servers":{"a":{}},"timeout":{"startup":1}}})").names(),
              ElementsAre("a"));
  EXPECT_THAT(read(R"({"mcp":{"servers":{"type":"local","command":["c"]}}})").names(),
              ElementsAre("servers"));
  const Read gemini = read(R"({"mcp":{"allowed":["a",1],"excluded":["b"],"serverCommand":"x"},
                               "mcpServers":{"a":{},"b":{}}})");
  EXPECT_THAT(gemini.names(), ElementsAre("a", "b"));
  EXPECT_THAT(gemini.document.allowed.value(), ElementsAre("a"));
  EXPECT_THAT(gemini.document.disabled, ElementsAre("b"));
}

TEST(ConfigJson, Inputs) {
  const std::vector<ConfigInput> expected = {{"key", "The key", std::nullopt}, {"b", "", "x"}};
  const std::string inputs =
      R"("inputs":[{"type":"promptString","id":"key","description":"The key","password":true},
                   {"id":"b","default":"x"},{"id":5},7])";
  EXPECT_EQ(read("{\"servers\":{}," + inputs + "}").document.inputs, expected);
  EXPECT_EQ(read("{\"mcp\":{\"servers\":{}," + inputs + "}}").document.inputs, expected);
}

TEST(ConfigJson, ProjectsThatWeAreIn) {
  const std::string text = R"({"projects":{
      "/home/u":{"mcpServers":{"outer":{}}},
      "/home/u/p":{"mcpServers":{"inner":{}},"disabledMcpServers":["outer"]},
      "/home/u/p2":{"mcpServers":{"other":{}},"disabledMcpServers":["inner"]},
      "/odd":5},
    "mcpServers":{"all":{}}})";
  Dialect claude;
  claude.projects = true;
  const auto projects = [&](std::string_view workspace) {
    std::vector<std::string> names;
    for (const ConfigProject& project : read(text, claude, workspace).document.projects) {
      for (const ConfigMember& entry : project.entries)
        names.push_back(project.folder + ' ' + entry.name);
    }
    return names;
  };
  EXPECT_THAT(projects("/home/u/p/src"), ElementsAre("/home/u/p inner", "/home/u outer"));
  EXPECT_THAT(read(text, claude, "/home/u/p").document.disabled, ElementsAre("outer"));
  EXPECT_THAT(projects("/home/u"), ElementsAre("/home/u outer"));
  EXPECT_THAT(projects("/elsewhere"), IsEmpty());
  EXPECT_THAT(projects(""), IsEmpty());
  EXPECT_THAT(read(text, {}, "/home/u").document.projects, IsEmpty());
  EXPECT_THAT(read(text, claude, "/home/u").names(), ElementsAre("all"));
}

TEST(ConfigJson, AFileOfAnotherProgramMayHoldNoServers) {
  Dialect foreign;
  foreign.own = false;
  for (const char* text : {"", " ", "{}", R"({"editor.tabSize":2})"})
    EXPECT_THAT(read(text, foreign).faults, IsEmpty()) << text;
  EXPECT_FALSE(read("", foreign).document.readable);
  EXPECT_EQ(read("{", foreign).faults.size(), 1U);
  EXPECT_FALSE(read("{", foreign).document.readable);
  EXPECT_TRUE(read("{}", foreign).document.readable);
}

TEST(ConfigJson, KeepsWhatAnEntrySays) {
  const Read result = read(R"({"description":"all","mcpServers":{
    "a":{"command":"c","args":["x",1,true,null],"deep":{"e":-1.50}}}})");
  EXPECT_EQ(result.document.description, "all");
  const ConfigValue& entry = result.document.entries.at(0).value;
  EXPECT_EQ(entry.line, 2U);
  EXPECT_EQ(find_member(entry, "command")->text, "c");
  const ConfigValue& args = *find_member(entry, "args");
  ASSERT_EQ(args.items.size(), 4U);
  EXPECT_EQ(args.items[0].kind, ConfigValue::Kind::string);
  EXPECT_EQ(args.items[1].text, "1");
  EXPECT_EQ(args.items[2].text, "true");
  EXPECT_EQ(args.items[3].kind, ConfigValue::Kind::null);
  EXPECT_EQ(find_member(*find_member(entry, "deep"), "e")->text, "-1.50");
  EXPECT_EQ(find_member(entry, "absent"), nullptr);
}

TEST(ConfigJson, TheLastOfRepeatedKeysCounts) {
  const Read result = read(R"({"servers":{"a":{"command":"1","command":"2"}}})");
  EXPECT_EQ(find_member(result.document.entries.at(0).value, "command")->text, "2");
}

TEST(ConfigJson, AByteOrderMarkAndUnicodeAreFine) {
  EXPECT_THAT(read("\xEF\xBB\xBF{\"mcpServers\":{\"Zürich 日本\":{}}}").names(),
              ElementsAre("Zürich 日本"));
  EXPECT_THAT(read(R"({"mcpServers":{"\u00e9":{}}})").names(), ElementsAre("é"));
}

TEST(ConfigJson, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(only_fault(""), HasSubstr("f.json:1: the file is empty"));
  EXPECT_THAT(only_fault(" \n\t"), HasSubstr("the file is empty"));
  EXPECT_THAT(only_fault("\xEF\xBB\xBF"), HasSubstr("the file is empty"));
  EXPECT_THAT(only_fault("{\n\"mcpServers\": {\n\"a\": {\"command\": "),
              HasSubstr("f.json:3: not valid JSON: it ends where a value should be"));
  EXPECT_EQ(only_fault("{\n\"mcpServers\": {},,\n}"),
            "f.json:2: not valid JSON: a key in double quotes is missing");
  EXPECT_THAT(only_fault("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(only_fault("\"text\""), HasSubstr("not a JSON object"));
  EXPECT_THAT(only_fault("{\"command\":\"x\"}"), HasSubstr("an object `mcpServers`"));
  EXPECT_THAT(only_fault("{\"mcp\":{}}"), HasSubstr("no servers in it"));
  EXPECT_THAT(only_fault("{\n\"servers\": []}"), HasSubstr("f.json:2: `servers` is not an object"));
  EXPECT_THAT(only_fault("{\"mcpServers\": null}"), HasSubstr("`mcpServers` is not an object"));
  EXPECT_THAT(only_fault("\xff\xfe{\0}\0"), HasSubstr("it is not UTF-8"));
}

TEST(ConfigJson, OneBadSectionHidesNoOther) {
  const Read result = read(R"({"servers":[1],"mcpServers":{"a":{}}})");
  EXPECT_THAT(result.names(), ElementsAre("a"));
  EXPECT_EQ(result.faults.size(), 1U);
}

TEST(ConfigJson, WhatIsKeptIsBounded) {
  std::string text = R"({"mcpServers":{"first":{},"huge":[0)";
  for (int i = 0; i < 200'000; ++i)
    text += ",0";
  text += R"(],"last":{}}})";
  const Read result = read(text);
  EXPECT_THAT(result.names(), ElementsAre("first"));
  ASSERT_EQ(result.faults.size(), 1U);
  EXPECT_THAT(result.faults[0].message, HasSubstr("more than 100000 values"));
}

TEST(ConfigJson, ListsThatAreLookedThroughForEachEntryAreShort) {
  std::string names;
  std::string inputs;
  for (std::size_t i = 0; i < kMaxConfigNames + 500; ++i) {
    names += (i == 0 ? "\"n" : ",\n\"n") + std::to_string(i) + '"';
    inputs += (i == 0 ? "{\"id\":\"" : ",{\"id\":\"") + std::to_string(i) + "\"}";
  }
  Faults faults;
  const ConfigDocument document =
      read_json_config("{\"mcp\":{\"excluded\":[" + names + "],\"allowed\":[" + names +
                           "]},\"inputs\":[" + inputs + "],\"servers\":{}}",
                       "f.json", faults);
  EXPECT_EQ(document.disabled.size(), kMaxConfigNames);
  EXPECT_EQ(document.allowed.value().size(), kMaxConfigNames);
  EXPECT_EQ(document.inputs.size(), kMaxConfigNames);
  ASSERT_EQ(faults.size(), 3U);
  EXPECT_EQ(faults[0].line, kMaxConfigNames + 1);
  EXPECT_EQ(faults[0].severity, Severity::warning);
}

TEST(ConfigJson, LargeForeignPartsCostNothing) {
  std::string text = R"({"history":[0)";
  for (int i = 0; i < 200'000; ++i)
    text += ",0";
  text += R"(],"mcpServers":{"a":{}}})";
  const Read result = read(text);
  EXPECT_THAT(result.names(), ElementsAre("a"));
  EXPECT_THAT(result.faults, IsEmpty());
}

}  // namespace
}  // namespace headrace::discovery
