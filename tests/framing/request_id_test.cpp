// Ids: which are integers, and which are ids at all.
#include <headrace/framing/request_id.hpp>

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace headrace::framing {
namespace {

TEST(IntegerId, ReadsIntegersSpelledTheOneWay) {
  EXPECT_EQ(integer_id("0"), 0);
  EXPECT_EQ(integer_id("7"), 7);
  EXPECT_EQ(integer_id("-12"), -12);
  EXPECT_EQ(integer_id("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(integer_id("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
}

TEST(IntegerId, RefusesEverythingElse) {
  for (const char* raw :
       {"", "-", "-0", "00", "007", "-07", "+1", " 1", "1 ", "1.0", "1e3", "\"1\"", "null", "true",
        "9223372036854775808", "-9223372036854775809", "1a"}) {
    EXPECT_EQ(integer_id(raw), std::nullopt) << raw;
  }
}

TEST(ValidId, NumbersAndStrings) {
  for (const char* raw :
       {"0", "-0", "12", "-12", "1.5", "1e3", "1E-3", "0.25e+7", "99999999999999999999", "\"\"",
        "\"a\"", R"("a\"b")", R"("\u00e9\/")", "\"\xC3\xA9\""}) {
    EXPECT_TRUE(is_valid_id(raw)) << raw;
  }
}

TEST(ValidId, NothingElse) {
  for (const char* raw : {"",        "null",      "true",
                          "false",   "{}",        "[]",
                          "-",       "01",        "1.",
                          ".5",      "1e",        "1e+",
                          "NaN",     "Infinity",  "-Infinity",
                          "1 2",     " 1",        "\"",
                          "\"a",     "a\"",       "\"a\"b\"",
                          R"("\q")", R"("\u12")", R"("\")",
                          "\"\n\"",  "\"\xFF\"",  "\"\xED\xA0\x80\"",
                          "--1",     "1-2"}) {
    EXPECT_FALSE(is_valid_id(raw)) << raw;
  }
}

}  // namespace
}  // namespace headrace::framing
