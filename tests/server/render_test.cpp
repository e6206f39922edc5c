// The answer in each output mode, and its bounds.
#include <headrace/server/render.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

namespace headrace::server {
namespace {

using testing::HasSubstr;

RunReport success(std::string out) {
  RunReport report;
  report.status = "success";
  report.summary = out.empty() ? "Success (no output)" : "Success";
  report.exit_code = 0;
  report.out = std::move(out);
  return report;
}

RunReport failure() {
  RunReport report;
  report.status = "error";
  report.summary = "Error: the code ended with exit code 1";
  report.exit_code = 1;
  report.servers = {"x"};
  report.out = "a\n";
  report.err = "Traceback\nValueError: b\n";
  report.error = "ValueError: b";
  return report;
}

TEST(CompactText, IsTheOutputAndNothingElseOnSuccess) {
  EXPECT_EQ(render_text(success("a\n\n b\n"), OutputMode::compact), "a\n\n b");
  EXPECT_EQ(render_text(success(""), OutputMode::compact), "Success (no output)");
}

TEST(CompactText, SaysStatusExitOutputAndErrors) {
  EXPECT_EQ(render_text(failure(), OutputMode::compact),
            "status: error\nexit: 1\na\nstderr:\nTraceback\nValueError: b");
  RunReport timeout = failure();
  timeout.status = "timeout";
  timeout.exit_code.reset();
  timeout.err.clear();
  timeout.error = "Execution timed out after 5s";
  timeout.note = "gone";
  EXPECT_EQ(render_text(timeout, OutputMode::compact),
            "status: timeout\na\nerror: Execution timed out after 5s\nnote: gone");
}

TEST(CompactResult, LeavesOutWhatIsEmptyOrObvious) {
  const std::string with_output = R"({"content":[{"type":"text","text":"a"}],)"
                                  R"("structuredContent":{"stdout":["a"]},"isError":false})";
  EXPECT_EQ(render_result(success("a\n"), OutputMode::compact), with_output);
  const std::string silent = R"x({"content":[{"type":"text","text":"Success (no output)"}],)x"
                             R"x("structuredContent":{"status":"success",)x"
                             R"x("summary":"Success (no output)"},"isError":false})x";
  EXPECT_EQ(render_result(success(""), OutputMode::compact), silent);
  const std::string json = render_result(failure(), OutputMode::compact);
  EXPECT_THAT(json, HasSubstr(R"("status":"error")"));
  EXPECT_THAT(json, HasSubstr(R"("exitCode":1,"servers":["x"],"stdout":["a"])"));
  EXPECT_THAT(json, HasSubstr(R"("isError":true)"));
}

TEST(JsonText, IsTheWholePayloadInAFence) {
  EXPECT_EQ(render_text(success("a\n"), OutputMode::json),
            "```json\n{\"status\":\"success\",\"summary\":\"Success\",\"exitCode\":0,"
            "\"stdout\":[\"a\"]}\n```");
}

TEST(ToonText, QuotesWhatCouldBeReadAsSomethingElse) {
  const std::string text = render_text(
      success("plain\n5\na, b\n\ntrue\n- x\nsay \"hi\"\n 1\n1.2.3 rc\n"), OutputMode::toon);
  EXPECT_EQ(
      text,
      "```toon\nstatus: success\nsummary: Success\nexitCode: 0\n"
      "stdout[9]: plain,\"5\",\"a, b\",\"\",\"true\",\"- x\",\"say \\\"hi\\\"\",\" 1\",1.2.3 rc\n"
      "```");
}

TEST(Result, StaysUnderItsBoundWhateverWasPrinted) {
  RunReport report = success(std::string(300'000, '\1'));
  report.err = std::string(300'000, '\2');
  report.error = std::string(5'000'000, 'e');
  for (const OutputMode mode : {OutputMode::compact, OutputMode::toon, OutputMode::json}) {
    const std::string json = render_result(report, mode);
    EXPECT_LE(json.size(), longest_result);
    EXPECT_THAT(json, HasSubstr("bytes are left out here"));
    simdjson::dom::parser parser;
    EXPECT_EQ(parser.parse(json).error(), simdjson::SUCCESS);
  }
}

TEST(Result, StaysUnderItsBoundWhateverWasAskedFor) {
  RunReport report = failure();
  report.summary = std::string(3'000'000, 's');
  report.note = std::string(3'000'000, 'n');
  report.servers.assign(300'000, "a server");
  report.out = std::string(100'000, '\1');
  for (const OutputMode mode : {OutputMode::compact, OutputMode::toon, OutputMode::json}) {
    const std::string json = render_result(report, mode);
    EXPECT_LE(json.size(), longest_result);
    EXPECT_THAT(json, HasSubstr("ValueError: b"));
    simdjson::dom::parser parser;
    EXPECT_EQ(parser.parse(json).error(), simdjson::SUCCESS);
  }
}

}  // namespace
}  // namespace headrace::server
