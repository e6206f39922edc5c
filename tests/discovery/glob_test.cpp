// Patterns of names.
#include <headrace/discovery/glob.hpp>

#include <string>

#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(matches_glob("", ""));
  EXPECT_TRUE(matches_glob("abc", "abc"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("*", "abc"));
  EXPECT_TRUE(matches_glob("a*c", "ac"));
  EXPECT_TRUE(matches_glob("a*c", "abcbc"));
  EXPECT_TRUE(matches_glob("*b*", "abc"));
  EXPECT_TRUE(matches_glob("a?c", "abc"));
  EXPECT_TRUE(matches_glob("a**?", "ab"));
  EXPECT_FALSE(matches_glob("", "a"));
  EXPECT_FALSE(matches_glob("abc", "abcd"));
  EXPECT_FALSE(matches_glob("a?c", "ac"));
  EXPECT_FALSE(matches_glob("a*d", "abc"));
  EXPECT_FALSE(matches_glob("?", ""));
  EXPECT_FALSE(matches_glob("A", "a"));
  EXPECT_TRUE(matches_glob("a[b]", "a[b]"));
}

TEST(Glob, ManyStarsTakeNoLonger) {
  std::string stars;
  for (int i = 0; i < 1000; ++i)
    stars += "*a";
  EXPECT_FALSE(matches_glob(stars + 'b', std::string(2000, 'a')));
}

}  // namespace
}  // namespace headrace::discovery
