// What a run leaves: order, marks, bounds, and what goes to the archive.
#include <headrace/sandbox/base64.hpp>
#include <headrace/sandbox/run_record.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* mark = "[printed by background tasks after the previous run ended]\n";
constexpr const char* end_mark = "[end of what background tasks printed]\n";

// As a slice of a frame has them.
std::optional<DisplayFrame> display(std::string params) {
  const std::size_t size = params.size();
  params.append(64, ' ');
  return read_display(std::string_view(params).substr(0, size));
}

DisplayFrame text_of(std::size_t size, std::string type = "text/markdown") {
  DisplayFrame frame;
  frame.mime_type = std::move(type);
  frame.is_text = true;
  frame.content.assign(size, 't');
  return frame;
}

class RunRecordTest : public ::testing::Test {
 protected:
  RunResult finish() {
    RunResult result;
    record.finish(result);
    return result;
  }
  std::string archived(std::string_view path) {
    return archive.read(path, 0, UINT64_MAX).value_or("(none)");
  }

  Archive archive;
  RunRecord record{3, 200, archive};
};

TEST_F(RunRecordTest, KeepsStreamsApart) {
  record.print(false, "out 1\n", Origin::run);
  record.print(true, "err\n", Origin::run);
  record.print(false, "out 2\n", Origin::run);
  const RunResult result = finish();
  EXPECT_EQ(result.number, 3u);
  EXPECT_EQ(result.out, "out 1\nout 2\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_THAT(result.whole_out, IsEmpty());
  EXPECT_THAT(result.note, IsEmpty());
  EXPECT_THAT(archive.items(), IsEmpty());
}

TEST_F(RunRecordTest, ArchivesAllOfAStreamThatIsCut) {
  std::string all;
  for (int i = 0; i < 100; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    record.print(false, line, Origin::run);
    record.print(true, "ee", Origin::run);
    all += line;
  }
  record.print(true, "e", Origin::run);
  const RunResult result = finish();
  EXPECT_EQ(result.whole_out, "runs/3/stdout");
  EXPECT_EQ(archived("runs/3/stdout"), all);
  EXPECT_EQ(result.whole_err, "runs/3/stderr");
  EXPECT_EQ(archived("runs/3/stderr"), std::string(201, 'e'));
  EXPECT_THAT(result.out, HasSubstr("bytes are left out here"));
}

TEST_F(RunRecordTest, ArchivesOutputThatComesAtOnce) {
  const std::string big(300000, 'x');
  record.print(false, big, Origin::run);
  const RunResult result = finish();
  EXPECT_EQ(archived(result.whole_out), big);
  EXPECT_LT(result.out.size(), 300u);
}

TEST_F(RunRecordTest, MarksWhatBackgroundTasksPrinted) {
  record.print(false, "tick", Origin::background);
  record.print(false, " tock", Origin::background);
  EXPECT_TRUE(record.takes_background());
  record.print(false, "mine\n", Origin::run);
  EXPECT_FALSE(record.takes_background());
  const RunResult result = finish();
  EXPECT_EQ(result.out, std::string(mark) + "tick tock\n" + end_mark + "mine\n");
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(RunRecordTest, MarksItThoughTheRunPrintsNothing) {
  record.print(true, "late\n", Origin::background);
  const RunResult result = finish();
  EXPECT_EQ(result.err, std::string(mark) + "late\n" + end_mark);
  EXPECT_THAT(result.out, IsEmpty());
}

TEST_F(RunRecordTest, DisplaysStandWhereTheyWereShown) {
  record.print(false, "one\n", Origin::run);
  record.display(display(R"({"mimeType":"image/png","data":"iVBORw0="})"), Origin::run);
  record.print(false, "two\n", Origin::run);
  record.display(display(R"({"mimeType":"text/markdown","text":"# t"})"), Origin::run);
  const RunResult result = finish();
  ASSERT_THAT(result.displays, SizeIs(2));
  EXPECT_EQ(result.displays[0].position, 4u);
  EXPECT_EQ(result.displays[0].content, "iVBORw0=");
  EXPECT_EQ(result.displays[0].size, 5u);
  EXPECT_FALSE(result.displays[0].is_text);
  EXPECT_EQ(result.displays[0].archived, "runs/3/display-1.png");
  EXPECT_EQ(archived("runs/3/display-1.png"), "\x89PNG\r");
  EXPECT_EQ(result.displays[1].position, 8u);
  EXPECT_EQ(result.displays[1].content, "# t");
  EXPECT_THAT(result.displays[1].archived, IsEmpty());
}

TEST_F(RunRecordTest, DisplaysBetweenRunsAreMarked) {
  record.display(display(R"({"mimeType":"image/png","data":"iVBORw0="})"), Origin::background);
  record.print(false, "mine\n", Origin::run);
  const RunResult result = finish();
  ASSERT_THAT(result.displays, SizeIs(1));
  EXPECT_EQ(result.out.substr(0, result.displays[0].position), mark);
  EXPECT_EQ(result.out.substr(result.displays[0].position), std::string(end_mark) + "mine\n");
}

TEST_F(RunRecordTest, DisplaysOfACutOutPlaceAreAtTheCut) {
  for (int i = 0; i < 50; ++i)
    record.print(false, "line\n", Origin::run);
  record.display(text_of(1), Origin::run);
  for (int i = 0; i < 50; ++i)
    record.print(false, "line\n", Origin::run);
  const RunResult result = finish();
  ASSERT_THAT(result.displays, SizeIs(1));
  EXPECT_EQ(result.displays[0].position, result.out.rfind("…\n") + 4);
}

TEST_F(RunRecordTest, BigAndAsideOnesAreArchived) {
  record.display(text_of(800 << 10, "text/html"), Origin::run);
  DisplayFrame aside = text_of(3, "text/html");
  aside.aside = true;
  record.display(aside, Origin::run);
  const RunResult result = finish();
  ASSERT_THAT(result.displays, SizeIs(2));
  EXPECT_THAT(result.displays[0].content, IsEmpty());
  EXPECT_EQ(result.displays[0].size, 800u << 10);
  EXPECT_EQ(archived(result.displays[0].archived).size(), 800u << 10);
  EXPECT_EQ(result.displays[1].content, "ttt");
  EXPECT_EQ(result.displays[1].archived, "runs/3/display-2.html");
  EXPECT_TRUE(result.displays[1].aside);
}

TEST_F(RunRecordTest, SmallDocumentsAreArchivedTooButNotProse) {
  for (const char* type :
       {"image/svg+xml", "text/html", "application/x-own", "text/markdown", "text/plain"}) {
    record.display(text_of(3, type), Origin::run);
  }
  const RunResult result = finish();
  ASSERT_THAT(result.displays, SizeIs(5));
  EXPECT_EQ(result.displays[0].archived, "runs/3/display-1.svg");
  EXPECT_EQ(archived("runs/3/display-1.svg"), "ttt");
  EXPECT_EQ(archive.find("runs/3/display-1.svg")->mime_type, "image/svg+xml");
  EXPECT_EQ(result.displays[1].archived, "runs/3/display-2.html");
  EXPECT_EQ(result.displays[2].archived, "runs/3/display-3.bin");
  EXPECT_THAT(result.displays[3].archived, IsEmpty());
  EXPECT_THAT(result.displays[4].archived, IsEmpty());
  for (const Display& one : result.displays)
    EXPECT_EQ(one.content, "ttt");
}

TEST_F(RunRecordTest, TooManyPicturesAreCounted) {
  for (int i = 0; i < 500; ++i) {
    record.display(display(R"({"mimeType":"image/png","data":"iVBORw0="})"),
                   i < 10 ? Origin::background : Origin::run);
  }
  const RunResult result = finish();
  EXPECT_THAT(result.displays, SizeIs(200));
  EXPECT_THAT(archive.items(), SizeIs(200));
  EXPECT_THAT(result.note, HasSubstr("300 displays over the limit of 200"));
}

TEST_F(RunRecordTest, TooManyDisplaysAreCounted) {
  for (int i = 0; i < 203; ++i)
    record.display(text_of(1), Origin::run);
  const RunResult result = finish();
  EXPECT_THAT(result.displays, SizeIs(200));
  EXPECT_THAT(result.note, HasSubstr("3 displays over the limit"));
}

TEST_F(RunRecordTest, TooMuchIsCountedAndKeepsLittleInMemory) {
  for (int i = 0; i < 5; ++i)
    record.display(text_of(20 << 20), Origin::run);
  const RunResult result = finish();
  EXPECT_THAT(result.displays, SizeIs(3));
  for (const Display& one : result.displays)
    EXPECT_THAT(one.content, IsEmpty());
  EXPECT_THAT(result.note, HasSubstr("2 displays over the limit"));
}

TEST_F(RunRecordTest, UnreadableOnesAreSaid) {
  record.display(display(R"({"mimeType":"image/png","data":"not base64"})"), Origin::run);
  record.display(display(R"({"mimeType":"image/png"})"), Origin::run);
  const RunResult result = finish();
  EXPECT_THAT(result.displays, IsEmpty());
  EXPECT_THAT(result.note, HasSubstr("2 displays without readable content"));
}

TEST(RunRecord, WithoutRoomSaysSo) {
  Archive none(0, 0, 0);
  RunRecord record(1, 100, none);
  record.display(text_of(800 << 10), Origin::run);
  record.print(false, std::string(1000, 'x'), Origin::run);
  RunResult result;
  result.note = "first";
  record.finish(result);
  EXPECT_THAT(result.displays, IsEmpty());
  EXPECT_EQ(result.note, "first; 1 display left out for want of room on the host's disk");
}

TEST(DisplayFrame, IsNotBelieved) {
  for (const char* params :
       {"", "[]", "{}", "null", R"({"text":5})", R"({"text":""})", R"({"data":""})",
        R"({"mimeType":"image/png","data":"AAA"})", R"({"mimeType":"image/png","data":"AAA=="})",
        R"({"mimeType":"image/png","data":"A A="})", R"({"mimeType":"image/png","data":"AB=="})",
        R"({"mimeType":"image/png","data":"===="})", R"({"data":["AAAA"]})"}) {
    EXPECT_FALSE(display(params)) << params;
  }
}

TEST(DisplayFrame, TypesAreOfOneShape) {
  const auto type = [](const std::string& said, const char* content) {
    return display(R"({"mimeType":")" + said + R"(",)" + content + "}")->mime_type;
  };
  const char* text = R"("text":"x")";
  const char* data = R"("data":"AAAA")";
  EXPECT_EQ(type("image/PNG", data), "image/png");
  EXPECT_EQ(type("application/vnd.plotly.v1+json", text), "application/vnd.plotly.v1+json");
  for (const std::string& bad : {std::string("png"), std::string("image/"), std::string("/png"),
                                 std::string("a/b/c"), std::string("text/plain; charset=x"),
                                 std::string("a\\n/b"), "a/" + std::string(100, 'b')}) {
    EXPECT_EQ(type(bad, text), "text/plain") << bad;
    EXPECT_EQ(type(bad, data), "application/octet-stream") << bad;
  }
  EXPECT_EQ(type("image/png", text), "text/plain");
  EXPECT_EQ(suffix_of("image/svg+xml"), "svg");
  EXPECT_EQ(suffix_of("application/x-unknown"), "bin");
}

TEST(Base64, ReadsWhatIsCanonical) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9v"), "foo");
  EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(decode_base64("//8A"), std::string("\xFF\xFF\0", 3));
}

}  // namespace
}  // namespace headrace::sandbox
