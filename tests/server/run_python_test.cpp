// The tool's arguments and its reports, without running anything.
#include <headrace/server/run_python.hpp>
#include <headrace/server/run_report.hpp>

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

TEST(Arguments, ASessionHasAName) {
  EXPECT_EQ(accepted(R"({"code":"x"})").session, "default");
  EXPECT_EQ(accepted(R"({"code":"x","session":null})").session, "default");
  for (const std::string name : {"a", "My-Session_2.x", "-", "_", "default"})
    EXPECT_EQ(accepted(R"({"code":"x","session":")" + name + "\"}").session, name);
  EXPECT_EQ(accepted(R"({"code":"x","session":")" + std::string(64, 'n') + "\"}").session.size(),
            64U);
  for (const std::string name :
       {"", ".", "..", ".hidden", "a/b", "../x", "a b", "\\n", "ü", "a\\u0000"})
    EXPECT_THAT(refused(R"({"code":"x","session":")" + name + "\"}"), HasSubstr("1 to 64")) << name;
  EXPECT_THAT(refused(R"({"code":"x","session":")" + std::string(10'240, 'n') + "\"}"),
              AllOf(HasSubstr("1 to 64"), testing::SizeIs(testing::Lt(200U))));
  for (const char* value : {"1", "true", "[]", "{}"}) {
    EXPECT_EQ(refused(R"({"code":"x","session":)" + std::string(value) + "}"),
              "'session' must be a string");
  }
}

TEST(Definition, TheListOfToolsIsNoLongerThanThatOfTheExistingBridge) {
  asio::io_context context;
  const auto bridge = Bridge::make(context.get_executor(), BridgeOptions(), {});
  RunLimits limits;
  limits.timeout = std::chrono::seconds(86400);
  limits.max_timeout = std::chrono::seconds(86400);
  const engine::mcp::ToolSpec tool = run_python_tool(bridge, context.get_executor(), limits);
  const std::string answer =
      R"({"jsonrpc":"2.0","id":1,"result":{"tools":[)" + tool.definition + "]}}\n";
  EXPECT_LE(answer.size(), 925U);
  EXPECT_THAT(tool.definition, HasSubstr(R"("session":{"type":"string")"));
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

TEST(Report, NamesFilesAndWhatIsCut) {
  sandbox::RunResult result;
  result.number = 3;
  for (int i = 0; i < 25; ++i)
    result.files.push_back({"a b/\n" + std::to_string(i) + ".csv", 5});
  result.whole_out = "runs/3/stdout";
  result.usage.wall = std::chrono::seconds(1);
  CodeResult code;
  code.run = result;
  code.calls = 4;
  sandbox::Archive archive;
  archive.append("runs/3/stdout", "text/plain", true, std::string(3'400'000, 'x'));
  const RunReport made = report_of(code, {}, std::chrono::seconds(5), "other", &archive);
  EXPECT_EQ(made.session, "other");
  EXPECT_EQ(made.calls, 4U);
  EXPECT_EQ(made.usage->wall, std::chrono::seconds(1));
  ASSERT_EQ(made.links.size(), 21U);
  EXPECT_EQ(made.files_unnamed, 5U);
  EXPECT_EQ(made.links[0].uri, "headrace://sessions/other/runs/3/stdout");
  EXPECT_EQ(made.links[0].description, "the whole of stdout, 3.4 MB");
  EXPECT_EQ(made.links[1].uri, "headrace://sessions/other/files/a%20b/%0A0.csv");
  EXPECT_EQ(made.links[1].name, "a b/ 0.csv");
  EXPECT_EQ(made.links[1].mime_type, "text/csv");
  // What the archive no longer has is not linked.
  archive.clear();
  EXPECT_EQ(report_of(code, {}, std::chrono::seconds(5), "other", &archive).links.size(), 20U);
}

TEST(Report, WhatIsDrawnAgainIsToldAsItStands) {
  sandbox::RunResult result;
  result.out = "one\n\r10%\r20%\r30%\r40%\ntwo\r\nthree\n";
  result.err = "\r1%\r2%";
  const auto display_at = [&result](std::string_view before, bool aside = false) {
    sandbox::Display display;
    display.position = result.out.find(before);
    display.aside = aside;
    result.displays.push_back(display);
  };
  display_at("\r10%");
  display_at("\r20%", true);
  display_at("\r30%");
  display_at("\r30%");
  display_at("three");
  const RunReport made = report(result);
  EXPECT_EQ(made.out, "one\n20%\n40%\ntwo\nthree\n");
  EXPECT_EQ(made.err, "2%");
  const auto place = [&made](std::size_t i) { return made.out.substr(made.displays[i].position); };
  EXPECT_EQ(place(0), "20%\n40%\ntwo\nthree\n");
  EXPECT_EQ(place(2), "40%\ntwo\nthree\n");
  EXPECT_EQ(place(3), "40%\ntwo\nthree\n");
  EXPECT_EQ(place(4), "three\n");
  // A bar that was wiped away is no output.
  result.displays.clear();
  result.out = "\r100%\r    \r";
  result.err.clear();
  EXPECT_EQ(report(result).summary, "Success (no output)");
}

TEST(Report, APositionBehindWhatWasPrintedIsItsEnd) {
  sandbox::RunResult result;
  result.out = "a\rb";
  result.displays.resize(2);
  result.displays[0].position = SIZE_MAX;
  const RunReport made = report(result);
  EXPECT_EQ(made.out, "b");
  EXPECT_EQ(made.displays[0].position, 1U);
  EXPECT_EQ(made.displays[1].position, 1U);
}

TEST(Report, APictureIsNotSilence) {
  sandbox::RunResult result;
  result.displays.emplace_back();
  EXPECT_EQ(report(result).summary, "Success");
  result.displays[0].aside = true;
  EXPECT_EQ(report(result).summary, "Success (no output)");
}

TEST(Tool, ARunThatGoesDownWithItsContextHoldsNothingAnyMore) {
  std::string folder = (std::filesystem::temp_directory_path() / "headrace-run-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/silent.json")
      << R"({"mcpServers":{"silent":{"command":"/bin/sleep","args":["1000"]}}})";
  // One waits for its server, the other for its sandbox.
  for (const char* arguments : {R"({"code":"1","servers":["silent"]})", R"({"code":"1"})"}) {
    std::weak_ptr<engine::mcp::Request> call;
    std::weak_ptr<Bridge> bridge;
    {
      asio::io_context context;
      BridgeOptions options;
      options.registry.sources.state_dir = folder;
      const auto made = Bridge::make(context.get_executor(), std::move(options), {});
      const engine::mcp::ToolSpec tool = run_python_tool(made, context.get_executor(), {});
      const auto asked = std::make_shared<engine::mcp::Request>(
          engine::Responder(), "tools/call", "run_python", engine::RawJson{arguments, {}}, "1",
          std::make_shared<const engine::mcp::ClientContext>(),
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
