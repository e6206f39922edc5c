// Reading files that are not what they seem.
#include <headrace/discovery/config_file.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

using testing::HasSubstr;

std::string why_not(const std::string& path) {
  std::string content = "left over";
  std::string error;
  EXPECT_FALSE(read_config_file(path, content, error)) << path;
  EXPECT_EQ(content, "");
  return error;
}

TEST(ConfigFile, ReadsRegularFiles) {
  const test::TempDir dir;
  for (const std::string& text :
       {std::string(), std::string("a\0b", 3), std::string(300'000, 'x')}) {
    std::string content;
    std::string error;
    EXPECT_TRUE(read_config_file(dir.write("f", text), content, error)) << error;
    EXPECT_EQ(content, text);
  }
  std::filesystem::create_symlink(dir / "f", dir / "link");
  std::string content;
  std::string error;
  EXPECT_TRUE(read_config_file(dir / "link", content, error));
  EXPECT_EQ(content.size(), 300'000U);
}

TEST(ConfigFile, RefusesEverythingElse) {
  const test::TempDir dir;
  std::filesystem::create_directory(dir / "folder");
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink(dir / "nowhere", dir / "dangling");
  std::filesystem::create_symlink(dir / "loop", dir / "loop");
  std::filesystem::create_symlink("/dev/zero", dir / "device");
  EXPECT_THAT(why_not(dir / "folder"), HasSubstr("a folder"));
  EXPECT_THAT(why_not(dir / "fifo"), HasSubstr("a pipe"));
  EXPECT_THAT(why_not(dir / "dangling"), HasSubstr("No such file"));
  EXPECT_THAT(why_not(dir / "loop"), HasSubstr("symbolic links"));
  EXPECT_THAT(why_not(dir / "device"), HasSubstr("not a regular file"));
  EXPECT_THAT(why_not(dir / "absent"), HasSubstr("No such file"));
}

TEST(ConfigFile, RefusesWhatIsTooLarge) {
  const test::TempDir dir;
  const std::string file = dir.write("f", "");
  std::filesystem::resize_file(file, 100 * 1024 * 1024);
  EXPECT_THAT(why_not(file), HasSubstr("larger than 16 MiB"));
  std::filesystem::resize_file(file, kMaxConfigSize);
  std::string content;
  std::string error;
  EXPECT_TRUE(read_config_file(file, content, error));
  EXPECT_EQ(content.size(), kMaxConfigSize);
}

TEST(ConfigFile, SaysWhenItMayNotRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads every file";
  const test::TempDir dir;
  const std::string file = dir.write("f", "x");
  std::filesystem::permissions(file, std::filesystem::perms::none);
  EXPECT_THAT(why_not(file), HasSubstr("denied"));
}

TEST(ConfigFile, StampsTellFilesApart) {
  const test::TempDir dir;
  const std::string file = dir.write("f", "1");
  const FileStamp first = stamp_of(file);
  EXPECT_EQ(first.error, 0);
  EXPECT_EQ(first, stamp_of(file));
  dir.write("f", "12");
  EXPECT_NE(first, stamp_of(file));
  const FileStamp second = stamp_of(file);
  std::filesystem::rename(dir.write("g", "34"), file);
  EXPECT_NE(second, stamp_of(file));
  std::filesystem::remove(file);
  EXPECT_EQ(stamp_of(file).error, ENOENT);
  EXPECT_EQ(stamp_of(file), stamp_of(dir / "g"));
}

TEST(ConfigFile, RecentStampsAreNotRelied) {
  FileStamp stamp;
  stamp.modified_ns = 10'000'000'000;
  stamp.changed_ns = 10'000'000'000;
  EXPECT_TRUE(is_recent(stamp, 10'500'000'000));
  EXPECT_TRUE(is_recent(stamp, 9'000'000'000));
  EXPECT_FALSE(is_recent(stamp, 13'000'000'000));
  stamp.changed_ns = 12'500'000'000;
  EXPECT_TRUE(is_recent(stamp, 13'000'000'000));
  stamp.error = ENOENT;
  EXPECT_FALSE(is_recent(stamp, 13'000'000'000));
}

}  // namespace
}  // namespace headrace::discovery
