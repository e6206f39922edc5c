// The files of other agents, as their documentation has them: where they lie and what they say.
#include <headrace/discovery/sources.hpp>
#include <headrace/discovery/workspace_trust.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

class AgentsTest : public testing::Test {
 protected:
  AgentsTest() {
    std::filesystem::create_directories(project);
    options.home = home;
    options.workspace = project;
    options.others = all_sources();
    options.environment = test::variables({{"TOKEN", "secret"}});
    options.platform = Platform::linux_like;
  }

  // What is found when this file of the home folder is all there is.
  ServerSpec only_server(std::string_view file, std::string_view content) {
    dir.write("home/" + std::string(file), content);
    const Discovery found = discover(options);
    EXPECT_THAT(test::described(found.faults), IsEmpty());
    EXPECT_EQ(found.servers.size(), 1U);
    if (found.servers.empty()) return {};
    EXPECT_EQ(found.servers[0].source.file, home + '/' + std::string(file));
    return found.servers[0];
  }
  void trust(const std::string& folder) {
    std::string error;
    EXPECT_TRUE(trust_workspace(trust_file(home, options.environment), folder, error)) << error;
  }
  static std::vector<std::string> names(const Discovery& found) {
    std::vector<std::string> result;
    for (const ServerSpec& server : found.servers)
      result.push_back(server.name);
    return result;
  }
  static std::string entry(std::string_view name, std::string_view command) {
    return "{\"mcpServers\":{\"" + std::string(name) + "\":{\"command\":\"" + std::string(command) +
           "\"}}}";
  }

  test::TempDir dir;
  std::string home = resolved_folder(dir.path()) + "/home";
  std::string project = home + "/code/project";
  SourceOptions options;
};

TEST_F(AgentsTest, SharedFolder) {
  const ServerSpec server = only_server(".config/mcp/servers/git.json", entry("git", "git-server"));
  EXPECT_EQ(server.command, "git-server");
}

TEST_F(AgentsTest, ClaudeCode) {
  const ServerSpec server = only_server(".claude.json", R"({
    "numStartups": 41, "tipsHistory": {"shift-enter": 27}, "projects": {"/elsewhere": {
      "allowedTools": [], "mcpServers": {"no": {"command": "no"}}}},
    "mcpServers": {"playwright": {"type": "stdio", "command": "npx",
      "args": ["@playwright/mcp@latest"], "env": {"KEY": "${TOKEN:-none}"}, "timeout": 60000}}})");
  EXPECT_EQ(server.name, "playwright");
  EXPECT_THAT(server.args, ElementsAre("@playwright/mcp@latest"));
  EXPECT_THAT(server.env, ElementsAre(Pair("KEY", "secret")));
  EXPECT_EQ(server.call_timeout, milliseconds(60'000));
  EXPECT_EQ(server.source.agent, "Claude Code");
  EXPECT_EQ(server.cwd, "");
}

TEST_F(AgentsTest, ClaudeCodeProjectsComeFirstAndStartInTheirFolder) {
  dir.write("home/.claude.json",
            R"({"mcpServers": {"a": {"command": "user"}, "b": {"command": "b"}},
              "projects": {")" +
                project +
                R"(": {"mcpServers": {"a": {"command": "./run"}}, "disabledMcpServers": ["b"]}}})");
  options.workspace = project + "/src";
  std::filesystem::create_directories(options.workspace);
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("a"));
  EXPECT_EQ(found.servers[0].command, project + "/./run");
  EXPECT_EQ(found.servers[0].cwd, project);
  options.workspace = home;
  EXPECT_THAT(names(discover(options)), ElementsAre("a", "b"));
  options.workspace.clear();
  EXPECT_THAT(names(discover(options)), ElementsAre("a", "b"));
}

TEST_F(AgentsTest, ClaudeDesktopOnBothSystems) {
  EXPECT_EQ(only_server(".config/Claude/claude_desktop_config.json", entry("fs", "npx")).name,
            "fs");
  dir.write("home/Library/Application Support/Claude/claude_desktop_config.json",
            entry("mac", "npx"));
  EXPECT_THAT(names(discover(options)), ElementsAre("fs"));
  options.platform = Platform::macos;
  EXPECT_THAT(names(discover(options)), ElementsAre("mac"));
}

TEST_F(AgentsTest, Cursor) {
  dir.write("home/code/project/.env", "FROM_FILE=1\n");
  const ServerSpec server = only_server(".cursor/mcp.json", R"({"mcpServers": {"server-name": {
    "command": "python", "args": ["${workspaceFolder}/mcp-server.py", "${userHome}"],
    "envFile": "${workspaceFolder}/.env", "env": {"API_KEY": "${env:TOKEN}"}}}})");
  EXPECT_THAT(server.args, ElementsAre(project + "/mcp-server.py", home));
  EXPECT_THAT(server.env, ElementsAre(Pair("FROM_FILE", "1"), Pair("API_KEY", "secret")));
}

TEST_F(AgentsTest, Windsurf) {
  dir.write("home/.codeium/windsurf/mcp_config.json", R"({"mcpServers": {
    "github": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"],
      "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "${env:TOKEN}"}, "disabledTools": ["delete_repo"]},
    "figma": {"serverUrl": "https://mcp.figma.com/mcp", "headers": {"X": "${NONE}"}},
    "off": {"command": "x", "disabled": true}}})");
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("github"));
  EXPECT_FALSE(allows_tool(found.servers[0].tools, "delete_repo"));
  ASSERT_EQ(found.unreachable.size(), 1U);
  EXPECT_EQ(found.unreachable[0].name, "figma");
  EXPECT_EQ(found.unreachable[0].source.agent, "Windsurf");
  EXPECT_EQ(found.unreachable[0].line, 4U);
  EXPECT_THAT(found.unreachable[0].reason, HasSubstr("mcp.figma.com"));
  EXPECT_EQ(find_unreachable(found, "figma"), &found.unreachable[0]);
  EXPECT_EQ(find_unreachable(found, "github"), nullptr);
}

TEST_F(AgentsTest, VsCode) {
  options.environment = test::variables({{"MCP_INPUT_PERPLEXITY_KEY", "typed"}});
  const ServerSpec server = only_server(".config/Code/User/mcp.json", R"({
    // Asked for when the server starts
    "inputs": [{"type": "promptString", "id": "perplexity-key", "description": "API Key",
                "password": true},],
    "servers": {
      "Perplexity": {"type": "stdio", "command": "npx", "args": ["-y", "server-perplexity-ask"],
        "env": {"PERPLEXITY_API_KEY": "${input:perplexity-key}"}, "dev": {"watch": "src/**"}},
    },})");
  EXPECT_EQ(server.alias, "perplexity");
  EXPECT_THAT(server.env, ElementsAre(Pair("PERPLEXITY_API_KEY", "typed")));
  options.environment = test::variables({});
  EXPECT_THAT(test::described(discover(options).faults),
              ElementsAre(HasSubstr("server 'Perplexity': `env.PERPLEXITY_API_KEY` needs the input "
                                    "'perplexity-key' (API Key)")));
}

TEST_F(AgentsTest, VsCodeSettingsOnMac) {
  options.platform = Platform::macos;
  const ServerSpec server = only_server("Library/Application Support/Code/User/settings.json", R"({
    "editor.fontSize": 12, /* and more */
    "mcp": {"inputs": [], "servers": {"time": {"command": "uvx", "args": ["mcp-server-time"]}}}})");
  EXPECT_EQ(server.name, "time");
}

TEST_F(AgentsTest, GeminiCli) {
  dir.write("home/.gemini/settings.json", R"j({"theme": "Dracula",
    "mcp": {"allowed": ["tools", "no"], "excluded": ["no"]},
    "mcpServers": {
      "tools": {"command": "python", "args": ["main.py"], "env": {"KEY": "$TOKEN", "B": "$NONE"},
        "timeout": 30000, "trust": false, "includeTools": ["safe", "read(path)"],
        "excludeTools": ["dangerous"]},
      "no": {"command": "x"}, "other": {"command": "y"}}})j");
  const Discovery found = discover(options);
  ASSERT_THAT(names(found), ElementsAre("tools"));
  const ServerSpec& server = found.servers[0];
  EXPECT_THAT(server.env, ElementsAre(Pair("KEY", "secret"), Pair("B", "$NONE")));
  EXPECT_EQ(server.call_timeout, milliseconds(30'000));
  EXPECT_TRUE(allows_tool(server.tools, "read"));
  EXPECT_FALSE(allows_tool(server.tools, "dangerous"));
}

TEST_F(AgentsTest, Codex) {
  constexpr std::string_view text = R"(
model = "gpt-5"

[mcp_servers.context7]
command = "npx"
args = ["-y", "@upstash/context7-mcp"]
env_vars = ["TOKEN", "NONE"]
startup_timeout_sec = 20
tool_timeout_sec = 45.5
enabled_tools = ["search", "resolve"]
disabled_tools = ["resolve"]

[mcp_servers.context7.env]
MY_ENV_VAR = "MY_ENV_VALUE"

[mcp_servers.off]
command = "x"
enabled = false
)";
  dir.write("home/.codex/config.toml", text);
  const Discovery found = discover(options);
  ASSERT_THAT(names(found), ElementsAre("context7"));
  const ServerSpec& server = found.servers[0];
  EXPECT_THAT(server.env, ElementsAre(Pair("TOKEN", "secret"), Pair("MY_ENV_VAR", "MY_ENV_VALUE")));
  EXPECT_EQ(server.start_timeout, milliseconds(20'000));
  EXPECT_EQ(server.call_timeout, milliseconds(45'500));
  EXPECT_TRUE(allows_tool(server.tools, "search"));
  EXPECT_FALSE(allows_tool(server.tools, "resolve"));
  options.environment = test::variables({{"CODEX_HOME", home + "/elsewhere"}});
  EXPECT_THAT(names(discover(options)), IsEmpty());
}

TEST_F(AgentsTest, OpenCode) {
  dir.write("home/.config/opencode/opencode.jsonc",
            R"({"$schema": "https://opencode.ai/config.json",
    "mcp": {
      "everything": {"type": "local", "command": ["bun", "x", "my-mcp-command"], "enabled": true,
        "environment": {"KEY": "{env:TOKEN}"}, "timeout": 7000}, // in ms
      "jira": {"type": "remote", "url": "https://jira.example.com/mcp", "enabled": true},
      "off": {"type": "local", "command": ["x"], "enabled": false},
    }})");
  dir.write("home/.opencode.json", R"({"mcpServers": {"old": {"type": "stdio", "command": "path",
    "env": ["A=1"], "args": []}, "web": {"type": "sse", "url": "https://example.com/mcp"}}})");
  const Discovery found = discover(options);
  ASSERT_THAT(names(found), ElementsAre("everything", "old"));
  EXPECT_EQ(found.servers[0].command, "bun");
  EXPECT_THAT(found.servers[0].args, ElementsAre("x", "my-mcp-command"));
  EXPECT_THAT(found.servers[0].env, ElementsAre(Pair("KEY", "secret")));
  EXPECT_EQ(found.servers[0].start_timeout, milliseconds(7000));
  EXPECT_THAT(found.servers[1].env, ElementsAre(Pair("A", "1")));
  EXPECT_EQ(found.unreachable.size(), 2U);
}

TEST_F(AgentsTest, OpenCodeWithServersBelowMcp) {
  const ServerSpec server = only_server(".config/opencode/opencode.json", R"({"mcp": {
    "timeout": {"startup": 1, "request": 800}, "servers": {"s": {"type": "local",
      "command": ["npx", "-y", "e"], "timeout": {"startup": 900}}}}})");
  EXPECT_EQ(server.start_timeout, milliseconds(900));
  EXPECT_EQ(server.call_timeout, milliseconds(800));
}

TEST_F(AgentsTest, AntigravityAndZed) {
  dir.write("home/.gemini/antigravity/mcp_config.json",
            R"({"mcpServers": {"chrome": {"command": "npx", "args": ["chrome-devtools-mcp"]},
                               "web": {"serverUrl": "https://example.com/mcp"}}})");
  dir.write("home/.antigravity/mcp.json", entry("two", "c2"));
  dir.write("home/.antigravity/settings.json", entry("three", "c3"));
  dir.write("home/.config/zed/settings.json", R"({"theme": "One", "context_servers": {
    "z": {"source": "custom", "command": "some-command", "args": ["a"], "env": {}},
    "older": {"command": {"path": "node", "args": ["z.js"], "env": null}},
    "postgres": {"source": "extension", "settings": {}},},})");
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("chrome", "two", "three", "z", "older"));
  EXPECT_EQ(found.servers[4].command, "node");
  EXPECT_EQ(found.unreachable.size(), 2U);
}

TEST_F(AgentsTest, WindsurfTakesTextsFromFiles) {
  dir.write("home/.codeium/windsurf/token", "from a file\r\n");
  const ServerSpec server = only_server(".codeium/windsurf/mcp_config.json", R"({"mcpServers": {
    "s": {"command": "c", "env": {"A": "${file:token}", "B": "${env:TOKEN}"}}}})");
  EXPECT_THAT(server.env, ElementsAre(Pair("A", "from a file"), Pair("B", "secret")));
}

TEST_F(AgentsTest, WindsurfsPluginHasAFileOfItsOwn) {
  EXPECT_EQ(only_server(".codeium/mcp_config.json", entry("a", "c")).source.agent, "Windsurf");
}

TEST_F(AgentsTest, VsCodeOnAServerAndInItsOtherBuilds) {
  constexpr std::string_view kinds[] = {
      ".config/Code - Insiders/User/mcp.json", ".vscode-server/data/User/mcp.json",
      ".vscode-server-insiders/data/User/mcp.json", ".config/VSCodium/User/mcp.json"};
  for (const std::string_view file : kinds) {
    EXPECT_EQ(only_server(file, R"({"servers": {"s": {"type": "stdio", "command": "c"}}})").name,
              "s");
    std::filesystem::remove(home + '/' + std::string(file));
  }
}

TEST_F(AgentsTest, VsCodeWithAllItsFields) {
  options.environment = test::variables({{"REGION", "eu"}});
  const ServerSpec server = only_server(".config/Code/User/mcp.json", R"({
    "inputs": [{"type": "pickString", "id": "env", "description": "Which", "options": ["dev", "prod"],
                "default": "dev"},
               {"type": "command", "id": "key", "command": "pick.a.key"}],
    "servers": {"all": {"type": "stdio", "command": "${userHome}/bin/all", "cwd": "${workspaceFolder}",
      "args": ["--env=${input:env}", "${workspaceFolderBasename}${pathSeparator}x"],
      "env": {"REGION": "${env:REGION}", "PORT": 8080, "GONE": null},
      "sandboxEnabled": true, "sandbox": {"network": {"allowedDomains": []}}, "gallery": true}}})");
  EXPECT_EQ(server.command, home + "/bin/all");
  EXPECT_EQ(server.cwd, project);
  EXPECT_THAT(server.args, ElementsAre("--env=dev", "project/x"));
  EXPECT_THAT(server.env, ElementsAre(Pair("REGION", "eu"), Pair("PORT", "8080")));
}

TEST_F(AgentsTest, GeminiCliInTheNewerForms) {
  dir.write("home/.gemini/settings.json", R"({"mcpServers": {
    "py": {"command": "python", "args": ["-m", "s"], "cwd": "./servers",
      "env": {"A": "${TOKEN}", "B": "${NONE:-none}"}},
    "http": {"httpUrl": "http://localhost:3000/mcp", "timeout": 5000},
    "sse": {"url": "http://localhost:8080/sse"}}})");
  const Discovery found = discover(options);
  ASSERT_THAT(names(found), ElementsAre("py"));
  EXPECT_EQ(found.servers[0].cwd, "./servers");
  EXPECT_THAT(found.servers[0].env, ElementsAre(Pair("A", "secret"), Pair("B", "none")));
  ASSERT_EQ(found.unreachable.size(), 2U);
  EXPECT_THAT(found.unreachable[0].reason, HasSubstr("(`httpUrl`, localhost:3000)"));
}

TEST_F(AgentsTest, CodexInTheNewerForms) {
  dir.write("home/.codex/config.toml", R"(
[mcp_servers.a]
command = "a"
cwd = "/data"
env_vars = [{ name = "TOKEN", source = "local" }]
startup_timeout_ms = 1500
default_tools_approval_mode = "prompt"
supports_parallel_tool_calls = true
required = true

[mcp_servers.a.tools.search]
approval_mode = "approve"

[mcp_servers.far]
url = "https://mcp.example.com/mcp"
bearer_token_env_var = "TOKEN"
)");
  const Discovery found = discover(options);
  ASSERT_THAT(names(found), ElementsAre("a"));
  EXPECT_EQ(found.servers[0].cwd, "/data");
  EXPECT_EQ(found.servers[0].start_timeout, milliseconds(1500));
  EXPECT_EQ(found.servers[0].tools, ToolRules{});
  EXPECT_THAT(found.servers[0].env, ElementsAre(Pair("TOKEN", "secret")));
  ASSERT_EQ(found.unreachable.size(), 1U);
  EXPECT_THAT(found.unreachable[0].reason, testing::Not(HasSubstr("secret")));
}

TEST_F(AgentsTest, OpenCodeSwitchesOffInTwoWays) {
  dir.write("home/.config/opencode/opencode.json", R"({"mcp": {"servers": {
    "on": {"type": "local", "command": ["a"], "cwd": "."},
    "off": {"type": "local", "command": ["b"], "disabled": true},
    "file": {"type": "local", "command": ["c"], "environment": {"KEY": "{file:~/key}"}}}}})");
  Sources sources(options);
  sources.refresh();
  EXPECT_THAT(names(sources.current()), ElementsAre("on"));
  EXPECT_THAT(test::described(sources.current().faults),
              Contains(AllOf(HasSubstr("server 'file': `env.KEY`"), HasSubstr("`~/key`"))));
  EXPECT_THAT(sources.watched_paths(), Contains(home + "/key"));
  dir.write("home/key", "s3cret\n");
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), ElementsAre("on", "file"));
  EXPECT_THAT(sources.current().servers[1].env, ElementsAre(Pair("KEY", "s3cret")));
}

TEST_F(AgentsTest, ZedInTheNewerForms) {
  dir.write("home/.config/zed/settings.json", R"({"context_server_timeout": 60, "context_servers": {
    "on": {"enabled": true, "remote": false, "command": "z", "args": [], "timeout": 90},
    "usual": {"command": "u"},
    "off": {"enabled": false, "command": "z2"},
    "web": {"url": "https://example.com/mcp", "headers": {"Authorization": "Bearer x"}}}})");
  const Discovery found = discover(options);
  ASSERT_THAT(names(found), ElementsAre("on", "usual"));
  EXPECT_EQ(found.servers[0].call_timeout, milliseconds(90'000));
  EXPECT_EQ(found.servers[1].call_timeout, milliseconds(60'000));
  EXPECT_EQ(found.unreachable.size(), 1U);
}

TEST_F(AgentsTest, CopilotCli) {
  constexpr std::string_view text = R"({"mcpServers": {
    "all": {"type": "local", "command": "npx", "args": ["-y", "@playwright/mcp"], "tools": ["*"],
      "env": {"KEY": "${TOKEN}"}, "timeout": 20000},
    "star": {"type": "stdio", "command": "s", "tools": "*"},
    "some": {"type": "local", "command": "c", "tools": ["read"]},
    "web": {"type": "http", "url": "https://api.githubcopilot.com/mcp/", "tools": ["*"]}}})";
  dir.write("home/.copilot/mcp-config.json", text);
  const Discovery found = discover(options);
  ASSERT_THAT(names(found), ElementsAre("all", "star", "some"));
  EXPECT_THAT(found.servers[0].env, ElementsAre(Pair("KEY", "secret")));
  EXPECT_EQ(found.servers[0].call_timeout, milliseconds(20'000));
  EXPECT_TRUE(allows_tool(found.servers[0].tools, "write"));
  EXPECT_TRUE(allows_tool(found.servers[1].tools, "write"));
  EXPECT_TRUE(allows_tool(found.servers[2].tools, "read"));
  EXPECT_FALSE(allows_tool(found.servers[2].tools, "write"));
  EXPECT_EQ(found.unreachable.size(), 1U);
  EXPECT_EQ(found.servers[0].source.agent, "Copilot CLI");
  options.environment = test::variables({{"COPILOT_HOME", home + "/elsewhere"}, {"TOKEN", "t"}});
  EXPECT_THAT(names(discover(options)), IsEmpty());
  dir.write("home/elsewhere/mcp-config.json", text);
  EXPECT_THAT(names(discover(options)), ElementsAre("all", "star", "some"));
}

TEST_F(AgentsTest, ClineAndRooCode) {
  const std::string storage = "home/.config/Code/User/globalStorage/";
  dir.write("home/.cline/data/settings/cline_mcp_settings.json", R"({"mcpServers": {
    "cli": {"command": "a", "autoApprove": ["x"], "timeout": 30, "type": "stdio"}}})");
  dir.write(storage + "saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
            R"({"mcpServers": {
    "local": {"command": "node", "args": ["s.js"], "disabled": false, "transportType": "stdio"},
    "web": {"type": "streamableHttp", "url": "https://example.com/mcp"},
    "off": {"command": "x", "disabled": true}}})");
  dir.write(storage + "rooveterinaryinc.roo-cline/settings/mcp_settings.json", R"({"mcpServers": {
    "roo": {"command": "r", "cwd": "/data", "timeout": 120, "alwaysAllow": ["a"],
      "disabledTools": ["b"], "watchPaths": ["x.js"]}}})");
  const Discovery found = discover(options);
  ASSERT_THAT(names(found), ElementsAre("cli", "local", "roo"));
  EXPECT_EQ(found.servers[0].call_timeout, milliseconds(30'000));
  EXPECT_EQ(found.servers[2].call_timeout, milliseconds(120'000));
  EXPECT_EQ(found.servers[2].source.agent, "Roo Code");
  EXPECT_TRUE(allows_tool(found.servers[2].tools, "a"));
  EXPECT_FALSE(allows_tool(found.servers[2].tools, "b"));
  EXPECT_EQ(found.unreachable.size(), 1U);
}

TEST_F(AgentsTest, KiroLmStudioAndJunie) {
  dir.write("home/.kiro/settings/mcp.json", R"({"mcpServers": {
    "k": {"command": "k", "env": {"E": "${TOKEN}"}, "disabled": false, "autoApprove": ["*"],
      "disabledTools": ["gone"], "timeout": 60000},
    "far": {"url": "https://endpoint.example.com", "headers": {"H": "v"}}}})");
  dir.write("home/.lmstudio/mcp.json", entry("l", "l"));
  dir.write("home/.junie/mcp/mcp.json", entry("j", "j"));
  const Discovery found = discover(options);
  ASSERT_THAT(names(found), ElementsAre("k", "l", "j"));
  EXPECT_FALSE(allows_tool(found.servers[0].tools, "gone"));
  EXPECT_EQ(found.servers[0].call_timeout, milliseconds(60'000));
  EXPECT_EQ(found.unreachable.size(), 1U);
}

TEST_F(AgentsTest, QwenCodeNamesServersByPatterns) {
  const ServerSpec server = only_server(".qwen/settings.json", R"({
    "mcp": {"allowed": ["my-*", "a?"]},
    "mcpServers": {"my-tools": {"command": "p", "env": {"KEY": "$TOKEN"}, "timeout": 15000,
      "discoveryTimeoutMs": 60000, "excludeTools": ["drop"], "versionNegotiation": "auto"}}})");
  EXPECT_EQ(server.start_timeout, milliseconds(60'000));
  EXPECT_EQ(server.call_timeout, milliseconds(15'000));
  EXPECT_THAT(server.env, ElementsAre(Pair("KEY", "secret")));
  dir.write("home/.qwen/settings.json", R"({"mcp": {"excluded": ["*puppeteer*"]},
    "mcpServers": {"x-puppeteer-2": {"command": "p"}, "abc": {"command": "q"}}})");
  EXPECT_THAT(names(discover(options)), ElementsAre("abc"));
}

TEST_F(AgentsTest, Amp) {
  const ServerSpec server = only_server(".config/amp/settings.json", R"({
    "amp.notifications.enabled": true, // and others
    "amp.mcpServers": {"playwright": {"command": "npx", "args": ["-y", "@playwright/mcp@latest"],
      "env": {"KEY": "${TOKEN}"}, "includeTools": ["navigate_*", "snap"]}}})");
  EXPECT_EQ(server.name, "playwright");
  EXPECT_TRUE(allows_tool(server.tools, "navigate_back"));
  EXPECT_TRUE(allows_tool(server.tools, "snap"));
  EXPECT_FALSE(allows_tool(server.tools, "snapshot"));
}

TEST_F(AgentsTest, WhatEachReadsInAWorkspace) {
  constexpr std::string_view files[] = {
      ".mcp.json",          ".cursor/mcp.json",        ".gemini/settings.json",
      "opencode.json",      ".agents/mcp_config.json", ".github/mcp.json",
      ".roo/mcp.json",      ".kiro/settings/mcp.json", ".qwen/settings.json",
      ".junie/mcp/mcp.json"};
  trust(project);
  std::vector<std::string> expected;
  for (const std::string_view file : files) {
    const std::string name = "s" + std::to_string(expected.size());
    dir.write("home/code/project/" + std::string(file), entry(name, "c-" + name));
    expected.push_back(name);
  }
  dir.write("home/code/project/.amp/settings.json",
            R"({"amp.mcpServers": {"a": {"command": "a"}}})");
  expected.push_back("a");
  EXPECT_THAT(names(discover(options)), testing::UnorderedElementsAreArray(expected));
}

TEST_F(AgentsTest, ShadowedEntriesAreShownWithWhatHidesThem) {
  options.state_dir = dir.path() / "MCPs";
  const std::string own = dir.write("MCPs/a.json", R"({"mcpServers": {
    "x": {"command": "own"},
    "off": {"command": "o", "disabled": true}}})");
  dir.write("home/.claude.json", R"({"mcpServers": {
    "x": {"command": "theirs"}, "off": {"command": "on"},
    "far": {"url": "https://h/1"}, "near": {"url": "https://h/2"}}})");
  dir.write("home/.cursor/mcp.json", R"({"mcpServers": {
    "x": {"url": "https://h/x"}, "far": {"url": "https://h/3"},
    "near": {"command": "n"}}})");
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("x", "near"));
  ASSERT_EQ(found.unreachable.size(), 1U);
  const auto shown = [](const ShadowedServer& server) {
    return server.name + ' ' + server.source.agent + ':' + std::to_string(server.line) + " by " +
           server.hidden_by.agent + ':' + std::to_string(server.hidden_by_line);
  };
  std::vector<std::string> shadowed;
  for (const ShadowedServer& server : found.shadowed)
    shadowed.push_back(shown(server));
  EXPECT_THAT(shadowed,
              ElementsAre("x Claude Code:2 by :2", "off Claude Code:2 by :3", "x Cursor:2 by :2",
                          "far Cursor:2 by Claude Code:3", "near Claude Code:3 by Cursor:3"));
  EXPECT_EQ(found.shadowed[0].hidden_by.file, own);
  EXPECT_THAT(test::described(found.faults),
              AllOf(Contains(HasSubstr("server 'near': left out, since ")),
                    Contains(HasSubstr("mcp.json:3 can be reached")),
                    Contains(HasSubstr("server 'far': left out, since "))));
}

TEST_F(AgentsTest, OnlyTheSelectedAreRead) {
  dir.write("home/.cursor/mcp.json", entry("cursor", "c1"));
  dir.write("home/.claude.json", entry("claude", "c2"));
  EXPECT_THAT(names(discover(options)), ElementsAre("claude", "cursor"));
  options.others = {"cursor"};
  EXPECT_THAT(names(discover(options)), ElementsAre("cursor"));
  options.others.clear();
  EXPECT_EQ(discover(options), Discovery{});
}

TEST_F(AgentsTest, FilesWithoutServersAreNoFault) {
  for (const Platform platform : {Platform::linux_like, Platform::macos}) {
    for (const SourcePlace& place :
         user_places(all_sources(), home, options.environment, platform)) {
      const std::string file = place.folder ? place.path + "/x.json" : place.path;
      ASSERT_TRUE(file.starts_with(home + '/'));
      const bool toml = place.syntax == Syntax::toml;
      dir.write(file.substr(home.size() - 4), toml ? "model = 'm'" : R"({"theme": "dark"})");
    }
    options.platform = platform;
    EXPECT_EQ(discover(options), Discovery{});
  }
}

TEST_F(AgentsTest, OurOwnFilesComeFirstAndCanHideOthers) {
  options.state_dir = dir.path() / "MCPs";
  dir.write("MCPs/a.json", R"({"mcpServers": {"x": {"command": "own"}, "y": {"disabled": true}}})");
  dir.write("home/.claude.json", R"({"mcpServers": {"x": {"command": "theirs"},
    "y": {"command": "y"}, "z": {"command": "z", "disabled": true}}})");
  dir.write("home/.cursor/mcp.json", R"({"mcpServers": {"z": {"command": "z"}}})");
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("x", "z"));
  EXPECT_EQ(found.servers[0].command, "own");
  EXPECT_EQ(found.servers[1].source.agent, "Cursor");
  EXPECT_THAT(test::described(found.faults),
              Contains(AllOf(StartsWith("info "), HasSubstr("server 'x': left out, since "),
                             HasSubstr("a.json:1 defines it first"))));
}

TEST_F(AgentsTest, OneServerWithSeveralNames) {
  dir.write("home/.claude.json", entry("fs", "mcp-fs"));
  dir.write("home/.cursor/mcp.json",
            R"({"mcpServers": {"files": {"command": "mcp-fs", "description": "same"},
                               "Fs": {"command": "mcp-fs"},
                               "fs2": {"command": "mcp-fs", "env": {"A": "1"}}}})");
  dir.write("home/.gemini/settings.json", entry("files", "another"));
  const Discovery found = discover(options);
  ASSERT_THAT(names(found), ElementsAre("fs", "fs2"));
  ASSERT_EQ(found.servers[0].other_names.size(), 2U);
  EXPECT_EQ(found.servers[0].other_names[0].name, "files");
  EXPECT_EQ(found.servers[0].other_names[0].source.agent, "Cursor");
  EXPECT_EQ(found.servers[0].other_names[0].alias, "files");
  EXPECT_EQ(found.servers[0].other_names[1].name, "Fs");
  EXPECT_EQ(found.servers[0].other_names[1].alias, "fs_2");
  EXPECT_THAT(test::described(found.faults),
              AllOf(Contains(HasSubstr("server 'files': another name of server 'fs' (")),
                    Contains(HasSubstr("server 'files': left out"))));
}

TEST_F(AgentsTest, WhatStandsInOurOwnFilesIsNeverJoined) {
  options.state_dir = dir.path() / "MCPs";
  dir.write("MCPs/a.json", entry("one", "same"));
  dir.write("MCPs/b.json", entry("two", "same"));
  EXPECT_THAT(names(discover(options)), ElementsAre("one", "two"));
}

TEST_F(AgentsTest, AReachableServerOfTheNameIsPreferred) {
  dir.write("home/.claude.json", R"({"mcpServers": {"x": {"type": "http", "url": "https://h/m"},
                                                    "y y": {"url": "https://h/m"}}})");
  dir.write("home/.cursor/mcp.json",
            R"({"mcpServers": {"x": {"command": "c"}, "y y": {"url": "https://other/"}}})");
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("x"));
  ASSERT_EQ(found.unreachable.size(), 1U);
  EXPECT_THAT(found.unreachable[0].source.file, HasSubstr(".claude.json"));
  EXPECT_EQ(find_unreachable(found, "y_y"), &found.unreachable[0]);
}

TEST_F(AgentsTest, WorkspacesNeedTheUsersWord) {
  dir.write("home/code/project/.mcp.json",
            R"({"mcpServers": {"p": {"command": "node", "args": ["${workspaceFolder}"]}}})");
  dir.write("home/code/project/mcp-servers/s.json", entry("s", "bin/s"));
  Sources sources(options);
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), IsEmpty());
  const std::vector<std::string> notices = test::described(sources.current().faults);
  EXPECT_EQ(notices.size(), 2U);
  EXPECT_THAT(notices, Contains(AllOf(StartsWith("info " + project + "/.mcp.json: not read"),
                                      HasSubstr("--trust-workspace"))));

  trust(home + "/code");  // a folder above is another folder
  EXPECT_FALSE(sources.refresh());
  trust(project);
  EXPECT_TRUE(sources.refresh());
  ASSERT_THAT(names(sources.current()), ElementsAre("p", "s"));
  EXPECT_THAT(test::described(sources.current().faults), IsEmpty());
  EXPECT_THAT(sources.current().servers[0].args, ElementsAre(project));
  EXPECT_EQ(sources.current().servers[0].cwd, project);
  EXPECT_EQ(sources.current().servers[1].command, project + "/bin/s");

  options.others.pop_back();
  ASSERT_EQ(options.others.size(), all_sources().size() - 1);
  EXPECT_EQ(discover(options), Discovery{});
}

TEST_F(AgentsTest, TrustedFoldersAboveCountTooAfterTheNearest) {
  dir.write("home/code/.vscode/mcp.json", R"({"servers": {"x": {"command": "far"},
                                                          "y": {"command": "y"}}})");
  dir.write("home/code/project/.cursor/mcp.json", entry("x", "near"));
  dir.write("home/.cursor/mcp.json", entry("u", "user"));
  trust(home + "/code");
  trust(project);
  trust(dir.path());
  options.workspace = project + "/src/deep";
  std::filesystem::create_directories(options.workspace);
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("u", "x", "y"));
  EXPECT_EQ(found.servers[1].command, "near");
}

TEST_F(AgentsTest, TheHomeFolderAsAWorkspaceIsNoStranger) {
  dir.write("home/.cursor/mcp.json", entry("u", "user"));
  options.workspace = home;
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("u"));
  EXPECT_THAT(test::described(found.faults), IsEmpty());
}

TEST_F(AgentsTest, TheEnvFileIsNoticedWhenItChanges) {
  dir.write("home/.cursor/mcp.json",
            R"({"mcpServers": {"s": {"command": "c", "envFile": "~/my.env"}}})");
  Sources sources(options);
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), IsEmpty());
  EXPECT_THAT(test::described(sources.current().faults), ElementsAre(HasSubstr("`envFile`")));
  EXPECT_THAT(sources.watched_paths(), Contains(home + "/my.env"));
  dir.write("home/my.env", "A=1");
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(sources.current().servers.at(0).env, ElementsAre(Pair("A", "1")));
  dir.write("home/my.env", "A=2");
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(sources.current().servers.at(0).env, ElementsAre(Pair("A", "2")));
}

TEST_F(AgentsTest, NoneIsReadWithoutAHome) {
  options.home.clear();
  options.workspace.clear();
  EXPECT_EQ(discover(options), Discovery{});
}

TEST(ParseSources, TakesAllNoneAndNames) {
  std::string error;
  EXPECT_EQ(parse_sources("all", error), all_sources());
  EXPECT_EQ(parse_sources("cursor, all", error), all_sources());
  EXPECT_EQ(parse_sources(" none ", error), SourceSelection{});
  EXPECT_EQ(parse_sources("cursor, vscode,workspace,", error),
            (SourceSelection{"cursor", "vscode", "workspace"}));
  EXPECT_EQ(error, "");
  EXPECT_EQ(parse_sources("cursor,emacs", error), std::nullopt);
  EXPECT_THAT(error,
              AllOf(HasSubstr("'emacs'"), HasSubstr("claude-code, "), HasSubstr("workspace")));
}

TEST(Places, EachBelongsToAnAgent) {
  const std::string home = "/nowhere";
  const auto lookup = test::variables({{"XDG_CONFIG_HOME", "/conf"}});
  const auto places = user_places(all_sources(), home, lookup, Platform::linux_like);
  EXPECT_EQ(places.front().path, "/conf/mcp/servers");
  for (const SourcePlace& place : places)
    EXPECT_NE(place.agent, nullptr) << place.path;
  for (const SourcePlace& place : workspace_places("/w"))
    EXPECT_TRUE(place.agent != nullptr && place.path.starts_with("/w/")) << place.path;
}

}  // namespace
}  // namespace headrace::discovery
