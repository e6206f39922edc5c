// How deep keys go: what counts, what doesn't, and that no depth ends the program.
#include <headrace/discovery/config_document.hpp>
#include <headrace/discovery/toml_depth.hpp>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i)
    result += text;
  return result;
}

TEST(TomlDepth, CountsDotsOfKeysAndHeaders) {
  EXPECT_EQ(find_deep_toml(""), std::nullopt);
  EXPECT_EQ(find_deep_toml("[a" + repeated(".a", kMaxTomlDots) + "]\n"), std::nullopt);
  EXPECT_EQ(find_deep_toml("x = 1\n[a" + repeated(".a", kMaxTomlDots + 1) + "]\n"), 2U);
  EXPECT_EQ(find_deep_toml("\n\na" + repeated(" . 'b'", kMaxTomlDots + 1) + " = 1"), 3U);
  EXPECT_EQ(find_deep_toml(repeated("a.b = 1\n", 5000)), std::nullopt);
}

TEST(TomlDepth, WhatStandsInBracketsIsOneStatement) {
  const std::string key = "a" + repeated(".a", kMaxTomlDots / 2);
  EXPECT_EQ(find_deep_toml("x = [\n{" + key + " = [\n{" + key + ".b = 1}]}]"), 3U);
  EXPECT_EQ(find_deep_toml("x = [\n{" + key + " = 1}]\ny = [\n{" + key + ".b = 1}]"), std::nullopt);
}

TEST(TomlDepth, StringsAndCommentsDoNotCount) {
  const std::string dots(kMaxTomlDots + 1, '.');
  for (const std::string& text :
       {"a = \"" + dots + "\"", "a = '" + dots + "'", "a = \"\"\"\n" + dots + "\"\"\"",
        "a = '''\n" + dots + "\n'''", "# " + dots, "a = \"\\\"" + dots + "\"",
        "a = \"\"\"\\\"\"\"" + dots + "\"\"\"\"\"", "a = '\\' # " + dots,
        "a = '''x'''''\nb = '" + dots + "'"}) {
    EXPECT_EQ(find_deep_toml(text), std::nullopt) << text.substr(0, 20);
  }
  EXPECT_EQ(find_deep_toml("a = \"\"\"x\"\"\"\"\"\nb." + dots), 2U);
  EXPECT_EQ(find_deep_toml("a = \"\"\nb." + dots), 2U);
  EXPECT_EQ(find_deep_toml("a = '\\'\nb." + dots), 2U);
}

TEST(TomlDepth, NoDepthEndsTheProgram) {
  const std::string dotted = repeated(".a", 200'000);
  for (const std::string& text : {"[mcp_servers" + dotted + "]", "mcp_servers" + dotted + " = 1",
                                  "x = [" + repeated("{a.b.c.d = [\n", 50'000)}) {
    Faults faults;
    EXPECT_FALSE(read_toml_config(text, "f.toml", faults).readable);
    EXPECT_EQ(faults.size(), 1U);
  }
  Faults faults;
  const std::string deepest = "[mcp_servers" + repeated(".a", kMaxTomlDots) + "]\n" + "b" +
                              repeated(".b", kMaxTomlDots) + " = 1\n";
  EXPECT_EQ(read_toml_config(deepest, "f.toml", faults).entries.size(), 1U);
  EXPECT_THAT(faults, testing::IsEmpty());
}

}  // namespace
}  // namespace headrace::discovery
