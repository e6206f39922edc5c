// TOML configuration files.
#include <headrace/discovery/config_document.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

ConfigDocument read(std::string_view text, Faults& faults) {
  return read_toml_config(text, "f.toml", faults);
}

TEST(ConfigToml, ReadsServersInTheFilesOrder) {
  Faults faults;
  const ConfigDocument document = read(R"(
description = "all of them"
[mcp_servers.zeta]
command = "z"
args = ["-x", 8080, true, 1.5, 1.0]
[mcp_servers.zeta.env]
B = "1"
A = "2"
[mcp_servers.alpha]
command = "a"
)",
                                       faults);
  EXPECT_THAT(faults, IsEmpty());
  EXPECT_EQ(document.description, "all of them");
  ASSERT_EQ(document.entries.size(), 2U);
  EXPECT_EQ(document.entries[0].name, "zeta");
  EXPECT_EQ(document.entries[1].name, "alpha");
  const ConfigValue& zeta = document.entries[0].value;
  EXPECT_EQ(zeta.line, 3U);
  EXPECT_EQ(find_member(zeta, "command")->text, "z");
  const ConfigValue& args = *find_member(zeta, "args");
  ASSERT_EQ(args.items.size(), 5U);
  EXPECT_EQ(args.items[4].text, "1.0");
  EXPECT_EQ(args.items[1].text, "8080");
  EXPECT_EQ(args.items[2].text, "true");
  EXPECT_EQ(args.items[3].text, "1.5");
  const ConfigValue& env = *find_member(zeta, "env");
  ASSERT_EQ(env.members.size(), 2U);
  EXPECT_EQ(env.members[0].name, "B");
  EXPECT_EQ(env.members[1].value.text, "2");
}

TEST(ConfigToml, TheOtherSections) {
  for (std::string_view text :
       {"[mcpServers.a]\ncommand='x'", "[servers.a]\ncommand='x'", "[mcp.servers.a]\ncommand='x'",
        "[\"mcp.servers\".a]\ncommand='x'", "mcpServers = {a = {command='x'}}"}) {
    Faults faults;
    const ConfigDocument document = read(text, faults);
    EXPECT_THAT(faults, IsEmpty()) << text;
    ASSERT_EQ(document.entries.size(), 1U) << text;
    EXPECT_EQ(find_member(document.entries[0].value, "command")->text, "x");
  }
}

TEST(ConfigToml, SaysWhatIsWrongAndWhere) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[mcp_servers.a]\ncommand = \n", "f.toml:2: not valid TOML: "},
      {"[mcp_servers.a]\ncommand = 'x'\n[mcp_servers.a]\n", "f.toml:3: not valid TOML: "},
      {"", "no servers in it"},
      {"x = 1", "[mcp_servers.NAME]"},
      {"\nmcp_servers = 5", "f.toml:2: `mcp_servers` is not a table"},
      {"[mcp_servers.\xff]", "not valid TOML"},
      {"[[servers]]\nname = 'a'", "`servers` is not a table"},
      {std::string(1024 * 1024 + 1, '#'), "larger than the 1 MiB"},
      {"a = " + std::string(100'000, '['), "not valid TOML"},
  };
  for (const auto& [text, message] : cases) {
    Faults faults;
    EXPECT_THAT(read(text, faults).entries, testing::SizeIs(0));
    ASSERT_EQ(faults.size(), 1U) << message;
    EXPECT_THAT(describe(faults[0]), HasSubstr(message));
  }
}

TEST(ConfigToml, AnyCharacterMayStandInQuotes) {
  Faults faults;
  const ConfigDocument document = read(
      "\xEF\xBB\xBF# é \" ' \n[servers.\"é\"]\ncommand = 'ключ'\n"
      "args = [\"ü\\\"é\", \"\"\"\né \"\" é\\\n  éx\"\"\"\"\", '''é\n'é'~''', "
      "\"\\u00e9~\\u007Eab^\"]",
      faults);
  EXPECT_THAT(test::described(faults), IsEmpty());
  ASSERT_EQ(document.entries.size(), 1U);
  EXPECT_EQ(document.entries[0].name, "é");
  EXPECT_EQ(find_member(document.entries[0].value, "command")->text, "ключ");
  const ConfigValue& args = *find_member(document.entries[0].value, "args");
  ASSERT_EQ(args.items.size(), 4U);
  EXPECT_EQ(args.items[0].text, "ü\"é");
  EXPECT_EQ(args.items[1].text, "é \"\" ééx\"\"");
  EXPECT_EQ(args.items[2].text, "é\n'é'~");
  EXPECT_EQ(args.items[3].text, "é~~ab^");
}

TEST(ConfigToml, OutsideOfQuotesOnlyAscii) {
  for (std::string_view bad : {"\nключ = 1", "\na = é", "\né", "\n[\u013E]", "\naé = 1",
                               "\na = [0q'qé']", "\n[servers.é]", "a = 'x' # é\né=1"}) {
    Faults faults;
    EXPECT_THAT(read(bad, faults).entries, testing::SizeIs(0));
    ASSERT_EQ(faults.size(), 1U) << bad;
    EXPECT_THAT(describe(faults[0]), HasSubstr("f.toml:2: not valid TOML: ")) << bad;
    EXPECT_THAT(describe(faults[0]), HasSubstr("belongs into quotes")) << bad;
  }
}

TEST(ConfigToml, EscapesForEveryMarkAreRefused) {
  std::string text = "a = \"";
  for (const char* code : {"7E", "5E", "7C", "40", "25", "26", "21", "24", "2A", "3F", "3B", "3C",
                           "3E", "2F", "28", "29"}) {
    text += std::string("\\u00") + code;
  }
  Faults faults;
  read(text + "\"", faults);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_THAT(faults[0].message, HasSubstr("numeric escapes"));
}

TEST(ConfigToml, DatesAreNoStrings) {
  Faults faults;
  const ConfigDocument document = read("[servers.a]\ncommand = 2020-01-01", faults);
  EXPECT_EQ(find_member(document.entries.at(0).value, "command")->kind, ConfigValue::Kind::other);
}

}  // namespace
}  // namespace headrace::discovery
