// JSON in place: what counts as JSON, where it stops being that, and slices byte for byte.
#include <headrace/discovery/json_text.hpp>

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string flaw(std::string_view text, JsonNumbers numbers = JsonNumbers::strict) {
  const auto found = find_json_flaw(text, numbers);
  return found ? std::to_string(found->offset) + ": " + found->what : "";
}

std::vector<std::pair<std::string, std::string>> members(std::string_view object) {
  std::vector<std::pair<std::string, std::string>> result;
  JsonMembers reader(object);
  std::string key;
  std::string_view value;
  while (reader.next(key, value))
    result.emplace_back(key, value);
  return result;
}

std::vector<std::string> elements(std::string_view array) {
  std::vector<std::string> result;
  JsonElements reader(array);
  std::string_view value;
  while (reader.next(value))
    result.emplace_back(value);
  return result;
}

TEST(JsonText, AcceptsWhatIsJson) {
  for (std::string_view text :
       {"{}", "[]", "0", "-0", "-0.0e+10", "1E5", "123456789012345678901234567890", "1e999", "true",
        "null", "\"\"", "\"\\u00e9\\n\\\"\"", " [ 1 , {\"a\" : [ ] } ] \n", "[[[[]]]]",
        "{\"a\":{\"b\":{}},\"c\":\"}\"}", "\"\\ud800\"", "\"Zürich 日本\""}) {
    EXPECT_EQ(flaw(text), "") << text;
  }
}

TEST(JsonText, RefusesWhatIsNot) {
  for (std::string_view text : {"",
                                " ",
                                "{",
                                "[",
                                "]",
                                "}",
                                "{]",
                                "[}",
                                "[1",
                                "[1,",
                                "[1,]",
                                "{\"a\"}",
                                "{\"a\":}",
                                "{\"a\":1,}",
                                "{a:1}",
                                "{1:1}",
                                "{\"a\" 1}",
                                "[1 2]",
                                "01",
                                "-",
                                "1.",
                                ".5",
                                "1e",
                                "+1",
                                "tru",
                                "nul",
                                "True",
                                "NaN",
                                "Infinity",
                                "-Infinity",
                                "\"",
                                "\"\\x\"",
                                "\"\\u12g4\"",
                                "\"\\u12",
                                "\"\\",
                                "\"a\nb\"",
                                "\"\x01\"",
                                "{} {}",
                                "1 1",
                                "'a'",
                                "//x\n1",
                                "{\"a\":1 \"b\":2}",
                                "\"\xff\"",
                                "\"\xc0\x80\"",
                                "\"\xed\xa0\x80\"",
                                "{\"a\":[}",
                                "truefalse",
                                "nullx"}) {
    EXPECT_NE(flaw(text), "") << text;
  }
}

TEST(JsonText, NamesThePlaceAndTheReason) {
  EXPECT_EQ(flaw("{\"a\": 1,}"), "8: there is a comma too many before this }");
  EXPECT_EQ(flaw("{\"a\": 1 \"b\": 2}"), "8: a comma or } is missing");
  EXPECT_EQ(flaw("{\"a\": \n // note\n 1}"), "8: comments are not part of JSON");
  EXPECT_EQ(flaw("{'a': 1}"), "1: strings take double quotes");
  EXPECT_EQ(flaw("{\"a\": {\"b\": 1"), "13: it ends before its last } is there");
  EXPECT_EQ(flaw("{\"a\": \"b\n}"), "6: a string is not closed on its line");
  EXPECT_EQ(flaw("{\"a\": \"C:\\Users\"}"),
            "9: a backslash in a string starts no known escape: write \\\\ for a plain one");
  EXPECT_EQ(flaw("[\n\n\"ok\",\n\"\xff\"]"), "9: it is not UTF-8");
}

TEST(JsonText, NonFiniteNumbersOnlyWhereAllowed) {
  EXPECT_EQ(flaw("[NaN,Infinity,-Infinity]", JsonNumbers::non_finite_too), "");
  EXPECT_NE(flaw("[nan]", JsonNumbers::non_finite_too), "");
  EXPECT_NE(flaw("[-NaN]", JsonNumbers::non_finite_too), "");
  EXPECT_NE(flaw("[Infinit]", JsonNumbers::non_finite_too), "");
}

TEST(JsonText, DepthIsBounded) {
  EXPECT_EQ(flaw(std::string(1024, '[') + std::string(1024, ']')), "");
  EXPECT_THAT(flaw(std::string(1025, '[') + std::string(1025, ']')), HasSubstr("nested"));
  EXPECT_THAT(flaw(std::string(5'000'000, '[')), HasSubstr("nested"));
  std::string objects;
  for (int i = 0; i < 2000; ++i)
    objects += "{\"a\":";
  EXPECT_THAT(flaw(objects), HasSubstr("nested"));
}

TEST(JsonText, WalksMembers) {
  EXPECT_THAT(members("{}"), ElementsAre());
  EXPECT_THAT(members("{ }"), ElementsAre());
  EXPECT_THAT(members(R"({"a":1,"b" : {"x":[1,"}"]} , "":null,"c":"\"{"})"),
              ElementsAre(Pair("a", "1"), Pair("b", R"({"x":[1,"}"]})"), Pair("", "null"),
                          Pair("c", R"("\"{")")));
  EXPECT_THAT(members(R"({"\u0061":1,"a":2})"), ElementsAre(Pair("a", "1"), Pair("a", "2")));
}

TEST(JsonText, FindsAMember) {
  EXPECT_EQ(json_member(R"({"a":1, "b" : [2] })", "b"), "[2]");
  EXPECT_EQ(json_member(R"({"a":1,"\u0061":{}})", "a"), "{}");
  EXPECT_EQ(json_member(R"({"a":1})", "b"), "");
  EXPECT_EQ(json_member(R"({"b":{"a":1}})", "a"), "");
  for (const char* other : {"", "[]", R"("a")", "null", R"(["a",1])"})
    EXPECT_EQ(json_member(other, "a"), "") << other;
}

TEST(JsonText, WalksElements) {
  EXPECT_THAT(elements("[]"), ElementsAre());
  EXPECT_THAT(elements("[ \n ]"), ElementsAre());
  EXPECT_THAT(elements(R"([1 ,"a,b]",[2,[3]],{"k":"]"},-1e5 , true])"),
              ElementsAre("1", R"("a,b]")", "[2,[3]]", R"({"k":"]"})", "-1e5", "true"));
}

TEST(JsonText, TypesAndStrings) {
  EXPECT_EQ(json_type("{}"), JsonType::object);
  EXPECT_EQ(json_type("[]"), JsonType::array);
  EXPECT_EQ(json_type("\"\""), JsonType::string);
  EXPECT_EQ(json_type("-1"), JsonType::number);
  EXPECT_EQ(json_type("false"), JsonType::boolean);
  EXPECT_EQ(json_type("null"), JsonType::null);
  EXPECT_EQ(json_string(R"("a\n\u00e9\ud83d\ude00")"), "a\né😀");
  EXPECT_EQ(json_trim(" \n{} \t"), "{}");
}

TEST(JsonText, CountsLines) {
  LineCounter lines("a\nb\n\nc");
  EXPECT_EQ(lines.line_at(0), 1U);
  EXPECT_EQ(lines.line_at(2), 2U);
  EXPECT_EQ(lines.line_at(5), 4U);
  EXPECT_EQ(lines.line_at(1), 1U);
  EXPECT_EQ(lines.line_at(100), 4U);
}

}  // namespace
}  // namespace headrace::discovery
