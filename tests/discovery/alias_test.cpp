// Aliases: the rules that users of the existing bridge rely on, and that no two are the same.
#include <headrace/discovery/alias.hpp>

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

using testing::ElementsAre;

std::vector<std::string> tools(std::vector<std::string_view> names) {
  return unique_aliases(names, tool_alias);
}

std::vector<std::string> servers(std::vector<std::string_view> names) {
  return unique_aliases(names, server_alias);
}

TEST(Alias, OfAServer) {
  EXPECT_EQ(server_alias("filesystem"), "filesystem");
  EXPECT_EQ(server_alias("My Server"), "my_server");
  EXPECT_EQ(server_alias("a--b..c"), "a_b_c");
  EXPECT_EQ(server_alias("a-_-b"), "a___b");
  EXPECT_EQ(server_alias("7zip"), "_7zip");
  EXPECT_EQ(server_alias(""), "server");
  EXPECT_EQ(server_alias("日本"), "_");
  EXPECT_EQ(server_alias("Zürich"), "z_rich");
  EXPECT_EQ(server_alias("import"), "import");
  EXPECT_EQ(server_alias("@scope/name"), "_scope_name");
}

TEST(Alias, OfAServerIsNotThatOfAllServers) {
  EXPECT_EQ(server_alias("servers"), "servers_");
  EXPECT_EQ(server_alias("Servers"), "servers_");
  EXPECT_THAT(servers({"servers", "Servers", "servers_"}),
              ElementsAre("servers__2", "servers__3", "servers_"));
}

TEST(Alias, OfATool) {
  EXPECT_EQ(tool_alias("list-files"), "list_files");
  EXPECT_EQ(tool_alias("getIssue"), "getissue");
  EXPECT_EQ(tool_alias("  padded\t"), "padded");
  EXPECT_EQ(tool_alias(""), "tool");
  EXPECT_EQ(tool_alias("   "), "tool");
  EXPECT_EQ(tool_alias("2fa"), "_2fa");
  EXPECT_EQ(tool_alias("import"), "import_");
  EXPECT_EQ(tool_alias("Class"), "class_");
  EXPECT_EQ(tool_alias("match"), "match");
  EXPECT_EQ(tool_alias("none"), "none");
  EXPECT_EQ(tool_alias(std::string_view("a\0b", 3)), "a_b");
}

TEST(Alias, OfAToolIsNoAttributeThatEveryObjectHas) {
  EXPECT_EQ(tool_alias("__init__"), "init__");
  EXPECT_EQ(tool_alias("__getattr__"), "getattr__");
  EXPECT_EQ(tool_alias("__import"), "import_");
  EXPECT_EQ(tool_alias("__2fa"), "_2fa");
  EXPECT_EQ(tool_alias("___"), "tool");
  EXPECT_EQ(tool_alias("_repr_html_"), "repr_html_");
  EXPECT_EQ(tool_alias("_ipython_display_"), "ipython_display_");
  EXPECT_EQ(tool_alias("_name"), "name");
  EXPECT_EQ(tool_alias("_private"), "_private");
  EXPECT_EQ(tool_alias("list_tools"), "list_tools_");
  EXPECT_EQ(tool_alias("日本"), "_");
  EXPECT_THAT(tools({"日本", "한국", "2"}), ElementsAre("_", "_2", "_2_2"));
  EXPECT_THAT(servers({"日本", "한국"}), ElementsAre("_", "__2"));
  EXPECT_THAT(tools({"__init__", "init__", "__INIT__"}),
              ElementsAre("init___2", "init__", "init___3"));
}

TEST(Alias, Keywords) {
  for (const char* word : {"False", "None", "True", "and", "async", "await", "def", "yield"}) {
    EXPECT_TRUE(is_python_keyword(word)) << word;
  }
  for (const char* word : {"", "match", "type", "print", "Async", "_"}) {
    EXPECT_FALSE(is_python_keyword(word)) << word;
  }
}

TEST(Alias, SecondOnesAreCounted) {
  EXPECT_THAT(servers({"My Server", "my-server", "MY.SERVER"}),
              ElementsAre("my_server", "my_server_2", "my_server_3"));
  EXPECT_THAT(tools({"a.b", "a/b", "other"}), ElementsAre("a_b", "a_b_2", "other"));
}

TEST(Alias, ANameThatIsItsOwnAliasKeepsIt) {
  EXPECT_THAT(tools({"a-b", "a_b"}), ElementsAre("a_b_2", "a_b"));
  EXPECT_THAT(tools({"x.y", "x/y", "x_y_2"}), ElementsAre("x_y", "x_y_3", "x_y_2"));
  EXPECT_THAT(tools({"import", "import_"}), ElementsAre("import__2", "import_"));
}

TEST(Alias, TheSameNameTwiceStillGetsTwo) {
  EXPECT_THAT(tools({"a", "a", "a"}), ElementsAre("a", "a_2", "a_3"));
}

TEST(Alias, ThousandsOfEqualOnesAreUniqueAndQuick) {
  std::vector<std::string> names;
  for (int i = 0; i < 50'000; ++i) {
    names.push_back(std::string(static_cast<std::size_t>(i % 200 + 1), '!') +
                    std::string(1, static_cast<char>(0x80 + i % 100)) +
                    std::string(static_cast<std::size_t>(i / 20'000), '?'));
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::vector<std::string> aliases = unique_aliases(views, tool_alias);
  EXPECT_EQ(std::set<std::string>(aliases.begin(), aliases.end()).size(), names.size());
}

}  // namespace
}  // namespace headrace::discovery
