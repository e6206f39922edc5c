// Writing JSON: escaping, commas, numbers, and reading strings back.
#include <headrace/framing/json_writer.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace headrace::framing {
namespace {

using namespace std::string_view_literals;

std::string as_json(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string unescaped(std::string_view raw) {
  std::string out = "before ";
  EXPECT_TRUE(append_unescaped(out, raw)) << raw;
  return out.substr(7);
}

TEST(AppendQuoted, EscapesWhatJsonRequiresAndNothingElse) {
  EXPECT_EQ(as_json(""), R"("")");
  EXPECT_EQ(as_json("plain / text"), R"("plain / text")");
  EXPECT_EQ(as_json("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
  EXPECT_EQ(as_json("\x00\x01\x1f\x7f"sv), "\"\\u0000\\u0001\\u001f\x7f\"");
}

TEST(AppendQuoted, FindsAnEscapeAtEveryPlaceOfALongRun) {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    text[at] = '\n';
    std::string expected = "\"" + text + "\"";
    expected.replace(at + 1, 1, "\\n");
    EXPECT_EQ(as_json(text), expected);
  }
}

TEST(AppendQuoted, KeepsUtf8) {
  EXPECT_EQ(as_json("é€😀"), "\"é€😀\"");
  EXPECT_EQ(as_json("\u2028\u2029"), "\"\u2028\u2029\"");
  EXPECT_EQ(as_json("\uFFFF\U0010FFFF\u0080\uD7FF\uE000"),
            "\"\uFFFF\U0010FFFF\u0080\uD7FF\uE000\"");
}

TEST(AppendQuoted, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(as_json("a\xFFz"), "\"a\uFFFDz\"");
  EXPECT_EQ(as_json("\xC3"), "\"\uFFFD\"");                       // cut short
  EXPECT_EQ(as_json("\xE2\x82"), "\"\uFFFD\uFFFD\"");             // cut short
  EXPECT_EQ(as_json("\xC0\xAF"), "\"\uFFFD\uFFFD\"");             // overlong
  EXPECT_EQ(as_json("\xE0\x80\xAF"), "\"\uFFFD\uFFFD\uFFFD\"");   // overlong
  EXPECT_EQ(as_json("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");   // a surrogate
  EXPECT_EQ(as_json("\xF4\x90\x80\x80").size(), 2U + 4 * 3);      // over U+10FFFF
  EXPECT_EQ(as_json("\xF0\x8F\xBF\xBF").size(), 2U + 4 * 3);      // overlong
  EXPECT_EQ(as_json("\xF8\x88\x80\x80\x80").size(), 2U + 5 * 3);  // no such length
  EXPECT_EQ(as_json("\xC3\"\x80"), "\"\uFFFD\\\"\uFFFD\"");
}

TEST(AppendUnescaped, ReadsEveryEscape) {
  EXPECT_EQ(unescaped(R"("tools\/call")"), "tools/call");
  EXPECT_EQ(unescaped(R"(tools\/call)"), "tools/call");
  EXPECT_EQ(unescaped(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescaped(R"("\u0041\u00e9\u20AC")"), "Aé€");
  EXPECT_EQ(unescaped(R"("\u0000")"), "\0"sv);
  EXPECT_EQ(unescaped(R"("\uD83D\uDE00")"), "😀");
  EXPECT_EQ(unescaped("\"\""), "");
  EXPECT_EQ(unescaped(""), "");
}

TEST(AppendUnescaped, ALoneSurrogateIsReplaced) {
  EXPECT_EQ(unescaped(R"("\uD83D")"), "\uFFFD");
  EXPECT_EQ(unescaped(R"("\uD83Dx")"), "\uFFFDx");
  EXPECT_EQ(unescaped(R"("\uDE00\uD83D")"), "\uFFFD\uFFFD");
  EXPECT_EQ(unescaped(R"("\uD83D\uD83D\uDE00")"), "\uFFFD😀");
  EXPECT_EQ(unescaped(R"("\uD83D\n")"), "\uFFFD\n");
}

TEST(AppendUnescaped, WhatIsNoStringLeavesTheOutputAlone) {
  for (const std::string_view raw :
       {"\""sv, "\"a"sv, R"("\")"sv, R"(\)"sv, R"("\q")"sv, R"("\u12")"sv, R"("\u12g4")"sv,
        R"("\uD83D\u12")"sv, "\"a\nb\""sv, "\"a\"b\""sv, "a\"b"sv, "\x01"sv}) {
    std::string out = "kept";
    EXPECT_FALSE(append_unescaped(out, raw)) << raw;
    EXPECT_EQ(out, "kept");
  }
}

TEST(AppendUnescaped, UndoesAppendQuoted) {
  std::string text;
  for (int c = 0; c < 128; ++c)
    text += static_cast<char>(c);
  text += "é€😀";
  EXPECT_EQ(unescaped(as_json(text)), text);
}

TEST(JsonWriter, PutsCommasInTheirPlaces) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().member("a", 1).key("b").begin_array().value(1).value("x").begin_object();
  writer.end_object().begin_array().end_array().null().end_array().raw_member("c", "[1, 2]");
  writer.key("d").begin_object().member("e", true).end_object().member("f", false).end_object();
  EXPECT_EQ(out, R"({"a":1,"b":[1,"x",{},[],null],"c":[1, 2],"d":{"e":true},"f":false})");
}

TEST(JsonWriter, AppendsToWhatIsThere) {
  std::string out = "x=";
  JsonWriter(out).value("y");
  EXPECT_EQ(out, "x=\"y\"");
}

TEST(JsonWriter, WritesEveryKindOfNumber) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_array().value(std::numeric_limits<std::int64_t>::min());
  writer.value(std::numeric_limits<std::uint64_t>::max()).value(std::uint8_t{200});
  writer.value(-0.5).value(1e300).value(0.1).value(-0.0).end_array();
  EXPECT_EQ(out, "[-9223372036854775808,18446744073709551615,200,-0.5,1e+300,0.1,-0]");
}

TEST(JsonWriter, NonFiniteNumbersAreNull) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_array().value(std::nan("")).value(HUGE_VAL).value(-HUGE_VAL).end_array();
  EXPECT_EQ(out, "[null,null,null]");
}

TEST(JsonWriter, TakesTextInEveryForm) {
  std::string out;
  JsonWriter writer(out);
  const char* const pointer = "p";
  writer.begin_object().member("a", "literal").member("b", std::string("s")).member("c", pointer);
  writer.member("d", "v"sv).member("quote\"", "line\n").end_object();
  EXPECT_EQ(out, R"({"a":"literal","b":"s","c":"p","d":"v","quote\"":"line\n"})");
}

TEST(JsonWriter, AnEmptyRawValueIsNull) {
  std::string out;
  JsonWriter(out).begin_object().raw_member("params", "").end_object();
  EXPECT_EQ(out, R"({"params":null})");
}

}  // namespace
}  // namespace headrace::framing
