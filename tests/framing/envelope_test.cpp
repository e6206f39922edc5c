// Envelopes: kinds, slices, and everything that must not pass.
#include <headrace/framing/envelope.hpp>
#include <headrace/framing/structural_index.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "padded.hpp"

namespace headrace::framing {
namespace {

using test::Padded;

// An envelope together with what its views point into.
struct Parsed : Envelope {
  explicit Parsed(std::string_view text) : line(text) {
    static_cast<Envelope&>(*this) = parser.parse(line.text());
  }
  Padded line;
  EnvelopeParser parser;
};

Fault fault_of(std::string_view text) {
  const Parsed parsed(text);
  EXPECT_EQ(parsed.kind == Kind::invalid, parsed.fault != Fault::none) << text;
  if (parsed.kind == Kind::invalid) {
    EXPECT_EQ(parsed.body, "") << text;
  }
  return parsed.fault;
}

TEST(Envelope, ARequest) {
  const Parsed parsed(
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x","arguments":{}}})");
  EXPECT_EQ(parsed.kind, Kind::request);
  EXPECT_EQ(parsed.fault, Fault::none);
  EXPECT_TRUE(parsed.version_ok);
  EXPECT_EQ(parsed.id, "7");
  EXPECT_EQ(parsed.method, "tools/call");
  EXPECT_EQ(parsed.body, R"({"name":"x","arguments":{}})");
}

TEST(Envelope, ANotification) {
  const Parsed parsed(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  EXPECT_EQ(parsed.kind, Kind::notification);
  EXPECT_EQ(parsed.id, "");
  EXPECT_EQ(parsed.method, "notifications/initialized");
  EXPECT_EQ(parsed.body, "");
}

TEST(Envelope, AResultWithItsIdLast) {
  const Parsed parsed(R"({"result":{"id":1,"content":[{"text":"}{"}]},"jsonrpc":"2.0","id":"a"})");
  EXPECT_EQ(parsed.kind, Kind::result);
  EXPECT_EQ(parsed.id, R"("a")");
  EXPECT_EQ(parsed.method, "");
  EXPECT_EQ(parsed.body, R"({"id":1,"content":[{"text":"}{"}]})");
}

TEST(Envelope, AnErrorWithAndWithoutItsId) {
  EXPECT_EQ(Parsed(R"({"id":1,"error":{"code":-1}})").kind, Kind::error);
  EXPECT_EQ(Parsed(R"({"id":1,"error":{"code":-1}})").body, R"({"code":-1})");
  EXPECT_EQ(Parsed(R"({"id":null,"error":{}})").kind, Kind::error);
  EXPECT_EQ(Parsed(R"({"id":null,"error":{}})").id, "null");
  EXPECT_EQ(Parsed(R"({"error":{}})").kind, Kind::error);
}

TEST(Envelope, SpaceAroundEverything) {
  const Parsed parsed(
      " \t{ \"id\" : 7 , \"method\" : \"m\"\t, \"params\" :  [ 1 , 2 ]  , \"jsonrpc\" : \"2.0\" } "
      "\r");
  EXPECT_EQ(parsed.kind, Kind::request);
  EXPECT_TRUE(parsed.version_ok);
  EXPECT_EQ(parsed.id, "7");
  EXPECT_EQ(parsed.method, "m");
  EXPECT_EQ(parsed.body, "[ 1 , 2 ]");
}

TEST(Envelope, TheVersionIsReported) {
  EXPECT_TRUE(Parsed(R"({"jsonrpc":"2.0","method":"m"})").version_ok);
  EXPECT_FALSE(Parsed(R"({"jsonrpc":"1.0","method":"m"})").version_ok);
  EXPECT_FALSE(Parsed(R"({"jsonrpc":2.0,"method":"m"})").version_ok);
  EXPECT_FALSE(Parsed(R"({"method":"m"})").version_ok);
}

TEST(Envelope, IdsOfEveryKindAreEchoedByteForByte) {
  for (const char* id : {"0", "-1", "1.0", "1e3", "-0", "123456789012345678901234567890", R"("")",
                         R"("x y")", R"("\u00e9\n\"")", "\"\xC3\xA9\"", R"("1")"}) {
    const std::string line = R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":"m"})";
    const Parsed parsed(line);
    EXPECT_EQ(parsed.kind, Kind::request) << line;
    EXPECT_EQ(parsed.id, id);
  }
}

TEST(Envelope, WhatIsNoIdIsRefusedAndNotHandedOut) {
  for (const char* id : {"null", "true", "{}", "[1]", "NaN", "01", "1-2", R"("\q")"}) {
    const Parsed parsed(R"({"id":)" + std::string(id) + R"(,"method":"m"})");
    EXPECT_EQ(parsed.fault, Fault::bad_id) << id;
    EXPECT_EQ(parsed.kind, Kind::invalid);
    EXPECT_EQ(parsed.id, "");
    EXPECT_EQ(parsed.method, "m");
  }
  EXPECT_EQ(fault_of(R"({"result":1})"), Fault::bad_id);
  EXPECT_EQ(fault_of(R"({"id":null,"result":1})"), Fault::bad_id);
  EXPECT_EQ(fault_of(R"({"id":true,"error":1})"), Fault::bad_id);
}

TEST(Envelope, AnEscapedMethodIsUnescaped) {
  EXPECT_EQ(Parsed(R"({"id":1,"method":"tools\/call"})").method, "tools/call");
  EXPECT_EQ(Parsed(R"({"id":1,"method":"\u0074ools\u002Fcall"})").method, "tools/call");
}

TEST(Envelope, AMethodThatIsNoneIsRefused) {
  EXPECT_EQ(fault_of(R"({"id":1,"method":5})"), Fault::bad_method);
  EXPECT_EQ(fault_of(R"({"id":1,"method":null})"), Fault::bad_method);
  EXPECT_EQ(fault_of(R"({"id":1,"method":"\q"})"), Fault::bad_method);
  EXPECT_EQ(fault_of(R"({"method":["m"]})"), Fault::bad_method);
  std::string long_method;
  for (int i = 0; i < 5000; ++i)
    long_method += "\\/";
  EXPECT_EQ(fault_of("{\"method\":\"" + long_method + "\"}"), Fault::bad_method);
}

TEST(Envelope, EscapedKeys) {
  EXPECT_EQ(fault_of(R"({"\u0069d":1,"method":"m"})"), Fault::escaped_key);
  EXPECT_EQ(fault_of(R"({"id":1,"method":"m","x\ny":1})"), Fault::escaped_key);
  EXPECT_EQ(Parsed(R"({"id":1,"method":"m","x\ny":1})").id, "1");
  EXPECT_EQ(fault_of(R"({"id":1,"method":"m","params":{"x\ny":1}})"), Fault::none);
}

TEST(Envelope, RepeatedKeys) {
  for (const char* twice :
       {R"("jsonrpc":"2.0","jsonrpc":"2.0")", R"("id":2,"id":2)", R"("method":"a","method":"a")",
        R"("params":1,"params":1)", R"("result":1,"result":1)", R"("error":1,"error":1)"}) {
    EXPECT_EQ(fault_of("{" + std::string(twice) + ",\"id\":2,\"method\":\"m\"}"),
              Fault::repeated_key)
        << twice;
  }
  EXPECT_EQ(Parsed(R"({"id":1,"id":2,"method":"m"})").id, "");
  EXPECT_EQ(Parsed(R"({"id":1,"method":"a","method":"m"})").id, "1");
  EXPECT_EQ(Parsed(R"({"id":1,"method":"a","method":"m"})").method, "");
  EXPECT_EQ(fault_of(R"({"id":1,"method":"m","x":1,"x":2,"params":{"id":1,"id":1}})"), Fault::none);
}

TEST(Envelope, MoreThanOneKindOrNone) {
  EXPECT_EQ(fault_of(R"({"id":1,"method":"m","result":1})"), Fault::ambiguous);
  EXPECT_EQ(fault_of(R"({"id":1,"method":"m","error":1})"), Fault::ambiguous);
  EXPECT_EQ(fault_of(R"({"id":1,"result":1,"error":1})"), Fault::ambiguous);
  EXPECT_EQ(fault_of(R"({"id":1})"), Fault::no_kind);
  EXPECT_EQ(fault_of(R"({})"), Fault::no_kind);
  EXPECT_EQ(Parsed(R"({"id":1,"result":1,"error":1})").id, "1");
}

TEST(Envelope, ParamsBesideAResultAreIgnored) {
  EXPECT_EQ(Parsed(R"({"id":1,"result":2,"params":3})").body, "2");
  EXPECT_EQ(Parsed(R"({"id":1,"params":3,"result":2})").body, "2");
}

TEST(Envelope, NotAnObject) {
  EXPECT_EQ(fault_of("1"), Fault::not_object);
  EXPECT_EQ(fault_of("\"text\""), Fault::not_object);
  EXPECT_EQ(fault_of("null"), Fault::not_object);
  EXPECT_EQ(fault_of(" NaN "), Fault::not_object);
  EXPECT_EQ(fault_of("[]"), Fault::batch);
  EXPECT_EQ(fault_of(R"([{"id":1,"method":"m"}])"), Fault::batch);
}

TEST(Envelope, NotJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[",
                           "]",
                           "[INFO] starting",
                           "Server running on stdio",
                           "[1,2",
                           "[1]]",
                           "{]",
                           "[}",
                           R"({"a")",
                           R"({"a":)",
                           R"({"a":})",
                           R"({"a" 1})",
                           R"({"a":1 "b":2})",
                           R"({"a":1,})",
                           R"({,"a":1})",
                           R"({"a"::1})",
                           R"({"a":1}})",
                           R"({"a":1} x)",
                           R"({"result":[})",
                           R"({"result":[1}])",
                           R"({"result":{"a":1]})",
                           R"({"result":[1,]})",
                           R"({"result":[,1]})",
                           R"({"result":[1 2]})",
                           R"({"result":[{]}})",
                           R"({"result":{"a"}})",
                           R"({"result":{"a":}})",
                           R"({"result":{1:2}})",
                           R"({"result":{"a":1,}})",
                           R"({1:2})",
                           R"({"id":1}{"id":2})",
                           R"({"id":1} {"id":2})",
                           R"({"result":"open)",
                           R"({"result":"a\"})",
                           R"({"a":tru})",
                           R"({"a":truex})",
                           R"({"a":nul})",
                           R"({"a":falsey})",
                           R"({"a":nan})",
                           R"({"a":-})",
                           R"({"a":+1})",
                           R"({"a":.5})",
                           R"({"a":1x})",
                           R"({"a":0x10})",
                           R"({"a":-Inf})",
                           R"({"a":Infinit})",
                           R"({"a":'b'})",
                           R"({"a":"b"c})",
                           R"({"a":"b""c"})",
                           R"({"a":1"b"})",
                           R"({"a":[1"],["]})",
                           R"({"a":true"b"})",
                           R"({"a":1"b","c":"d"})",
                           R"({"a":1\"})",
                           R"({\"a":1})",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"\x01\"}",
                           "{\"a\":1\x0C}",
                           "{\"a\":\x1A}",
                           "{\"a\"\x1A 1}",
                           "{\"a\":1\x0C\"b\":2}",
                           "\xEF\xBB\xBF{}",
                           "{} \xC2\xA0"}) {
    EXPECT_EQ(fault_of(text), Fault::not_json) << text;
  }
}

TEST(Envelope, NotUtf8) {
  for (const char* bytes : {"\xFF", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    const std::string line = "{\"id\":1,\"result\":\"" + std::string(bytes) + "\"}";
    EXPECT_EQ(fault_of(line), Fault::not_json);
    EXPECT_EQ(Parsed(line).id, "1") << "whoever waits for it can be told";
  }
}

TEST(Envelope, AnIdThatIsNotUtf8IsNotHandedOut) {
  const Parsed parsed("{\"id\":\"\xFF\",\"result\":1}");
  EXPECT_EQ(parsed.fault, Fault::not_json);
  EXPECT_EQ(parsed.id, "");
}

TEST(Envelope, PythonsSpecialNumbersPass) {
  const Parsed parsed(R"({"id":1,"result":[NaN,Infinity,-Infinity,{"a":NaN}]})");
  EXPECT_EQ(parsed.kind, Kind::result);
  EXPECT_EQ(parsed.body, "[NaN,Infinity,-Infinity,{\"a\":NaN}]");
}

TEST(Envelope, BodiesOfEveryKind) {
  for (const char* body : {"1", "-1.5e+3", "true", "false", "null", R"("")", R"("\\")", "[]", "{}",
                           R"([[[]],{"a":{}}])", R"({"a":[1,{"b":null}],"c":"d"})"}) {
    const Parsed parsed(R"({"id":1,"result":)" + std::string(body) + "}");
    EXPECT_EQ(parsed.fault, Fault::none) << body;
    EXPECT_EQ(parsed.body, body);
  }
}

std::string nested(std::size_t depth) {
  return "{\"id\":1,\"result\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

TEST(Envelope, DepthHasALimit) {
  EXPECT_EQ(fault_of(nested(1023)), Fault::none);
  EXPECT_EQ(fault_of(nested(1024)), Fault::too_deep);
  EXPECT_EQ(Parsed(nested(1024)).id, "1");
  EXPECT_EQ(fault_of(std::string(1024, '[') + std::string(1024, ']')), Fault::batch);
  EXPECT_EQ(fault_of(std::string(1025, '[') + std::string(1025, ']')), Fault::too_deep);
  std::string objects;
  for (int i = 0; i < 100000; ++i)
    objects += "{\"a\":";
  EXPECT_EQ(fault_of(objects + "1" + std::string(100000, '}')), Fault::too_deep);
  EXPECT_EQ(fault_of("{\"id\":1,\"result\":" + std::string(2000000, '[')), Fault::not_json);
}

TEST(Envelope, ADamagedLineStillTellsWhoseItIs) {
  const Parsed parsed(R"({"id":"x","method":"a\/b","params":{]})");
  EXPECT_EQ(parsed.fault, Fault::not_json);
  EXPECT_EQ(parsed.id, R"("x")");
  EXPECT_EQ(parsed.method, "a/b");
}

TEST(Envelope, OneParserReadsManyLines) {
  EnvelopeParser parser;
  for (const std::size_t size : {10U, 100000U, 3000000U, 20U, 70U}) {
    const Padded line("{\"id\":1,\"result\":\"" + std::string(size, 'x') + "\"}");
    const Envelope envelope = parser.parse(line.text());
    EXPECT_EQ(envelope.kind, Kind::result);
    EXPECT_EQ(envelope.body.size(), size + 2);
    const Padded broken("{\"id\":1,");
    EXPECT_EQ(parser.parse(broken.text()).fault, Fault::not_json);
  }
}

TEST(StructuralIndex, GivesMemoryBackAfterAnOutlier) {
  StructuralIndex index;
  const Padded small("{}");
  const Padded large("\"" + std::string(std::size_t{2} << 20, 'x') + "\"");
  ASSERT_EQ(index.build(small.text()), Fault::none);
  index.trim();
  const std::size_t usual = index.capacity();
  EXPECT_GT(usual, 0U);
  ASSERT_EQ(index.build(large.text()), Fault::none);
  EXPECT_GE(index.capacity(), large.text().size());
  index.trim();
  EXPECT_EQ(index.capacity(), 0U);
  ASSERT_EQ(index.build(small.text()), Fault::none);
  EXPECT_EQ(index.capacity(), usual);
  EXPECT_EQ(index.size(), 2U);
  EXPECT_EQ(index.offsets()[2], 2U);
}

TEST(Fault, EveryOneIsDescribedDifferently) {
  std::vector<std::string> words;
  for (int i = 0; i <= static_cast<int>(Fault::too_large); ++i) {
    const std::string text = describe(static_cast<Fault>(i));
    for (const std::string& other : words)
      EXPECT_NE(text, other);
    words.push_back(text);
  }
}

}  // namespace
}  // namespace headrace::framing
