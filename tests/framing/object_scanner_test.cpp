// Looking up members of an object.
#include <headrace/framing/envelope.hpp>
#include <headrace/framing/object_scanner.hpp>

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "padded.hpp"

namespace headrace::framing {
namespace {

using test::Padded;

TEST(ObjectScanner, FindsMembersAndLeavesTheAbsentEmpty) {
  const Padded object(
      R"( {"server" : "fs", "tool":"read" ,"arguments": {"tool":1, "a":[1, 2]} } )");
  std::array<Member, 4> wanted{{{"arguments"}, {"server"}, {"tool"}, {"missing"}}};
  ObjectScanner scanner;
  ASSERT_EQ(scanner.scan_members(object.text(), wanted), Fault::none);
  EXPECT_EQ(wanted[0].value, R"({"tool":1, "a":[1, 2]})");
  EXPECT_EQ(wanted[1].value, R"("fs")");
  EXPECT_EQ(wanted[2].value, R"("read")");
  EXPECT_EQ(wanted[3].value, "");
}

TEST(ObjectScanner, TheTokensOfAMessageSayTheSameAsItsText) {
  EnvelopeParser parser;
  ObjectScanner scanner;
  for (const char* params :
       {R"({"a":1,"b":{"a":[2,{"b":3}]},"c":"}"})", R"( { "b" : [ ] , "a" : "x" } )", "{}",
        R"({"a":{}})", R"({"a":1,"a":2})", R"({"\u0061":1,"b":2})", "[1,2]", "[]", "5", R"("a")",
        "null", R"({"a":[[[]]],"b":-1.5e3})"}) {
    for (const char* behind : {"}", R"(,"id":1})", R"(,"x":{"a":7}})"}) {
      const Padded line(R"({"jsonrpc":"2.0","method":"m","params":)" + std::string(params) +
                        behind);
      const Envelope envelope = parser.parse(line.text());
      ASSERT_EQ(envelope.fault, Fault::none) << line.text();
      ASSERT_NE(envelope.body_tokens.first, nullptr);
      std::array<Member, 2> along{{{"a"}, {"b"}}};
      std::array<Member, 2> anew{{{"a"}, {"b"}}};
      EXPECT_EQ(scanner.scan_members(envelope.body, along, envelope.body_tokens),
                scanner.scan_members(envelope.body, anew))
          << line.text();
      for (std::size_t i = 0; i < along.size(); ++i)
        EXPECT_EQ(along[i].value, anew[i].value) << line.text();
    }
  }
}

TEST(ObjectScanner, ALargeMessageHasNoTokensLeft) {
  const std::string text(std::size_t{3} << 20, 'x');
  const Padded line(R"({"jsonrpc":"2.0","method":"m","params":{"a":")" + text + R"("}})");
  EnvelopeParser parser;
  const Envelope envelope = parser.parse(line.text());
  ASSERT_EQ(envelope.fault, Fault::none);
  EXPECT_EQ(envelope.body_tokens.first, nullptr);
  std::array<Member, 1> wanted{{{"a"}}};
  ObjectScanner scanner;
  EXPECT_EQ(scanner.scan_members(envelope.body, wanted, envelope.body_tokens), Fault::none);
  EXPECT_EQ(wanted[0].value.size(), text.size() + 2);
}

TEST(ObjectScanner, ValuesOfALastScanAreForgotten) {
  ObjectScanner scanner;
  std::array<Member, 1> wanted{{{"a"}}};
  const Padded first(R"({"a":1})");
  ASSERT_EQ(scanner.scan_members(first.text(), wanted), Fault::none);
  EXPECT_EQ(wanted[0].value, "1");
  const Padded second(R"({})");
  ASSERT_EQ(scanner.scan_members(second.text(), wanted), Fault::none);
  EXPECT_EQ(wanted[0].value, "");
}

TEST(ObjectScanner, EveryKindOfValue) {
  const Padded object(R"({"a":null,"b":-1.5e3,"c":true,"d":[],"e":{},"f":"\"}","g":NaN})");
  std::array<Member, 7> wanted{{{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}, {"g"}}};
  ObjectScanner scanner;
  ASSERT_EQ(scanner.scan_members(object.text(), wanted), Fault::none);
  EXPECT_EQ(wanted[0].value, "null");
  EXPECT_EQ(wanted[1].value, "-1.5e3");
  EXPECT_EQ(wanted[2].value, "true");
  EXPECT_EQ(wanted[3].value, "[]");
  EXPECT_EQ(wanted[4].value, "{}");
  EXPECT_EQ(wanted[5].value, R"("\"}")");
  EXPECT_EQ(wanted[6].value, "NaN");
}

Fault scan(std::string_view text) {
  const Padded object(text);
  std::array<Member, 2> wanted{{{"a"}, {"é"}}};
  ObjectScanner scanner;
  const Fault fault = scanner.scan_members(object.text(), wanted);
  if (fault != Fault::none) {
    EXPECT_EQ(wanted[0].value, "") << text;
    EXPECT_EQ(wanted[1].value, "") << text;
  }
  return fault;
}

TEST(ObjectScanner, RepeatedOrEscapedWantedKeysAreFaults) {
  EXPECT_EQ(scan(R"({"a":1,"b":2,"a":3})"), Fault::repeated_key);
  EXPECT_EQ(scan(R"({"\u0061":1})"), Fault::escaped_key);
  EXPECT_EQ(scan(R"({"\u00e9":1})"), Fault::escaped_key);
  EXPECT_EQ(scan(R"({"a":1,"\u0061":1})"), Fault::escaped_key);
}

TEST(ObjectScanner, OtherKeysMayBeEither) {
  EXPECT_EQ(scan(R"({"b":1,"b":2,"\u0062":3,"\u00e9\"":4,"\q":5,"a":6})"), Fault::none);
}

TEST(ObjectScanner, WhatIsNoObject) {
  EXPECT_EQ(scan(""), Fault::not_object);
  EXPECT_EQ(scan("1"), Fault::not_object);
  EXPECT_EQ(scan("\"{}\""), Fault::not_object);
  EXPECT_EQ(scan("[1]"), Fault::batch);
  EXPECT_EQ(scan("{"), Fault::not_json);
  EXPECT_EQ(scan("{\"a\":1}x"), Fault::not_json);
  EXPECT_EQ(scan("{\"a\":1,\"b\":[}"), Fault::not_json);
  EXPECT_EQ(scan(" "), Fault::not_json);
}

TEST(ObjectScanner, NoMoreThanTheSliceIsRead) {
  // A slice in the middle of a frame: what follows it would change its meaning.
  const Padded frame(R"({"params":{"a":1,"b":2},"x":3})");
  std::array<Member, 1> wanted{{{"x"}}};
  ObjectScanner scanner;
  ASSERT_EQ(scanner.scan_members(frame.text().substr(10, 13), wanted), Fault::none);
  EXPECT_EQ(wanted[0].value, "");
  EXPECT_EQ(scanner.scan_members(frame.text().substr(10, 12), wanted), Fault::not_json);
}

}  // namespace
}  // namespace headrace::framing
