// What the environment may say, and what it is told when it makes no sense.
#include <headrace/server/options.hpp>

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

using namespace std::chrono_literals;

Options read(const std::map<std::string, std::string, std::less<>>& variables) {
  return read_options([variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string failure(const std::map<std::string, std::string, std::less<>>& variables) {
  try {
    read(variables);
  } catch (const OptionError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Options, DefaultsAreThoseOfTheExistingBridge) {
  const Options options = read({});
  EXPECT_EQ(options.runtime, "auto");
  EXPECT_EQ(options.image, "python:3.14-slim");
  EXPECT_EQ(options.timeout, 30s);
  EXPECT_EQ(options.max_timeout, 120s);
  EXPECT_EQ(options.limits.memory, 512U << 20);
  EXPECT_EQ(options.limits.pids, 128U);
  EXPECT_FALSE(options.limits.cpus);
  EXPECT_EQ(options.user, "65534:65534");
  EXPECT_TRUE(options.fast_channel);
  EXPECT_EQ(options.idle_limit, 300s);
  EXPECT_EQ(options.max_sessions, 8U);
  EXPECT_EQ(options.warm, 1U);
  EXPECT_EQ(options.state_dir, "~/MCPs");
  EXPECT_EQ(options.output_mode, OutputMode::compact);
  EXPECT_EQ(options.log_level, engine::LogLevel::info);
  EXPECT_FALSE(options.trace);
  EXPECT_FALSE(options.allow_self);
  EXPECT_FALSE(options.strict_servers);
  EXPECT_TRUE(options.background_lists);
  EXPECT_FALSE(options.allow_add_servers);
}

TEST(Options, EveryVariableIsRead) {
  const Options options = read({{"MCP_BRIDGE_RUNTIME", "Podman"},
                                {"MCP_BRIDGE_IMAGE", "quay.example/x:1"},
                                {"MCP_BRIDGE_TIMEOUT", "45s"},
                                {"MCP_BRIDGE_MAX_TIMEOUT", "5m"},
                                {"MCP_BRIDGE_MEMORY", "1g"},
                                {"MCP_BRIDGE_PIDS", "64"},
                                {"MCP_BRIDGE_CPUS", "1.5"},
                                {"MCP_BRIDGE_CONTAINER_USER", "1000:1000"},
                                {"MCP_BRIDGE_CHANNEL", "stdio"},
                                {"MCP_BRIDGE_RUNTIME_IDLE_TIMEOUT", "10"},
                                {"MCP_BRIDGE_MAX_SESSIONS", "20"},
                                {"MCP_BRIDGE_WARM", "0"},
                                {"MCP_BRIDGE_STATE_DIR", "/srv/x"},
                                {"MCP_SERVERS_CONFIG", "/srv/servers.toml"},
                                {"MCP_BRIDGE_OUTPUT_MODE", "TOON"},
                                {"MCP_BRIDGE_STRUCTURED_CONTENT", "Always"},
                                {"MCP_BRIDGE_LOG_LEVEL", "WARN"},
                                {"MCP_BRIDGE_TRACE", "/srv/traces"},
                                {"MCP_BRIDGE_ALLOW_SELF_SERVER", "yes"},
                                {"MCP_BRIDGE_STRICT_SERVERS", "1"},
                                {"MCP_BRIDGE_BACKGROUND_LISTS", "off"},
                                {"MCP_BRIDGE_ALLOW_ADD_SERVERS", "on"}});
  EXPECT_EQ(options.runtime, "podman");
  EXPECT_EQ(options.image, "quay.example/x:1");
  EXPECT_EQ(options.timeout, 45s);
  EXPECT_EQ(options.max_timeout, 5min);
  EXPECT_EQ(options.limits.memory, 1ULL << 30);
  EXPECT_EQ(options.limits.pids, 64U);
  EXPECT_EQ(options.limits.cpus, "1.5");
  EXPECT_EQ(options.user, "1000:1000");
  EXPECT_FALSE(options.fast_channel);
  EXPECT_EQ(options.idle_limit, 10s);
  EXPECT_EQ(options.max_sessions, 20U);
  EXPECT_EQ(options.warm, 0U);
  EXPECT_EQ(options.state_dir, "/srv/x");
  EXPECT_EQ(options.servers_config, "/srv/servers.toml");
  EXPECT_EQ(options.output_mode, OutputMode::toon);
  EXPECT_EQ(options.structured_content, StructuredContent::always);
  EXPECT_EQ(options.log_level, engine::LogLevel::warning);
  EXPECT_EQ(options.trace, "/srv/traces");
  EXPECT_TRUE(options.allow_self);
  EXPECT_TRUE(options.strict_servers);
  EXPECT_FALSE(options.background_lists);
  EXPECT_TRUE(options.allow_add_servers);
}

TEST(Options, WhatCannotBeReadNamesItsVariable) {
  for (const auto& [name, value] :
       std::multimap<std::string, std::string>{{"MCP_BRIDGE_RUNTIME", "lxc"},
                                               {"MCP_BRIDGE_IMAGE", "--privileged"},
                                               {"MCP_BRIDGE_IMAGE", "a b"},
                                               {"MCP_BRIDGE_TIMEOUT", "soon"},
                                               {"MCP_BRIDGE_TIMEOUT", "-1"},
                                               {"MCP_BRIDGE_TIMEOUT", "0"},
                                               {"MCP_BRIDGE_MAX_TIMEOUT", "99999999999999999999"},
                                               {"MCP_BRIDGE_MEMORY", "lots"},
                                               {"MCP_BRIDGE_MEMORY", "1k"},
                                               {"MCP_BRIDGE_PIDS", "0"},
                                               {"MCP_BRIDGE_CPUS", "nan"},
                                               {"MCP_BRIDGE_CPUS", "-2"},
                                               {"MCP_BRIDGE_CONTAINER_USER", "--user"},
                                               {"MCP_BRIDGE_CHANNEL", "pigeon"},
                                               {"MCP_BRIDGE_MAX_SESSIONS", "0"},
                                               {"MCP_BRIDGE_MAX_SESSIONS", "1001"},
                                               {"MCP_BRIDGE_WARM", "17"},
                                               {"MCP_BRIDGE_WARM", "-1"},
                                               {"MCP_BRIDGE_OUTPUT_MODE", "xml"},
                                               {"MCP_BRIDGE_LOG_LEVEL", "loud"},
                                               {"MCP_BRIDGE_ALLOW_SELF_SERVER", "maybe"}}) {
    EXPECT_THAT(failure({{name, value}}), testing::HasSubstr(name)) << value;
  }
}

TEST(Options, EmptyAndBlankVariablesCountAsUnset) {
  EXPECT_EQ(read({{"MCP_BRIDGE_TIMEOUT", ""}, {"MCP_SERVERS_CONFIG", "  "}}).timeout, 30s);
}

TEST(Options, ASmallerMaximumTakesTheDefaultTimeoutWithIt) {
  EXPECT_EQ(read({{"MCP_BRIDGE_MAX_TIMEOUT", "10"}}).timeout, 10s);
  EXPECT_EQ(read({{"MCP_BRIDGE_TIMEOUT", "300"}}).max_timeout, 300s);
  EXPECT_THAT(failure({{"MCP_BRIDGE_MAX_TIMEOUT", "10"}, {"MCP_BRIDGE_TIMEOUT", "20"}}),
              testing::HasSubstr("MCP_BRIDGE_TIMEOUT is more than"));
}

TEST(ParseSeconds, TakesTheUsualUnits) {
  EXPECT_EQ(parse_seconds("30"), 30s);
  EXPECT_EQ(parse_seconds(" 30 s "), 30s);
  EXPECT_EQ(parse_seconds("2M"), 2min);
  EXPECT_EQ(parse_seconds("1h"), 1h);
  for (const char* bad : {"", "s", "1d", "1.5s", "--3", "5 5"})
    EXPECT_FALSE(parse_seconds(bad)) << bad;
}

TEST(ParseBytes, TakesTheUsualUnits) {
  EXPECT_EQ(parse_bytes("512m"), 512ULL << 20);
  EXPECT_EQ(parse_bytes("64KiB"), 64ULL << 10);
  EXPECT_EQ(parse_bytes("65536"), 65536U);
  EXPECT_FALSE(parse_bytes("99999999999t"));
}

TEST(Options, SourcesAreNamed) {
  EXPECT_EQ(read({}).sources, discovery::all_sources());
  EXPECT_TRUE(read({{"MCP_BRIDGE_SOURCES", "none"}}).sources.empty());
  EXPECT_EQ(read({{"MCP_BRIDGE_SOURCES", "cursor"}}).sources, std::vector<std::string>{"cursor"});
  EXPECT_THROW(read({{"MCP_BRIDGE_SOURCES", "nobody"}}), OptionError);
}

}  // namespace
}  // namespace headrace::server
