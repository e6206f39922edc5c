// Lists of tools as servers send them, also bad ones.
#include <headrace/discovery/tools_page.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ToolsPage parse(std::string_view text) {
  return parse_tools_page(text, "srv");
}

std::vector<std::string> names(const ToolsPage& page) {
  std::vector<std::string> result;
  for (const ToolDoc& tool : page.tools)
    result.push_back(tool.name);
  return result;
}

TEST(ToolsPage, ReadsEveryField) {
  const ToolsPage page =
      parse(R"({"tools":[{"name":"read","title":"Read","description":"a \"b\"\n\u00e9",
    "inputSchema":{"type":"object","x-unknown":[1.0, 1e2],"$ref":"#"},"outputSchema":{"type":"array"},
    "annotations":{"readOnlyHint":true},"execution":{"taskSupport":"required"},"icons":[],
    "_meta":{"a":
    1.0},"none":null}],
    "nextCursor":"p2","ttlMs":60000,"_meta":{}})");
  EXPECT_EQ(page.error, "");
  EXPECT_THAT(page.faults, IsEmpty());
  ASSERT_EQ(page.tools.size(), 1U);
  const ToolDoc& tool = page.tools[0];
  EXPECT_EQ(tool.name, "read");
  EXPECT_EQ(tool.title, "Read");
  EXPECT_EQ(tool.description, "a \"b\"\né");
  EXPECT_EQ(tool.input_schema, R"({"type":"object","x-unknown":[1.0, 1e2],"$ref":"#"})");
  EXPECT_EQ(tool.output_schema, R"({"type":"array"})");
  EXPECT_EQ(tool.annotations, R"({"readOnlyHint":true})");
  EXPECT_EQ(tool.execution, R"({"taskSupport":"required"})");
  EXPECT_EQ(tool.others, R"("icons":[],"_meta":{"a":     1.0})");
  EXPECT_TRUE(tool.needs_task);
  EXPECT_EQ(page.next_cursor, "p2");
  EXPECT_EQ(page.ttl_ms, 60000);
}

TEST(ToolsPage, OnlyWhatIsRequiredNeedsATask) {
  for (const char* execution : {R"({"taskSupport":"optional"})", R"({"taskSupport":["required"]})",
                                R"({"required":true})", R"("required")", "[]", "null"}) {
    const std::string tool = R"({"name":"a","execution":)" + std::string(execution) + "}";
    const ToolsPage page = parse_tools_page(R"({"tools":[)" + tool + "]}", "s");
    ASSERT_EQ(page.tools.size(), 1U);
    EXPECT_FALSE(page.tools[0].needs_task) << execution;
  }
}

TEST(ToolsPage, AnEmptyCursorIsACursor) {
  EXPECT_EQ(parse(R"({"tools":[],"nextCursor":""})").next_cursor, "");
  EXPECT_EQ(parse(R"({"tools":[]})").next_cursor, std::nullopt);
  EXPECT_EQ(parse(R"({"tools":[],"nextCursor":null})").next_cursor, std::nullopt);
}

TEST(ToolsPage, OnlyAWholeTtlCounts) {
  for (const char* ttl : {"-1", "1.5", "1e3", "99999999999999999999", "\"5\"", "null"}) {
    EXPECT_EQ(parse(std::string(R"({"tools":[],"ttlMs":)") + ttl + "}").ttl_ms, std::nullopt)
        << ttl;
  }
  EXPECT_EQ(parse(R"({"ttlMs":0,"tools":[]})").ttl_ms, 0);
}

TEST(ToolsPage, OneBadToolCostsItself) {
  const ToolsPage page = parse(R"({"tools":[5,{"name":"a"},{},{"name":7},{"name":""},null,
    {"name":"b","description":{}},{"description":"x"},{"name":"c","title":4,"inputSchema":null}]})");
  EXPECT_EQ(page.error, "");
  EXPECT_THAT(names(page), ElementsAre("a", "b", "c"));
  ASSERT_EQ(page.faults.size(), 7U);
  EXPECT_EQ(describe(page.faults[0]), "server 'srv': tool number 1 is not an object, and left out");
  EXPECT_EQ(describe(page.faults[1]), "server 'srv': tool number 3 has no name, and is left out");
  EXPECT_THAT(page.faults[5].message, HasSubstr("description of tool 'b'"));
  EXPECT_EQ(page.tools[2].title, "");
  EXPECT_EQ(page.tools[2].input_schema, "");
}

TEST(ToolsPage, SchemasOfAnyKindStayRaw) {
  for (const char* schema :
       {"true", "false", "{}", "[]", "\"odd\"", "1e999", "123456789012345678901234567890", "NaN",
        R"({"$defs":{"n":{"properties":{"n":{"$ref":"#/$defs/n"}}}},"$ref":"#/$defs/n"})",
        R"({"default":-Infinity,"pattern":"\\d\u0000\ud800"})"}) {
    const ToolsPage page =
        parse(std::string(R"({"tools":[{"name":"a","inputSchema": )") + schema + " }]}");
    ASSERT_EQ(page.tools.size(), 1U) << page.error;
    EXPECT_EQ(page.tools[0].input_schema, schema);
  }
}

TEST(ToolsPage, ARawSchemaStaysOnOneLine) {
  const ToolsPage page = parse("{\"tools\":[{\"name\":\"a\",\"inputSchema\":{\r\n\"a\":\n1}}]}");
  EXPECT_EQ(page.tools.at(0).input_schema, "{  \"a\": 1}");
}

TEST(ToolsPage, LongDescriptionsAreKept) {
  const std::string text(1'000'000, 'x');
  const ToolsPage page = parse(R"({"tools":[{"name":"a","description":")" + text + R"("}]})");
  EXPECT_EQ(page.tools.at(0).description.size(), text.size());
}

TEST(ToolsPage, WhatIsNoListIsAnError) {
  EXPECT_THAT(parse("").error, HasSubstr("not valid JSON"));
  EXPECT_THAT(parse("{\"tools\":[").error, HasSubstr("not valid JSON: at byte 10"));
  EXPECT_THAT(parse("[]").error, HasSubstr("not an object"));
  EXPECT_THAT(parse("{}").error, HasSubstr("no array `tools`"));
  EXPECT_THAT(parse("{\"tools\":{}}").error, HasSubstr("no array `tools`"));
  EXPECT_THAT(parse("{\"tools\":[\"\xff\"]}").error, HasSubstr("not UTF-8"));
}

TEST(ToolsPage, AFloodIsBounded) {
  std::string bad = R"({"tools":[0)";
  for (int i = 0; i < 100'000; ++i)
    bad += ",0";
  const ToolsPage page = parse(bad + "]}");
  EXPECT_EQ(page.faults.size(), 21U);
  EXPECT_THAT(page.faults.back().message, HasSubstr("99981 more"));

  std::string many = R"({"tools":[{"name":"x"})";
  for (std::size_t i = 0; i < kMaxTools; ++i)
    many += R"(,{"name":"x"})";
  const ToolsPage full = parse(many + "]}");
  EXPECT_EQ(full.tools.size(), kMaxTools);
  EXPECT_EQ(full.faults.size(), 1U);
}

}  // namespace
}  // namespace headrace::discovery
