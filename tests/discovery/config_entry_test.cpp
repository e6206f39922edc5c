// Single entries: what becomes a server, what a fault, and what would start ourselves.
#include <headrace/discovery/config_entry.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

struct Read {
  std::optional<ConfigEntry> entry;
  Faults faults;
  const ServerSpec& spec() const { return entry.value().spec; }
};

Read read(std::string_view json, bool allow_self = false, const std::string& name = "s",
          const Dialect& dialect = {}) {
  Read result;
  const std::string file = "f.json";
  const std::string text = "{\"servers\":{\"" + name + "\":\n" + std::string(json) + "}}";
  ConfigDocument document = read_json_config(text, file, result.faults);
  document.description = "of the file";
  document.inputs = {{"key", "the key", std::nullopt}, {"place", "", "here"}};
  const std::string home = "/home/u";
  const EnvironmentLookup lookup = test::variables({{"TOKEN", "secret"}, {"DIR", "/data"}});
  EntryContext context{file, document, lookup, home, allow_self, dialect};
  context.workspace = "/work space/project";
  context.read_file = [](const std::string& path, std::string& content, std::string& error) {
    content = "FROM=file\nBOTH=file\nPATHNAME=" + path;
    if (!path.ends_with("absent")) return true;
    error = "it is absent";
    return false;
  };
  result.entry = read_entry(document.entries.at(0), context, result.faults);
  return result;
}

std::string only_fault(std::string_view json) {
  const Read result = read(json);
  EXPECT_FALSE(result.entry.has_value()) << json;
  EXPECT_EQ(result.faults.size(), 1U) << json;
  if (result.faults.empty()) return "";
  EXPECT_EQ(result.faults[0].severity, Severity::error);
  return describe(result.faults[0]);
}

TEST(ConfigEntry, AllFields) {
  const Read result = read(R"({"command":"npx","args":["-y","${DIR}/x"],
    "env":{"T":"${TOKEN}","B":"2","A":"1"},"cwd":"~/w","description":"mine","unknown":[1]})");
  EXPECT_THAT(result.faults, IsEmpty());
  EXPECT_EQ(result.spec().name, "s");
  EXPECT_EQ(result.spec().command, "npx");
  EXPECT_THAT(result.spec().args, ElementsAre("-y", "/data/x"));
  EXPECT_THAT(result.spec().env, ElementsAre(Pair("T", "secret"), Pair("B", "2"), Pair("A", "1")));
  EXPECT_EQ(result.spec().cwd, "/home/u/w");
  EXPECT_EQ(result.spec().description, "mine");
  EXPECT_EQ(result.spec().source.file, "f.json");
  EXPECT_EQ(result.spec().source.entry, "s");
  EXPECT_EQ(result.entry->line, 2U);
}

TEST(ConfigEntry, OnlyACommandIsNeeded) {
  const Read result = read(R"({"command":"~/bin/server","args":null,"env":null,"cwd":null,
    "description":null,"disabled":null})");
  EXPECT_THAT(result.faults, IsEmpty());
  EXPECT_EQ(result.spec().command, "/home/u/bin/server");
  EXPECT_THAT(result.spec().args, IsEmpty());
  EXPECT_EQ(result.spec().cwd, "");
  EXPECT_EQ(result.spec().description, "of the file");
}

TEST(ConfigEntry, NumbersAndBooleansAreWhatTheyLookLike) {
  const Read result =
      read(R"({"command":"c","args":[8080,-1.50,true],"env":{"PORT":1,"ON":false}})");
  EXPECT_THAT(result.spec().args, ElementsAre("8080", "-1.50", "true"));
  EXPECT_THAT(result.spec().env, ElementsAre(Pair("PORT", "1"), Pair("ON", "false")));
}

TEST(ConfigEntry, TheLastOfARepeatedVariableCounts) {
  EXPECT_THAT(read(R"({"command":"c","env":{"A":"1","B":"2","A":"3"}})").spec().env,
              ElementsAre(Pair("A", "3"), Pair("B", "2")));
}

TEST(ConfigEntry, EachFaultSaysWhatAndWhere) {
  EXPECT_EQ(only_fault("5"), "f.json:2: server 's': it is not an object with a `command`");
  EXPECT_THAT(only_fault("{}"), HasSubstr("`command` is missing"));
  EXPECT_THAT(only_fault(R"({"command":null})"), HasSubstr("`command` is missing"));
  EXPECT_THAT(only_fault(R"({"command":[]})"), HasSubstr("`command` is not a string"));
  EXPECT_THAT(only_fault(R"({"command":["a",{}]})"), HasSubstr("`command[1]` is not a string"));
  EXPECT_THAT(only_fault(R"({"command":{"args":[]}})"), HasSubstr("`command` is missing"));
  EXPECT_THAT(only_fault(R"({"command":7})"), HasSubstr("`command` is not a string"));
  EXPECT_THAT(only_fault(R"({"command":""})"), HasSubstr("`command` is empty"));
  EXPECT_THAT(only_fault(R"({"command":"a\u0000b"})"), HasSubstr("`command` holds a NUL"));
  EXPECT_THAT(only_fault(R"({"command":"c","args":"-x"})"), HasSubstr("`args` is not an array"));
  EXPECT_EQ(only_fault("{\"command\":\"c\",\n\"args\":[\"a\",\n{}]}"),
            "f.json:4: server 's': `args[1]` is not a string");
  EXPECT_THAT(only_fault(R"({"command":"c","args":[null]})"), HasSubstr("`args[0]`"));
  EXPECT_THAT(only_fault(R"({"command":"c","args":["\u0000"]})"),
              HasSubstr("`args[0]` holds a NUL"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":"A=1"})"), HasSubstr("`env` is not an object"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":{"A":[]}})"),
              HasSubstr("`env.A` is not a string"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":{"A":"\u0000"}})"),
              HasSubstr("`env.A` holds a NUL"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":{"":"x"}})"), HasSubstr("a name in `env`"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":{"A=B":"x"}})"), HasSubstr("a name in `env`"));
  EXPECT_THAT(only_fault(R"({"command":"c","env":{"A\u0000":"x"}})"), HasSubstr("a name in `env`"));
  EXPECT_THAT(only_fault(R"({"command":"c","cwd":5})"), HasSubstr("`cwd` is not a string"));
}

TEST(ConfigEntry, ARemoteServerIsKeptWithTheReason) {
  const auto reason = [](std::string_view json) {
    const Read result = read(json);
    EXPECT_EQ(result.faults.size(), 1U) << json;
    EXPECT_EQ(result.faults.at(0).severity, Severity::warning);
    EXPECT_EQ(result.faults.at(0).message, result.entry.value().unreachable);
    EXPECT_EQ(result.entry->spec.source.entry, "s");
    return result.entry->unreachable;
  };
  EXPECT_THAT(reason(R"({"url":"https://u:pass@h.example.com:8/mcp?key=secret"})"),
              StartsWith("a remote server (`url`, h.example.com:8) is not reachable yet"));
  EXPECT_THAT(reason(R"({"type":"http","serverUrl":"x"})"), HasSubstr("(`serverUrl`)"));
  EXPECT_THAT(reason(R"({"httpUrl":"http://h/secret"})"), HasSubstr("(`httpUrl`, h)"));
  EXPECT_THAT(reason(R"({"url":"${BASE:-https://api.example.com}/mcp"})"),
              HasSubstr("(`url`, api.example.com)"));
  EXPECT_THAT(reason(R"({"url":"https://${HOST}/mcp"})"), HasSubstr("(`url`, ${HOST})"));
  EXPECT_THAT(reason(R"({"type":"ws"})"), HasSubstr("(`type` ws)"));
  EXPECT_THAT(reason(R"({"type":"sse"})"), HasSubstr("(`type` sse)"));
  EXPECT_THAT(reason(R"({"transport":"streamable-http"})"), HasSubstr("(`transport`"));
  EXPECT_EQ(read(R"({"url":"x","command":"c"})").entry.value().unreachable, "");
  Dialect foreign;
  foreign.own = false;
  EXPECT_EQ(read(R"({"url":"x"})", false, "s", foreign).faults.at(0).severity, Severity::info);
}

TEST(ConfigEntry, TheFormsOfOtherAgents) {
  EXPECT_THAT(read(R"({"type":"local","command":["npx","-y",1],"args":["z"],
                       "environment":{"A":"${DIR}"}})")
                  .spec(),
              AllOf(Field(&ServerSpec::command, "npx"),
                    Field(&ServerSpec::args, ElementsAre("-y", "1", "z")),
                    Field(&ServerSpec::env, ElementsAre(Pair("A", "/data")))));
  EXPECT_THAT(
      read(R"({"command":{"path":"~/zed","args":["x"],"env":{"A":"1"}}})").spec(),
      AllOf(Field(&ServerSpec::command, "/home/u/zed"), Field(&ServerSpec::args, ElementsAre("x")),
            Field(&ServerSpec::env, ElementsAre(Pair("A", "1")))));
  EXPECT_THAT(read(R"({"command":"c","env":["A=1","B=${TOKEN}=2"]})").spec().env,
              ElementsAre(Pair("A", "1"), Pair("B", "secret=2")));
  EXPECT_THAT(only_fault(R"({"command":"c","env":["A"]})"), HasSubstr("NAME=value"));
  EXPECT_THAT(read(R"({"command":"c","env_vars":["TOKEN","NONE",{"name":"DIR"},5,""],
                       "env":{"DIR":"own","GONE":null}})")
                  .spec()
                  .env,
              ElementsAre(Pair("TOKEN", "secret"), Pair("DIR", "own")));
  const Read extension = read(R"({"source":"extension","settings":{}})");
  EXPECT_THAT(extension.entry.value().unreachable, HasSubstr("an extension"));
}

TEST(ConfigEntry, TheEnvFileIsBelowEnv) {
  EXPECT_THAT(
      read(R"({"command":"c","envFile":"${DIR}/e","env":{"BOTH":"entry"}})").spec().env,
      ElementsAre(Pair("FROM", "file"), Pair("BOTH", "entry"), Pair("PATHNAME", "/data/e")));
  EXPECT_THAT(read(R"({"command":"c","envFile":"~/.env"})").spec().env,
              Contains(Pair("PATHNAME", "/home/u/.env")));
  EXPECT_THAT(only_fault(R"({"command":"c","envFile":"/absent"})"),
              HasSubstr("its `envFile` `/absent` cannot be read: it is absent"));
  EXPECT_THAT(only_fault(R"({"command":"c","envFile":7})"), HasSubstr("`envFile` is not a string"));
}

TEST(ConfigEntry, FilesThatValuesReferTo) {
  EXPECT_THAT(read(R"({"command":"c","args":["${file:/a}","x${file:~/b}"]})").spec().args,
              ElementsAre("FROM=file\nBOTH=file\nPATHNAME=/a",
                          "xFROM=file\nBOTH=file\nPATHNAME=/home/u/b"));
  EXPECT_THAT(only_fault(R"({"command":"c","args":["${file:/absent}"]})"),
              HasSubstr("`args[0]` needs the file `/absent`, which cannot be read: it is absent"));
  std::string many;
  for (int i = 0; i < 30; ++i)
    many += "${file:/f" + std::to_string(i) + "}${file:/f0}";
  EXPECT_EQ(read(R"({"command":"c","args":[")" + many + R"("]})").faults.size(), 10U);
}

TEST(ConfigEntry, Inputs) {
  EXPECT_THAT(read(R"({"command":"c","args":["${input:place}"]})").spec().args,
              ElementsAre("here"));
  EXPECT_EQ(
      only_fault(R"({"command":"c","env":{"A":"${input:key}"}})"),
      "f.json:2: server 's': `env.A` needs the input 'key' (the key), and nobody can be asked "
      "here: set the variable MCP_INPUT_KEY");
  EXPECT_THAT(only_fault(R"({"command":"c","args":["${command:pick}"]})"),
              HasSubstr("${command:pick}"));
}

TEST(ConfigEntry, PredefinedVariables) {
  EXPECT_THAT(read(R"({"command":"c","args":["${workspaceFolder}/x","${workspaceFolder:a}",
                       "${workspaceFolderBasename}","${userHome}${/}${pathSeparator}",
                       "${env:DIR}","${env:NONE:-y}"]})")
                  .spec()
                  .args,
              ElementsAre("/work space/project/x", "/work space/project", "project", "/home/u//",
                          "/data", "y"));
}

TEST(ConfigEntry, ToolRules) {
  const auto rules = [](std::string_view json) { return read(json).spec().tools; };
  EXPECT_EQ(rules(R"({"command":"c"})"), ToolRules{});
  EXPECT_EQ(rules(R"({"command":"c","alwaysAllow":["a"],"autoApprove":["b"]})"), ToolRules{});
  for (const char* key : {"disabledTools", "disabled_tools", "excludeTools"}) {
    const ToolRules some = rules(R"({"command":"c",")" + std::string(key) + R"(":["a","b"]})");
    EXPECT_THAT(some.disabled, ElementsAre("a", "b"));
    EXPECT_FALSE(allows_tool(some, "a"));
    EXPECT_TRUE(allows_tool(some, "c"));
  }
  for (const char* key : {"enabledTools", "enabled_tools", "includeTools"}) {
    const ToolRules some = rules(R"({"command":"c",")" + std::string(key) + R"j(":["a(x)","b"]})j");
    EXPECT_TRUE(allows_tool(some, "a"));
    EXPECT_FALSE(allows_tool(some, "c"));
  }
  EXPECT_TRUE(allows_tool(rules(R"({"command":"c","enabledTools":["*"]})"), "x"));
  EXPECT_FALSE(allows_tool(rules(R"({"command":"c","enabledTools":[]})"), "x"));
  EXPECT_FALSE(
      allows_tool(rules(R"({"command":"c","enabledTools":["x"],"disabledTools":["x"]})"), "x"));
  const ToolRules patterns =
      rules(R"({"command":"c","enabledTools":["read_*"],"disabledTools":["*_secret","x?"]})");
  EXPECT_TRUE(allows_tool(patterns, "read_file"));
  EXPECT_FALSE(allows_tool(patterns, "read_secret"));
  EXPECT_FALSE(allows_tool(patterns, "write_file"));
  Dialect with_tools;
  with_tools.tools_are_allowed = true;
  const auto named = [&](std::string_view json) {
    return read(json, false, "s", with_tools).spec().tools;
  };
  EXPECT_FALSE(allows_tool(named(R"({"command":"c","tools":["a"]})"), "b"));
  EXPECT_TRUE(allows_tool(named(R"({"command":"c","tools":["*"]})"), "b"));
  EXPECT_EQ(named(R"({"command":"c","tools":"*"})"), ToolRules{});
  EXPECT_EQ(rules(R"({"command":"c","tools":["a"]})"), ToolRules{});
  EXPECT_FALSE(allows_tool(rules(R"({"command":"c","enabledTools":"x"})"), "y"));
  EXPECT_FALSE(allows_tool(rules(R"({"command":"c","disabledTools":"*"})"), "y"));
  const Read odd = read(R"({"command":"c","enabledTools":5,"disabledTools":[1]})");
  EXPECT_TRUE(allows_tool(odd.spec().tools, "y"));
  EXPECT_EQ(odd.faults.size(), 2U);
}

TEST(ConfigEntry, RootsAreAbsolute) {
  const auto roots = [](std::string_view json) { return read(json).spec().roots; };
  EXPECT_THAT(roots(R"({"command":"c"})"), IsEmpty());
  EXPECT_THAT(roots(R"({"command":"c","roots":["/a b","file:///c"]})"),
              ElementsAre("/a b", "file:///c"));
  for (const char* odd : {R"("/a")", R"([7])", R"(["a/b"])", R"(["https://x"])"}) {
    const Read refused = read(R"({"command":"c","roots":)" + std::string(odd) + "}");
    EXPECT_FALSE(refused.entry) << odd;
    EXPECT_EQ(refused.faults.size(), 1U) << odd;
  }
}

TEST(ConfigEntry, TheEraOfItsProtocol) {
  const auto protocol = [](std::string_view json) { return read(json).spec().protocol; };
  EXPECT_EQ(protocol(R"({"command":"c"})"), Protocol::automatic);
  EXPECT_EQ(protocol(R"({"command":"c","protocol":"auto"})"), Protocol::automatic);
  EXPECT_EQ(protocol(R"({"command":"c","protocol":"legacy"})"), Protocol::legacy);
  EXPECT_EQ(protocol(R"({"command":"c","protocol":"modern"})"), Protocol::modern);
  for (const char* odd : {R"("old")", "7", "[]"}) {
    const Read read_odd = read(R"({"command":"c","protocol":)" + std::string(odd) + "}");
    EXPECT_EQ(read_odd.spec().protocol, Protocol::automatic);
    EXPECT_EQ(read_odd.faults.size(), 1U) << odd;
  }
}

TEST(ConfigEntry, TimeoutsInTheUnitOfTheFile) {
  using std::chrono::milliseconds;
  const auto times = [](std::string_view json, const Dialect& dialect = {}) {
    const ServerSpec spec = read(json, false, "s", dialect).spec();
    return std::pair(spec.start_timeout, spec.call_timeout);
  };
  const milliseconds none(0);
  Dialect in_ms;
  in_ms.timeout_unit = milliseconds(1);
  Dialect of_start = in_ms;
  of_start.timeout_is_for_start = true;
  EXPECT_EQ(times(R"({"command":"c","timeout":30})"), std::pair(none, milliseconds(30'000)));
  EXPECT_EQ(times(R"({"command":"c","timeout":1.5})"), std::pair(none, milliseconds(1500)));
  EXPECT_EQ(times(R"({"command":"c","timeout":"2m"})", in_ms),
            std::pair(none, milliseconds(120'000)));
  EXPECT_EQ(times(R"({"command":"c","timeout":5000})", in_ms), std::pair(none, milliseconds(5000)));
  EXPECT_EQ(times(R"({"command":"c","timeout":5000})", of_start),
            std::pair(milliseconds(5000), none));
  EXPECT_EQ(times(R"({"command":"c","timeout":{"startup":7,"request":8}})", of_start),
            std::pair(milliseconds(7), milliseconds(8)));
  EXPECT_EQ(times(R"({"command":"c","startup_timeout_sec":20,"tool_timeout_sec":60})", in_ms),
            std::pair(milliseconds(20'000), milliseconds(60'000)));
  EXPECT_EQ(times(R"({"command":"c","startup_timeout_ms":20})"), std::pair(milliseconds(20), none));
  EXPECT_EQ(times(R"({"command":"c","timeout":1e300})").second, std::chrono::hours(24));
  for (const char* odd : {"-1", "\"soon\"", "\"\"", "true", "[1]", "1e999", "\"5 parsecs\""}) {
    const Read result = read(R"({"command":"c","timeout":)" + std::string(odd) + '}');
    EXPECT_EQ(result.spec().call_timeout, none) << odd;
    ASSERT_EQ(result.faults.size(), 1U) << odd;
    EXPECT_EQ(result.faults[0].severity, Severity::warning);
  }
}

TEST(ConfigEntry, AVariableThatIsNotSetIsNamed) {
  const std::string fault = only_fault(R"({"command":"c","env":{"KEY":"${API_KEY}"}})");
  EXPECT_THAT(fault, HasSubstr("f.json:2: server 's': `env.KEY` needs the variable API_KEY"));
  EXPECT_THAT(fault, HasSubstr("${API_KEY:-default}"));
  EXPECT_THAT(only_fault(R"({"command":"${NONE}"})"), HasSubstr("the variable NONE"));
  EXPECT_THAT(only_fault(R"({"command":"c","cwd":"${NONE}/x"})"), HasSubstr("`cwd` needs"));
}

TEST(ConfigEntry, AllFaultsOfAnEntryAreReported) {
  EXPECT_EQ(read(R"({"command":"","args":[{},"${NONE}"],"env":5,"cwd":[]})").faults.size(), 5U);
}

TEST(ConfigEntry, ValuesOfTheEnvironmentStayOutOfFaults) {
  for (const Fault& fault : read(R"({"command":"c","env":{"A":"${TOKEN}${NONE}"}})").faults) {
    EXPECT_THAT(fault.message, testing::Not(HasSubstr("secret")));
  }
}

TEST(ConfigEntry, WhatNoProgramCanBeGivenIsAFault) {
  const std::string huge(200'000, 'x');
  EXPECT_THAT(only_fault(R"({"command":"c","args":[")" + huge + R"("]})"),
              HasSubstr("`args[0]` is longer"));
  std::string many = R"({"command":"c","args":[""])";
  many.pop_back();
  for (int i = 0; i < 30; ++i)
    many += ",\"" + std::string(100'000, 'x') + '"';
  EXPECT_THAT(only_fault(many + "]}"), HasSubstr("longer than a program can be given"));
}

TEST(ConfigEntry, DisabledIsANotice) {
  for (const char* json :
       {R"({"command":"c","disabled":true})", R"({"disabled":true})",
        R"({"command":"c","enabled":false})", R"({"command":"c","disabled":"True"})",
        R"({"command":"c","disabled":1})", R"({"command":"c","enabled":"false"})",
        R"({"command":"c","enabled":0})"}) {
    const Read result = read(json);
    ASSERT_TRUE(result.entry.has_value()) << json;
    EXPECT_TRUE(result.entry->disabled);
    ASSERT_EQ(result.faults.size(), 1U);
    EXPECT_EQ(result.faults[0].severity, Severity::info);
  }
  EXPECT_FALSE(read(R"({"command":"c","disabled":false,"enabled":true})").entry->disabled);
  EXPECT_FALSE(read(R"({"command":"c","disabled":"false","enabled":1})").entry->disabled);
  const Read odd = read(R"({"command":"c","disabled":"perhaps"})");
  EXPECT_FALSE(odd.entry->disabled);
  ASSERT_EQ(odd.faults.size(), 1U);
  EXPECT_EQ(odd.faults[0].severity, Severity::warning);
}

TEST(ConfigEntry, ADescriptionThatIsNoStringIsIgnored) {
  const Read result = read(R"({"command":"c","description":5})");
  EXPECT_EQ(result.spec().description, "of the file");
  ASSERT_EQ(result.faults.size(), 1U);
  EXPECT_EQ(result.faults[0].severity, Severity::warning);
}

TEST(SelfServer, IsRecognised) {
  EXPECT_TRUE(looks_like_self("MCP-Server-Code-Execution-Mode", "x", {}));
  EXPECT_TRUE(looks_like_self("mcp_server_code_execution_mode", "x", {}));
  EXPECT_TRUE(looks_like_self("Headrace", "x", {}));
  EXPECT_TRUE(looks_like_self("s", "/usr/bin/headrace", {}));
  EXPECT_TRUE(looks_like_self("s", "/opt/Headrace/", {}));
  EXPECT_TRUE(looks_like_self("s", "./my_mcp_server_code_execution_mode.py", {}));
  EXPECT_TRUE(looks_like_self("s", "python3", {"/x/mcp_server_code_execution_mode.py"}));
  EXPECT_TRUE(
      looks_like_self("s", "uvx", {"--from", "git+x", "mcp-server-code-execution-mode", "run"}));
  EXPECT_TRUE(
      looks_like_self("s", "uvx", {"--from", "https://h/u/MCP-server-code-execution-mode"}));
  EXPECT_TRUE(looks_like_self("s", "sh", {"headrace"}));
}

TEST(SelfServer, OthersAreNot) {
  EXPECT_FALSE(looks_like_self("headrace2", "my-headrace", {"--name=headrace"}));
  EXPECT_FALSE(looks_like_self("s", "/opt/headrace/bin/other", {}));
  EXPECT_FALSE(looks_like_self("", "", {""}));
}

TEST(SelfServer, WhatStandsBeforeAServerIsNot) {
  const std::string headrace = "/usr/bin/headrace";
  EXPECT_FALSE(looks_like_self("s", headrace, {"proxy", "--", "npx", "-y", "server"}));
  EXPECT_FALSE(looks_like_self("s", headrace, {"proxy", "--name", "headrace", "--", "npx"}));
  EXPECT_FALSE(looks_like_self("s", headrace, {"proxy", "--name=x", "npx", "server"}));
  EXPECT_FALSE(looks_like_self("s", headrace, {"proxy"}));
  EXPECT_TRUE(looks_like_self("s", headrace, {"proxy", "--", headrace}));
  EXPECT_TRUE(looks_like_self("s", headrace, {"proxy", "--", "uvx", "headrace", "gateway"}));
  EXPECT_TRUE(looks_like_self("s", headrace, {"gateway"}));
  EXPECT_TRUE(looks_like_self("headrace", headrace, {"proxy", "--", "npx"}));
}

TEST(SelfServer, IsSkippedWithANoticeUnlessAllowed) {
  for (const char* json :
       {R"({"command":"headrace"})", R"({"command":"uvx","args":["headrace","${NONE}"]})",
        R"({"command":"${X:-headrace}"})", R"({"command":["uvx","headrace"]})",
        R"({"command":{"path":"/opt/headrace"}})"}) {
    const Read result = read(json);
    EXPECT_FALSE(result.entry.has_value()) << json;
    ASSERT_EQ(result.faults.size(), 1U) << json;
    EXPECT_EQ(result.faults[0].severity, Severity::info);
    EXPECT_THAT(result.faults[0].message, HasSubstr("MCP_BRIDGE_ALLOW_SELF_SERVER"));
  }
  EXPECT_EQ(read(R"({"command":"headrace"})", true).spec().command, "headrace");
}

TEST(SameProcess, LooksAtWhatIsStarted) {
  ServerSpec a = read(R"({"command":"c","args":["x"],"env":{"A":"1"},"cwd":"/"})").spec();
  ServerSpec b = a;
  b.description = "other";
  b.alias = "t";
  EXPECT_NE(a, b);
  EXPECT_TRUE(same_process(a, b));
  b.env[0].second = "2";
  EXPECT_FALSE(same_process(a, b));
}

}  // namespace
}  // namespace headrace::discovery
