// JSON laid out for people.
#include <headrace/framing/json_layout.hpp>

#include <algorithm>

#include <gtest/gtest.h>

namespace headrace::framing {
namespace {

TEST(JsonLayout, HasALineForEachMemberAndElement) {
  EXPECT_EQ(laid_out(R"({"a":1,"b":[true,null],"c":{}})"), R"({
  "a": 1,
  "b": [
    true,
    null
  ],
  "c": {}
})");
}

TEST(JsonLayout, IsTheSameHoweverItWasLaidOut) {
  const std::string once = laid_out("{\"a\" :\t[ ] ,\r\n\"b\": { \"c\" : 1.50e+3 } }");
  EXPECT_EQ(once, laid_out(once));
  EXPECT_EQ(once, laid_out(R"({"a":[],"b":{"c":1.50e+3}})"));
}

TEST(JsonLayout, LeavesStringsAlone) {
  EXPECT_EQ(laid_out(R"(["{\"a\": [1, 2]}", "\\", "ü :,"])"),
            "[\n  \"{\\\"a\\\": [1, 2]}\",\n  \"\\\\\",\n  \"ü :,\"\n]");
  EXPECT_EQ(laid_out(R"("[")"), R"("[")");
}

TEST(JsonLayout, OfDeepNestingIsNotTooWide) {
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  const std::string text = laid_out(deep);
  EXPECT_LT(text.size(), std::size_t{200} * 1000);
  EXPECT_EQ(std::count(text.begin(), text.end(), '['), 1000);
}

}  // namespace
}  // namespace headrace::framing
