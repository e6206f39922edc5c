// Arguments from the words of a command line.
#include <headrace/server/call_arguments.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

using testing::HasSubstr;

CallArguments read(const std::vector<std::string>& words, std::string_view schema = {}) {
  return arguments_from_words(words, schema);
}

TEST(CallArguments, AreNoneWithoutWords) {
  EXPECT_EQ(read({}).json, "{}");
}

TEST(CallArguments, AreAJsonObjectAsItIs) {
  EXPECT_EQ(read({R"( {"a": 1.50, "b": "ü\n"} )"}).json, R"({"a": 1.50, "b": "ü\n"})");
  EXPECT_EQ(arguments_from_json("{\n  \"a\": [1,\r\n 2]\n}\n").json, R"({   "a": [1,   2] })");
}

TEST(CallArguments, AreNamesAndValues) {
  EXPECT_EQ(read({"path=/tmp/x", "head=5", "all=true", "tags=[\"a\"]", "none=null"}).json,
            R"({"path":"/tmp/x","head":5,"all":true,"tags":["a"],"none":null})");
  EXPECT_EQ(read({"a=b=c", "empty=", "padded= 5", "quoted=\"5\"", "id=007"}).json,
            R"({"a":"b=c","empty":"","padded":5,"quoted":"5","id":"007"})");
  EXPECT_EQ(read({"gr\"uß=ü\n\x1b", "bad=\xff"}).json,
            "{\"gr\\\"uß\":\"ü\\n\\u001b\",\"bad\":\"\xEF\xBF\xBD\"}");
}

TEST(CallArguments, AreStringsWhereTheSchemaWantsThem) {
  constexpr std::string_view schema =
      R"({"type":"object","properties":{"query":{"type":"string"},"n":{"type":["string","number"]}}})";
  EXPECT_EQ(read({"query=2024", "n=5"}, schema).json, R"({"query":"2024","n":5})");
  EXPECT_EQ(read({"query=\"2024\""}, schema).json, R"({"query":"2024"})");
  EXPECT_EQ(read({"query={}"}, schema).json, R"({"query":"{}"})");
  for (const std::string_view odd :
       {"true", "{}", "[]", R"({"properties":true})", R"({"properties":{"query":true}})"})
    EXPECT_EQ(read({"query=5"}, odd).json, R"({"query":5})") << odd;
}

TEST(CallArguments, ThatCanNotBeReadSayWhy) {
  EXPECT_THAT(read({"{\"a\":}"}).error, HasSubstr("not valid JSON: at byte 6"));
  EXPECT_THAT(read({"{\"a\":NaN}"}).error, HasSubstr("not valid JSON"));
  EXPECT_THAT(read({"path"}).error, HasSubstr("'path' is neither name=value nor a JSON object"));
  EXPECT_THAT(read({"=5"}).error, HasSubstr("'=5' is neither"));
  EXPECT_THAT(read({"a=1", "{}"}).error, HasSubstr("'{}' is neither name=value nor, alone,"));
  EXPECT_THAT(read({"a=1", "a=2"}).error, HasSubstr("'a' is given twice"));
  EXPECT_THAT(arguments_from_json("[1]").error, HasSubstr("have to be a JSON object"));
  EXPECT_THAT(arguments_from_json(" \n").error, HasSubstr("no arguments"));
  EXPECT_THAT(arguments_from_json("{} {}").error, HasSubstr("not valid JSON"));
}

TEST(CallArguments, KeepNothingThatCouldSteerATerminal) {
  EXPECT_EQ(read({"\x1b[31m"}).error.find('\x1b'), std::string::npos);
  EXPECT_LT(read({std::string(100'000, 'x')}).error.size(), 200U);
}

}  // namespace
}  // namespace headrace::server
