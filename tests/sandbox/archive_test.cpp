// What is kept of what runs leave: several that grow in turn, bounds, what goes first.
#include <headrace/sandbox/archive.hpp>

#include <csignal>
#include <cstdlib>
#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> paths(const Archive& archive) {
  std::vector<std::string> names;
  for (const Archive::Item& item : archive.items())
    names.push_back(item.path);
  return names;
}

std::string whole(const Archive& archive, std::string_view path) {
  return archive.read(path, 0, UINT64_MAX).value_or("(none)");
}

TEST(Archive, KeepsItemsThatGrowInTurn) {
  Archive archive;
  EXPECT_TRUE(archive.append("runs/1/stdout", "text/plain", true, "one "));
  EXPECT_TRUE(archive.append("runs/1/stderr", "text/plain", true, "uno "));
  EXPECT_TRUE(archive.append("runs/1/stdout", "text/plain", true, "two "));
  EXPECT_TRUE(archive.append("runs/1/stdout", "text/plain", true, "three"));
  EXPECT_TRUE(archive.append("runs/1/stderr", "text/plain", true, "due"));
  EXPECT_EQ(whole(archive, "runs/1/stdout"), "one two three");
  EXPECT_EQ(whole(archive, "runs/1/stderr"), "uno due");
  ASSERT_NE(archive.find("runs/1/stdout"), nullptr);
  EXPECT_EQ(archive.find("runs/1/stdout")->size, 13u);
  EXPECT_FALSE(archive.find("runs/1/stdout")->cut);
  EXPECT_THAT(paths(archive), ElementsAre("runs/1/stdout", "runs/1/stderr"));
}

TEST(Archive, ReadsAnyStretch) {
  Archive archive;
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    const std::string piece = std::to_string(i * i) + ";";
    archive.append("a", "text/plain", true, piece);
    archive.append("b", "text/plain", true, "-");
    expected += piece;
  }
  for (std::size_t from = 0; from <= expected.size() + 2; ++from) {
    for (const std::size_t length : {0U, 1U, 3U, 7U, 1000U}) {
      const std::string part = from > expected.size() ? "" : expected.substr(from, length);
      EXPECT_EQ(archive.read("a", from, length), part) << from << ' ' << length;
    }
  }
}

TEST(Archive, KnowsNothingElse) {
  Archive archive;
  EXPECT_EQ(archive.find("runs/1/stdout"), nullptr);
  EXPECT_EQ(archive.read("runs/1/stdout", 0, 1), std::nullopt);
  EXPECT_THAT(archive.items(), IsEmpty());
}

TEST(Archive, KeepsBytesAsTheyAre) {
  Archive archive;
  const std::string bytes("\0\xFF\n\0x", 5);
  EXPECT_TRUE(archive.append("x", "application/octet-stream", false, bytes));
  EXPECT_EQ(whole(archive, "x"), bytes);
  EXPECT_FALSE(archive.find("x")->is_text);
  EXPECT_EQ(archive.find("x")->mime_type, "application/octet-stream");
}

TEST(Archive, CutsAnItemBetweenCharactersAndKeepsNothingBehindTheCut) {
  Archive archive(6, 100);
  EXPECT_TRUE(archive.append("text", "text/plain", true, "abcd"));
  EXPECT_FALSE(archive.append("text", "text/plain", true, "e€"));
  EXPECT_FALSE(archive.append("text", "text/plain", true, "f"));
  EXPECT_EQ(whole(archive, "text"), "abcde");
  EXPECT_TRUE(archive.find("text")->cut);
  EXPECT_FALSE(archive.append("bytes", "image/png", false, "12345678"));
  EXPECT_EQ(whole(archive, "bytes"), "123456");
}

TEST(Archive, LetsTheOldestGo) {
  Archive archive(6, 10);
  archive.append("one", "text/plain", true, "1111");
  archive.append("two", "text/plain", true, "2222");
  EXPECT_TRUE(archive.append("three", "text/plain", true, "3333"));
  EXPECT_THAT(paths(archive), ElementsAre("two", "three"));
  // What grows stays, though it is the oldest.
  EXPECT_TRUE(archive.append("two", "text/plain", true, "22"));
  EXPECT_TRUE(archive.append("four", "text/plain", true, "4"));
  EXPECT_EQ(whole(archive, "three"), "3333");
  EXPECT_THAT(paths(archive), ElementsAre("three", "four"));
}

TEST(Archive, HoldsSoManyItemsOnly) {
  Archive archive(100, 1000, 3);
  for (const char* name : {"a", "b", "c", "d"})
    EXPECT_TRUE(archive.append(name, "text/plain", true, name));
  EXPECT_THAT(paths(archive), ElementsAre("b", "c", "d"));
  EXPECT_EQ(whole(archive, "d"), "d");
}

TEST(Archive, OfNothingIsBoundedAsWell) {
  Archive archive(0, 0, 2);
  EXPECT_FALSE(archive.append("a", "text/plain", true, "x"));
  EXPECT_TRUE(archive.append("b", "text/plain", true, ""));
  EXPECT_EQ(whole(archive, "b"), "");
}

TEST(Archive, ForgetsAllAtOnceAndGoesOn) {
  Archive archive;
  archive.append("a", "text/plain", true, "before");
  archive.clear();
  EXPECT_THAT(archive.items(), IsEmpty());
  EXPECT_TRUE(archive.append("a", "text/plain", true, "after"));
  EXPECT_EQ(whole(archive, "a"), "after");
}

TEST(Archive, WithoutRoomOnTheDiskKeepsWhatItHas) {
  // As on a full disk: the system refuses to make a file longer than that.
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{1000, limit.rlim_max};
  Archive archive;
  EXPECT_TRUE(archive.append("kept", "text/plain", true, std::string(600, 'k')));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const bool lost = archive.append("lost", "text/plain", true, std::string(600, 'l'));
  const bool cut = archive.append("kept", "text/plain", true, std::string(600, 'k'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, before);
  EXPECT_FALSE(lost);
  EXPECT_EQ(archive.find("lost"), nullptr);
  EXPECT_FALSE(cut);
  EXPECT_TRUE(archive.find("kept")->cut);
  EXPECT_EQ(whole(archive, "kept"), std::string(600, 'k'));
  EXPECT_TRUE(archive.append("next", "text/plain", true, "there is room again"));
  EXPECT_EQ(whole(archive, "next"), "there is room again");
}

TEST(Archive, FindsAPlaceThoughTheNamedOneIsNone) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", "/nowhere/at/all", 1);
  Archive archive;
  EXPECT_TRUE(archive.append("a", "text/plain", true, "x"));
  before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
  EXPECT_EQ(whole(archive, "a"), "x");
}

}  // namespace
}  // namespace headrace::sandbox
