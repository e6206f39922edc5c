// Variables and ~ in configured strings.
#include <headrace/discovery/expand.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Expansion expand(std::string_view text, std::size_t limit = 1000) {
  static const EnvironmentLookup lookup =
      test::variables({{"A", "1"}, {"LONG_name_2", "x y"}, {"EMPTY", ""}, {"REF", "${A}"}});
  const Variables variables{lookup};
  return expand_variables(text, variables, limit);
}

TEST(Expand, Variables) {
  EXPECT_EQ(expand("").text, "");
  EXPECT_EQ(expand("plain").text, "plain");
  EXPECT_EQ(expand("${A}").text, "1");
  EXPECT_EQ(expand("<${A}${LONG_name_2}>").text, "<1x y>");
  EXPECT_EQ(expand("${EMPTY}").text, "");
  EXPECT_EQ(expand("${REF}").text, "${A}");
}

TEST(Expand, Defaults) {
  EXPECT_EQ(expand("${A:-no}").text, "1");
  EXPECT_EQ(expand("${NONE:-yes}").text, "yes");
  EXPECT_EQ(expand("${EMPTY:-yes}").text, "yes");
  EXPECT_EQ(expand("${NONE:-}|").text, "|");
  EXPECT_EQ(expand("${NONE:-${A}}").text, "1");
  EXPECT_EQ(expand("${NONE:-${ALSO:-deep}}!").text, "deep!");
  EXPECT_EQ(expand("${NONE:-a:-b}").text, "a:-b");
  EXPECT_THAT(expand("${NONE:-yes}").missing, IsEmpty());
}

TEST(Expand, NamesWhatIsMissingOnce) {
  const Expansion result = expand("${NONE} ${ALSO} ${NONE}");
  EXPECT_THAT(result.missing, ElementsAre("NONE", "ALSO"));
  EXPECT_THAT(expand("${NONE:-${ALSO}}").missing, ElementsAre("ALSO"));
  EXPECT_THAT(expand("${A:-${ALSO}}").missing, IsEmpty());
}

TEST(Expand, LeavesEverythingElse) {
  for (std::string_view text : {"$", "$$", "$A", "${", "${}", "${A", "${A:", "${A:-x", "${1}",
                                "${A%x}", "${A-b}", "${ A}", "a$b{c}", "${.foo}", "}", "${A:+x}"}) {
    EXPECT_EQ(expand(text).text, text);
    EXPECT_THAT(expand(text).missing, IsEmpty()) << text;
  }
}

TEST(Expand, TwoDollarsEscape) {
  EXPECT_EQ(expand("$${A}").text, "${A}");
  EXPECT_EQ(expand("$${A} ${A}").text, "${A} 1");
  EXPECT_EQ(expand("$$A").text, "$$A");
}

TEST(Expand, IsBounded) {
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += "${LONG_name_2}";
  const Expansion result = expand(many, 100);
  EXPECT_TRUE(result.too_long);
  EXPECT_EQ(result.text.size(), 100U);
  EXPECT_FALSE(expand(std::string(100, 'x'), 100).too_long);

  std::string nested;
  for (int i = 0; i < 100'000; ++i)
    nested += "${N:-";
  nested += std::string(100'000, '}');
  EXPECT_LE(expand(nested).text.size(), 1000U);
}

TEST(Expand, WhatIsNeverClosedIsNotLookedThroughAgainAndAgain) {
  std::string open;
  std::string names;
  for (int i = 0; i < 50'000; ++i) {
    open += "${A:-";
    names += "${V" + std::to_string(i) + '}';
  }
  const EnvironmentLookup none = test::variables({});
  const Variables variables{none};
  EXPECT_TRUE(expand_variables(open, variables, 100'000).too_long);
  EXPECT_EQ(expand_variables(open, variables, 10'000'000).text, open);
  EXPECT_EQ(expand_variables(names, variables, 100).missing.size(), 20U);
  std::string nested(300'000, 'x');
  for (int i = 0; i < 16; ++i)
    nested = "${A:-" + nested + '}';
  EXPECT_EQ(expand_variables(nested, variables, 1'000'000).text, std::string(300'000, 'x'));
}

TEST(Expand, WithoutALookupNothingIsSet) {
  const EnvironmentLookup none;
  const Variables nothing{none};
  EXPECT_THAT(expand_variables("${A}", nothing, 10).missing, ElementsAre("A"));
}

TEST(Expand, Home) {
  EXPECT_EQ(expand_home("~", "/home/u"), "/home/u");
  EXPECT_EQ(expand_home("~/x", "/home/u/"), "/home/u/x");
  EXPECT_EQ(expand_home("~other/x", "/home/u"), "~other/x");
  EXPECT_EQ(expand_home("/a/~", "/home/u"), "/a/~");
  EXPECT_EQ(expand_home("", "/home/u"), "");
  EXPECT_EQ(expand_home("~/x", ""), "~/x");
  EXPECT_EQ(expand_home("~", "/"), "/");
}

Expansion expand_foreign(std::string_view text) {
  static const EnvironmentLookup lookup =
      test::variables({{"A", "1"}, {"MCP_INPUT_MY_KEY_2", "typed"}, {"userHome", "mine"}});
  static const std::vector<ConfigInput> inputs = {{"other", "", "preset"}, {"bare", "", {}}};
  Variables variables{lookup, "/home/u", "", inputs};
  variables.plain = true;
  variables.braces = true;
  return expand_variables(text, variables, 100);
}

TEST(Expand, PlainAndBracedVariablesWhereTheyAreUsual) {
  EXPECT_EQ(expand_foreign("$A-$A2-$-$$A").text, "1-$A2-$-$1");
  EXPECT_EQ(expand_foreign("{env:A}{x}{env:A").text, "1{x}{env:A");
  EXPECT_THAT(expand_foreign("{env:NONE}").missing, ElementsAre("NONE"));
  EXPECT_EQ(expand_foreign("${env:A}$${env:A}").text, "1${env:A}");
  EXPECT_EQ(expand("$A {env:A}").text, "$A {env:A}");
}

TEST(Expand, InputsComeFromTheEnvironmentThenFromTheirPreset) {
  EXPECT_EQ(input_variable("my-key.2é"), "MCP_INPUT_MY_KEY_2__");
  EXPECT_EQ(expand_foreign("<${input:my-key.2}>").text, "<typed>");
  EXPECT_EQ(expand_foreign("${input:other}").text, "preset");
  EXPECT_THAT(expand_foreign("${input:bare}${input:none}${input:bare}").missing_inputs,
              ElementsAre("bare", "none"));
}

TEST(Expand, PredefinedNamesAreBelowTheEnvironment) {
  EXPECT_EQ(expand_foreign("${userHome}${/}").text, "mine/");
  EXPECT_THAT(expand_foreign("${workspaceFolder}").missing, ElementsAre("workspaceFolder"));
  EXPECT_EQ(expand_foreign("${workspaceFolder:-here}").text, "here");
  EXPECT_EQ(expand("${userHome:-none}").text, "none");
}

TEST(Expand, WhatOnlyItsAgentResolvesIsNamed) {
  EXPECT_THAT(expand_foreign("${command:a.b}${config:c}${file:/d}{file:e}").unknown,
              ElementsAre("command:a.b", "config:c", "file:/d", "file:e"));
  EXPECT_EQ(expand_foreign("${command:open").text, "${command:open");
}

}  // namespace
}  // namespace headrace::discovery
