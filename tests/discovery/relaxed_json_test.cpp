// JSON with comments and commas at the end: what becomes of each byte.
#include <headrace/discovery/json_text.hpp>
#include <headrace/discovery/relaxed_json.hpp>

#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

TEST(RelaxedJson, CommentsBecomeSpace) {
  EXPECT_EQ(relax_json("{ // x\n}"), "{     \n}");
  EXPECT_EQ(relax_json("[1/* a\nb */,2]"), "[1    \n    ,2]");
  EXPECT_EQ(relax_json("1 // to the end"), "1              ");
  EXPECT_EQ(relax_json("1 /* open"), "1        ");
  EXPECT_EQ(relax_json("1 / 2"), "1 / 2");
  EXPECT_EQ(relax_json("/"), "/");
}

TEST(RelaxedJson, TheLastCommaBecomesSpace) {
  EXPECT_EQ(relax_json("[1,]"), "[1 ]");
  EXPECT_EQ(relax_json("{\"a\":\"b\" , /* , */ }"), "{\"a\":\"b\"           }");
  EXPECT_EQ(relax_json("[[],{},]"), "[[],{} ]");
  EXPECT_EQ(relax_json("[1,2]"), "[1,2]");
}

TEST(RelaxedJson, WhatIsWrongStaysWrong) {
  for (const char* text : {"[,]", "{,}", "[1,,]", "{\"a\":,}", "[1 2]", "{\"a\":1,", "\"/*", "]"})
    EXPECT_TRUE(find_json_flaw(relax_json(text)).has_value()) << text;
}

TEST(RelaxedJson, StringsAreLeftAlone) {
  for (const char* text : {R"(["//", "/* */", ",]", "\"//", "a\\"])", "\"open // "})
    EXPECT_EQ(relax_json(text), text);
}

}  // namespace
}  // namespace headrace::discovery
