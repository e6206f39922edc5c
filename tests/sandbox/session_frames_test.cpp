// What an interpreter says is checked before anybody acts on it.
#include <headrace/sandbox/session_frames.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// JSON with the room behind it that a frame has.
class Json {
 public:
  Json(std::string text) : size_(text.size()), text_(std::move(text)) { text_.append(64, ' '); }
  operator std::string_view() const { return std::string_view(text_).substr(0, size_); }

 private:
  std::size_t size_;
  std::string text_;
};

std::vector<std::string> paths(const std::vector<WorkspaceFile>& files) {
  std::vector<std::string> names;
  for (const WorkspaceFile& file : files)
    names.push_back(file.path);
  return names;
}

RunResult answer(std::string text) {
  RunResult result;
  read_run_answer(Json(std::move(text)), result);
  return result;
}

TEST(SessionFrames, OutputSaysItsRunOrNothing) {
  const auto whole = read_output(Json(R"({"run":7,"stream":"stderr","text":"a\nb"})"));
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->run, 7u);
  EXPECT_TRUE(whole->is_error);
  EXPECT_EQ(whole->text, "a\nb");
  EXPECT_EQ(read_output(Json(R"({"stream":"stdout","text":"x"})"))->run, std::nullopt);
  for (const char* odd : {"-1", "1.5", "\"7\"", "99999999999999999999", "[]"}) {
    const auto frame = read_output(Json(std::string(R"({"text":"x","run":)") + odd + "}"));
    ASSERT_TRUE(frame) << odd;
    EXPECT_EQ(frame->run, 0u) << odd;
  }
  EXPECT_FALSE(read_output(Json("[1]")));
}

TEST(SessionFrames, ProgressIsFiniteAndShort) {
  const auto progress = read_progress(Json(R"({"run":1,"done":2.5,"total":10,"message":"half"})"));
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->done, 2.5);
  EXPECT_EQ(progress->total, 10.0);
  EXPECT_EQ(progress->message, "half");
  EXPECT_EQ(read_progress(Json(R"({"done":-1e3})"))->total, std::nullopt);
  for (const char* bad : {"NaN", "Infinity", "-Infinity", "1e999", "\"1\"", "null", "1-2"}) {
    EXPECT_FALSE(read_progress(Json(std::string(R"({"done":)") + bad + "}"))) << bad;
    const auto total = read_progress(Json(std::string(R"({"done":1,"total":)") + bad + "}"));
    ASSERT_TRUE(total) << bad;
    EXPECT_EQ(total->total, std::nullopt) << bad;
  }
  std::string longest;
  for (int i = 0; i < 1000; ++i)
    longest += "€";
  const auto cut = read_progress(Json(R"({"done":1,"message":")" + longest + "\"}"));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->message, longest.substr(0, 1023));
}

TEST(SessionFrames, AnswersOfRuns) {
  const RunResult good =
      answer(R"({"run":1,"status":"success","exitCode":0,"usage":{"cpu":0.25,"memory":1048576},)"
             R"("files":[{"path":"a.csv","size":12},{"path":"b/c d.png","size":3}]})");
  EXPECT_EQ(good.status, RunStatus::success);
  EXPECT_EQ(good.usage.cpu_seconds, 0.25);
  EXPECT_EQ(good.usage.peak_memory, 1048576u);
  EXPECT_THAT(paths(good.files), ElementsAre("a.csv", "b/c d.png"));
  EXPECT_EQ(good.files[0].size, 12u);
  EXPECT_EQ(answer(R"({"status":"success","exitCode":3})").status, RunStatus::error);
  EXPECT_EQ(answer(R"({"status":"interrupted","interrupt":"timeout"})").status,
            RunStatus::timed_out);
  EXPECT_EQ(answer(R"({"status":"interrupted","interrupt":"x"})").status, RunStatus::cancelled);
  EXPECT_EQ(answer(R"({"status":"error","error":"NameError: x"})").error, "NameError: x");
  EXPECT_EQ(answer("[]").status, RunStatus::error);
}

TEST(SessionFrames, UsageIsCheckedOrLeftOut) {
  for (const char* usage : {R"({"cpu":-1,"memory":-5})", R"({"cpu":1e999,"memory":1.5})", "7", "[]",
                            R"({"cpu":"1","memory":"2"})", "{}"}) {
    const RunResult result = answer(std::string(R"({"status":"success","usage":)") + usage + "}");
    EXPECT_EQ(result.usage.cpu_seconds, std::nullopt) << usage;
    EXPECT_EQ(result.usage.peak_memory, std::nullopt) << usage;
  }
}

TEST(SessionFrames, ListsOfFilesAreBounded) {
  std::string list = "[";
  for (int i = 0; i < 60; ++i)
    list += std::string(i == 0 ? "" : ",") + R"({"path":"f)" + std::to_string(i) + R"(","size":1})";
  EXPECT_THAT(read_file_list(Json(list + "]"), 50), SizeIs(50));
  EXPECT_THAT(answer(R"({"status":"success","files":)" + list + "]}").files, SizeIs(50));
  EXPECT_THAT(read_file_list(Json("[]"), 50), IsEmpty());
  EXPECT_THAT(read_file_list(Json("[ ]"), 50), IsEmpty());
  EXPECT_THAT(read_file_list(Json("{}"), 50), IsEmpty());
  EXPECT_THAT(read_file_list(Json(""), 50), IsEmpty());
}

TEST(SessionFrames, OddElementsHideNoOthers) {
  EXPECT_THAT(
      paths(read_file_list(
          Json(R"([1, "a,]\"", null, [{"path":"in"}], {"path":5}, {"path":"x]},\"","size":-1},)"
               R"( {"path":"y","size":2} ])"),
          50)),
      ElementsAre("x]},\"", "y"));
}

TEST(SessionFrames, PathsStayInside) {
  for (const char* good : {"a", "a/b", ".x/y", "a..b", "ü/€"})
    EXPECT_TRUE(is_inner_path(good)) << good;
  for (const std::string& bad :
       {std::string(), std::string("/a"), std::string(".."), std::string("a/../b"),
        std::string("../a"), std::string("a//b"), std::string("a/"), std::string("./a"),
        std::string("a\nb"), std::string("a\x7F"), std::string("a\0b", 3),
        std::string(1025, 'a')}) {
    EXPECT_FALSE(is_inner_path(bad)) << bad;
  }
}

}  // namespace
}  // namespace headrace::sandbox
