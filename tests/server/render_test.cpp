// The answer in each output mode, and its bounds.
#include <headrace/framing/json_writer.hpp>
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
  EXPECT_EQ(render_result(success("a\n"), {}), with_output);
  const std::string silent = R"x({"content":[{"type":"text","text":"Success (no output)"}],)x"
                             R"x("structuredContent":{"status":"success",)x"
                             R"x("summary":"Success (no output)"},"isError":false})x";
  EXPECT_EQ(render_result(success(""), {}), silent);
  const std::string json = render_result(failure(), {});
  EXPECT_THAT(json, HasSubstr(R"("status":"error")"));
  EXPECT_THAT(json, HasSubstr(R"("exitCode":1,"servers":["x"],"stdout":["a"])"));
  EXPECT_THAT(json, HasSubstr(R"("isError":true)"));
}

TEST(CompactResult, HasATextHoweverLittleWasPrinted) {
  EXPECT_EQ(render_result(success("\n"), {}),
            R"({"content":[{"type":"text","text":""}],"structuredContent":{"stdout":[""]},)"
            R"("isError":false})");
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
    const std::string json = render_result(report, {mode});
    EXPECT_LE(json.size(), longest_result);
    EXPECT_THAT(json, HasSubstr("bytes are left out here"));
    simdjson::dom::parser parser;
    EXPECT_EQ(parser.parse(json).error(), simdjson::SUCCESS);
  }
}

// --- what was displayed, and links ---

sandbox::Display picture(std::size_t position, std::string content = "AAEC") {
  sandbox::Display display;
  display.position = position;
  display.mime_type = "image/png";
  display.size = content.size() / 4 * 3;
  display.content = std::move(content);
  display.archived = "runs/3/display-1.png";
  return display;
}

sandbox::Display document(std::size_t position, std::string mime_type, std::string text) {
  sandbox::Display display;
  display.position = position;
  display.mime_type = std::move(mime_type);
  display.is_text = true;
  display.size = text.size();
  display.content = std::move(text);
  return display;
}

RunReport displayed(std::string out, std::vector<sandbox::Display> displays) {
  RunReport report = success(std::move(out));
  report.summary = "Success";
  report.run = 3;
  report.displays = std::move(displays);
  return report;
}

Link link(const std::string& name) {
  Link made;
  made.uri = "headrace://sessions/default/files/" + name;
  made.name = name;
  made.mime_type = "text/csv";
  made.size = 7;
  return made;
}

std::string content_of(const std::string& json) {
  const std::size_t end = json.rfind(R"(],"structuredContent")");
  return json.substr(0, end == std::string::npos ? json.rfind(R"(],"isError")") : end);
}

std::string text_json(const std::string& text) {
  return R"({"type":"text","text":")" + text + "\"}";
}

constexpr const char* picture_json = R"({"type":"image","data":"AAEC","mimeType":"image/png"})";

TEST(Displays, StandWhereTheyWereInTheOutput) {
  const RunReport report = displayed("one\ntwo\n", {picture(4), picture(4), picture(8)});
  EXPECT_EQ(render_result(report, {}), R"({"content":[)" + text_json("one") + "," + picture_json +
                                           "," + picture_json + "," + text_json("two") + "," +
                                           picture_json + R"(],"isError":false})");
  RunReport failed = failure();
  failed.displays = {picture(0)};
  EXPECT_EQ(content_of(render_result(failed, {})),
            R"({"content":[)" + text_json(R"(status: error\nexit: 1)") + "," + picture_json + "," +
                text_json(R"(a\nstderr:\nTraceback\nValueError: b)"));
}

TEST(Displays, StandForTheSummaryWhereNothingWasPrinted) {
  EXPECT_EQ(content_of(render_result(displayed("", {picture(0)}), {})),
            R"({"content":[)" + std::string(picture_json));
}

TEST(Displays, FollowTheFenceInTheOtherModes) {
  const RunReport report = displayed("one\ntwo\n", {picture(4)});
  for (const OutputMode mode : {OutputMode::toon, OutputMode::json}) {
    std::string fence;
    framing::append_quoted(fence, render_text(success("one\ntwo\n"), mode));
    EXPECT_EQ(content_of(render_result(report, {mode})),
              R"({"content":[{"type":"text","text":)" + fence + "}," + picture_json);
  }
}

TEST(Displays, TextIsTextAndDocumentsAreEmbedded) {
  RunReport report = displayed(
      "", {document(0, "text/markdown", "# \"A\""), document(0, "image/svg+xml", "<svg/>")});
  report.displays[1].archived = "runs/3/display-2.svg";
  EXPECT_EQ(content_of(render_result(report, {})),
            R"({"content":[)" + text_json(R"(# \"A\")") +
                R"(,{"type":"resource","resource":{)"
                R"("uri":"headrace://sessions/default/runs/3/display-2.svg",)"
                R"("mimeType":"image/svg+xml","text":"<svg/>"}})");
  // No URI that can't be read.
  report.displays[1].archived.clear();
  EXPECT_EQ(content_of(render_result(report, {})),
            R"({"content":[)" + text_json(R"(# \"A\")") + "," + text_json("<svg/>"));
}

TEST(Displays, WhatCanNotBeShownIsLinked) {
  sandbox::Display long_document = document(0, "text/html", std::string(20'000, 'x'));
  long_document.archived = "runs/3/display-1.html";
  sandbox::Display film = picture(0);
  film.mime_type = "video/mp4";
  film.archived = "runs/3/display-2.mp4";
  const RunReport report = displayed("", {long_document, film});
  const std::string json = render_result(report, {});
  EXPECT_EQ(content_of(json),
            R"({"content":[{"type":"resource_link",)"
            R"("uri":"headrace://sessions/default/runs/3/display-1.html",)"
            R"("name":"display-1.html","mimeType":"text/html","size":20000},)"
            R"({"type":"resource_link","uri":"headrace://sessions/default/runs/3/display-2.mp4",)"
            R"("name":"display-2.mp4","mimeType":"video/mp4","size":3})");
  EXPECT_THAT(json, HasSubstr(R"("structuredContent")"));
  film.archived.clear();
  EXPECT_THAT(render_result(displayed("", {film}), {}),
              HasSubstr("[video/mp4 of 3 bytes is not shown"));
}

TEST(Displays, WhatStandsBesideATextIsForPeopleAndComesLast) {
  sandbox::Display table = document(2, "text/html", "<table>");
  table.aside = true;
  EXPECT_EQ(content_of(render_result(displayed("a\nb\n", {table}), {})),
            R"({"content":[)" + text_json(R"(a\nb)"));
  table.archived = "runs/3/display-1.html";
  EXPECT_EQ(content_of(render_result(displayed("a\nb\n", {table}), {})),
            R"({"content":[)" + text_json(R"(a\nb)") +
                R"(,{"type":"resource_link",)"
                R"("uri":"headrace://sessions/default/runs/3/display-1.html",)"
                R"("name":"display-1.html","mimeType":"text/html","size":7,)"
                R"("annotations":{"audience":["user"]}})");
}

TEST(Displays, TakeThePlaceOfStructuredContentUnlessToldOtherwise) {
  const RunReport report = displayed("a\n", {picture(0)});
  const auto structured = [&](StructuredContent wish) {
    AnswerForm form;
    form.structured = wish;
    return render_result(report, form).find("structuredContent") != std::string::npos;
  };
  EXPECT_FALSE(structured(StructuredContent::automatic));
  EXPECT_TRUE(structured(StructuredContent::always));
  EXPECT_FALSE(structured(StructuredContent::never));
  AnswerForm never;
  never.structured = StructuredContent::never;
  EXPECT_EQ(render_result(success("a\n"), never),
            R"({"content":[{"type":"text","text":"a"}],"isError":false})");
}

TEST(Displays, BecomeLinksWhenTheyAreTooMuchForOneAnswer) {
  std::vector<sandbox::Display> displays;
  for (int i = 0; i < 5; ++i)
    displays.push_back(picture(0, std::string(300'000, 'A')));
  displays[4].archived.clear();
  for (const OutputMode mode : {OutputMode::compact, OutputMode::toon, OutputMode::json}) {
    for (const auto wish : {StructuredContent::automatic, StructuredContent::always}) {
      RunReport report = displayed(std::string(200'000, 'x'), displays);
      report.err = std::string(200'000, '\1');
      AnswerForm form{mode, wish};
      const std::string json = render_result(report, form);
      EXPECT_LE(json.size(), longest_result);
      EXPECT_THAT(json, HasSubstr(R"("type":"resource_link")"));
      EXPECT_THAT(json, HasSubstr("image/png of 225.0 kB is not shown"));
      simdjson::dom::parser parser;
      EXPECT_EQ(parser.parse(json).error(), simdjson::SUCCESS);
    }
  }
  const std::string json = render_result(displayed("text\n", displays), {});
  std::size_t shown = 0;
  for (std::size_t at = 0; (at = json.find(R"("type":"image")", at)) != std::string::npos; ++at)
    ++shown;
  EXPECT_EQ(shown, 3U);
}

TEST(Displays, StayInPlaceWhereOutputIsCut) {
  std::string out;
  for (int i = 0; out.size() < 600'000; ++i)
    out += "line " + std::to_string(i) + "\n";
  const RunReport report = displayed(out, {picture(7), picture(300'000), picture(out.size())});
  AnswerForm form;
  form.structured = StructuredContent::always;
  const std::string json = render_result(report, form);
  EXPECT_LE(json.size(), longest_result);
  EXPECT_THAT(json, HasSubstr(R"({"content":[{"type":"text","text":"line 0"},{"type":"image")"));
  EXPECT_THAT(json, HasSubstr(R"(bytes are left out here …"},{"type":"image")"));
}

TEST(Displays, AnyPositionIsSafe) {
  const RunReport report =
      displayed("abc\n", {picture(1'000'000), picture(2), picture(SIZE_MAX), picture(0)});
  EXPECT_THAT(render_result(report, {}), HasSubstr(text_json("abc")));
}

TEST(Links, FollowTheTextAndStandInStructuredContent) {
  RunReport report = success("a\n");
  report.links = {link("x.csv")};
  report.links[0].description = "the whole of it";
  report.files_unnamed = 2;
  EXPECT_EQ(render_result(report, {}),
            R"({"content":[{"type":"text","text":"a"},{"type":"resource_link",)"
            R"("uri":"headrace://sessions/default/files/x.csv","name":"x.csv",)"
            R"("description":"the whole of it","mimeType":"text/csv","size":7},)" +
                text_json("[2 more files under /workspace made or changed]") +
                R"(],"structuredContent":{"stdout":["a"],"files":[)"
                R"({"uri":"headrace://sessions/default/files/x.csv","name":"x.csv","size":7}]},)"
                R"("isError":false})");
}

TEST(Links, AreLinesOfTextForClientsThatDoNotKnowThem) {
  RunReport report = success("a\n");
  report.links = {link("x.csv")};
  AnswerForm form;
  form.links = false;
  EXPECT_EQ(content_of(render_result(report, form)),
            R"({"content":[)" + text_json("a") + "," +
                text_json("[x.csv, 7 bytes: headrace://sessions/default/files/x.csv]"));
}

TEST(Usage, StandsInMetaWithoutWhatIsNotKnown) {
  RunReport report = success("a\n");
  report.usage.emplace();
  report.usage->wall = std::chrono::microseconds(1'500'000);
  EXPECT_THAT(render_result(report, {}),
              testing::EndsWith(R"("isError":false,"_meta":{"headrace/usage":)"
                                R"({"wallSeconds":1.5,"calls":0}}})"));
  report.usage->cpu_seconds = 0.25;
  report.usage->peak_memory = 1 << 20;
  report.calls = 2;
  report.call_time = std::chrono::milliseconds(20);
  EXPECT_THAT(render_result(report, {}),
              HasSubstr(R"({"wallSeconds":1.5,"cpuSeconds":0.25,"peakMemoryBytes":1048576,)"
                        R"("calls":2,"callSeconds":0.02})"));
}

TEST(Result, StaysUnderItsBoundWhateverWasLeft) {
  RunReport report = failure();
  report.error = std::string(100'000, '\1');
  report.note = report.summary = report.error;
  report.servers.assign(4000, "\1");
  report.out = std::string(600'000, '\1');
  report.err = report.out;
  sandbox::Display display = picture(5, std::string(700'000, 'A'));
  display.mime_type = std::string(100, 'm');
  report.displays.assign(200, display);
  report.links.assign(20, link(std::string(1000, 'n')));
  for (Link& file : report.links)
    file.uri += std::string(2000, '2');
  for (const OutputMode mode : {OutputMode::compact, OutputMode::toon, OutputMode::json}) {
    for (const auto wish : {StructuredContent::automatic, StructuredContent::always}) {
      AnswerForm form{mode, wish};
      EXPECT_LE(render_result(report, form).size(), longest_result);
    }
  }
}

TEST(Result, StaysUnderItsBoundWhateverWasAskedFor) {
  RunReport report = failure();
  report.summary = std::string(3'000'000, 's');
  report.note = std::string(3'000'000, 'n');
  report.servers.assign(300'000, "a server");
  report.out = std::string(100'000, '\1');
  for (const OutputMode mode : {OutputMode::compact, OutputMode::toon, OutputMode::json}) {
    const std::string json = render_result(report, {mode});
    EXPECT_LE(json.size(), longest_result);
    EXPECT_THAT(json, HasSubstr("ValueError: b"));
    simdjson::dom::parser parser;
    EXPECT_EQ(parser.parse(json).error(), simdjson::SUCCESS);
  }
}

}  // namespace
}  // namespace headrace::server
