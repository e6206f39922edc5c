// Files of environment variables: which lines are variables, and what their values are.
#include <headrace/discovery/env_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(EnvFile, Lines) {
  EXPECT_THAT(parse_env_file("A=1\r\n\n# B=2\n  export C = x y  # why\nD=\nE=a#b=c\nlast=é"),
              ElementsAre(Pair("A", "1"), Pair("C", "x y"), Pair("D", ""), Pair("E", "a#b=c"),
                          Pair("last", "é")));
  EXPECT_THAT(parse_env_file("\xEF\xBB\xBF"
                             "A=1"),
              ElementsAre(Pair("A", "1")));
}

TEST(EnvFile, Quotes) {
  EXPECT_THAT(parse_env_file(R"(A="x # y" # z
B='a\n"$C"'
C="a\n\t\"\\\$\q"
D="one
two"
E='open
F=1)"),
              ElementsAre(Pair("A", "x # y"), Pair("B", "a\\n\"$C\""), Pair("C", "a\n\t\"\\$q"),
                          Pair("D", "one\ntwo"), Pair("E", "'open"), Pair("F", "1")));
}

TEST(EnvFile, WhatIsNoVariableIsLeftOut) {
  EXPECT_THAT(parse_env_file(""), IsEmpty());
  EXPECT_THAT(parse_env_file("novalue\n=x\n1A=x\nA B=x\nA\0B=x\n{\"json\": 1}\n \t\n"), IsEmpty());
}

}  // namespace
}  // namespace headrace::discovery
