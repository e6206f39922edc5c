// The tool's arguments and its reports, without running anything.
#include <headrace/server/render.hpp>
#include <headrace/server/run_python.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

CodeRun accepted(const std::string& arguments) {
  auto result = read_arguments(arguments, RunLimits{});
  if (const auto* error = std::get_if<std::string>(&result)) ADD_FAILURE() << *error;
  return std::holds_alternative<CodeRun>(result) ? std::get<CodeRun>(std::move(result)) : CodeRun{};
}

std::string refused(const std::string& arguments) {
  auto result = read_arguments(arguments, RunLimits{});
  return std::holds_alternative<std::string>(result) ? std::get<std::string>(result) : "accepted";
}

TEST(Arguments, CodeAloneIsEnough) {
  const CodeRun run = accepted(R"x({"code":"print(1)"})x");
  EXPECT_EQ(run.code, "print(1)");
  EXPECT_FALSE(run.servers);
  EXPECT_EQ(run.timeout, std::chrono::seconds(30));
}

TEST(Arguments, ServersAndTimeoutAreTaken) {
  const CodeRun run = accepted(R"({"code":"x","servers":["a","b"],"timeout":5,"other":1})");
  EXPECT_THAT(*run.servers, ElementsAre("a", "b"));
  EXPECT_EQ(run.timeout, std::chrono::seconds(5));
  EXPECT_THAT(*accepted(R"({"code":"x","servers":["b","a","b"]})").servers, ElementsAre("b", "a"));
  EXPECT_EQ(accepted(R"({"code":"x","timeout":5.0})").timeout, std::chrono::seconds(5));
  EXPECT_FALSE(accepted(R"({"code":"x","servers":null,"timeout":null})").servers);
  EXPECT_TRUE(accepted(R"({"code":"x","servers":[]})").servers->empty());
}

TEST(Arguments, WhatIsWrongIsSaidInTheWordsCodeMayLookFor) {
  for (const char* blank :
       {R"({})", R"({"code":""})", R"({"code":" \n\t"})", R"({"code":5})", R"({"code":null})"}) {
    EXPECT_EQ(refused(blank), "Missing 'code' argument") << blank;
  }
  for (const char* list : {R"({"code":"x","servers":"a"})", R"({"code":"x","servers":[1]})",
                           R"({"code":"x","servers":{}})"}) {
    EXPECT_EQ(refused(list), "'servers' must be a list") << list;
  }
  for (const char* integer :
       {R"({"code":"x","timeout":"5"})", R"({"code":"x","timeout":1.5})",
        R"({"code":"x","timeout":true})", R"({"code":"x","timeout":1e300})"}) {
    EXPECT_EQ(refused(integer), "'timeout' must be an integer") << integer;
  }
  for (const char* range : {R"({"code":"x","timeout":0})", R"({"code":"x","timeout":121})",
                            R"({"code":"x","timeout":-5})"}) {
    EXPECT_EQ(refused(range), "'timeout' must be between 1 and 120 seconds") << range;
  }
  EXPECT_THAT(refused("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(refused(R"({"code":"'\ud800'"})"), HasSubstr("lone surrogate"));
  EXPECT_THAT(refused(R"({"code":"x","timeout":1e999})"), HasSubstr("out of range"));
}

RunReport report(sandbox::RunResult result) {
  CodeResult code;
  code.run = std::move(result);
  return report_of(code, {}, std::chrono::seconds(5));
}

TEST(Report, TellsSuccessErrorAndTimeoutApart) {
  sandbox::RunResult result;
  EXPECT_EQ(report(result).summary, "Success (no output)");
  result.out = "partial";
  EXPECT_EQ(report(result).summary, "Success");

  result.status = sandbox::RunStatus::timed_out;
  const RunReport timeout = report(result);
  EXPECT_EQ(timeout.status, "timeout");
  EXPECT_EQ(timeout.summary, "Timeout: execution exceeded 5s");
  EXPECT_EQ(timeout.error, "Execution timed out after 5s");
  EXPECT_EQ(timeout.timeout_seconds, 5);
  EXPECT_EQ(timeout.out, "partial");

  result.status = sandbox::RunStatus::error;
  result.exit_code = 3;
  result.error = "SystemExit: 3";
  const RunReport error = report(result);
  EXPECT_EQ(error.status, "error");
  EXPECT_EQ(error.exit_code, 3);
  EXPECT_EQ(error.error, "SystemExit: 3");
}

TEST(Tool, ARunThatGoesDownWithItsContextHoldsNothingAnyMore) {
  std::string folder = (std::filesystem::temp_directory_path() / "headrace-run-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/silent.json")
      << R"({"mcpServers":{"silent":{"command":"/bin/sleep","args":["1000"]}}})";
  // One waits for its server, the other for its sandbox.
  for (const char* arguments : {R"({"code":"1","servers":["silent"]})", R"({"code":"1"})"}) {
    std::weak_ptr<engine::mcp::ToolCall> call;
    std::weak_ptr<Bridge> bridge;
    {
      asio::io_context context;
      BridgeOptions options;
      options.registry.sources.state_dir = folder;
      const auto made = Bridge::make(context.get_executor(), std::move(options), {});
      const engine::mcp::ToolSpec tool = run_python_tool(made, context.get_executor(), {});
      const auto asked =
          std::make_shared<engine::mcp::ToolCall>(engine::Responder(), "run_python", arguments, "1",
                                                  std::weak_ptr<engine::mcp::ServerRole>());
      tool.handler(asked);
      call = asked;
      bridge = made;
      context.poll();
    }
    EXPECT_TRUE(call.expired()) << arguments;
    EXPECT_TRUE(bridge.expired()) << arguments;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace headrace::server
