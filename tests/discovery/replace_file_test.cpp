// What replacing a file leaves behind.
#include <headrace/discovery/replace_file.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

#include <gmock/gmock.h>

namespace headrace::discovery {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct ReplaceFile : testing::Test {
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "headrace-replace-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  static std::string content(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path folder;
  std::string error;
};

TEST_F(ReplaceFile, MakesItAndItsFolderForItsOwnerAlone) {
  const fs::path file = folder / "a" / "b";
  ASSERT_TRUE(replace_file(file, "one", error)) << error;
  EXPECT_EQ(content(file), "one");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(replace_file(file, "two", error)) << error;
  EXPECT_EQ(content(file), "two");
}

TEST_F(ReplaceFile, ALinkStaysOne) {
  std::ofstream(folder / "target") << "old";
  fs::create_symlink("target", folder / "link");
  ASSERT_TRUE(replace_file(folder / "link", "new", error)) << error;
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(content(folder / "target"), "new");
}

TEST_F(ReplaceFile, WhatIsNoFileStaysWhatItIs) {
  fs::create_directory(folder / "folder");
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  fs::create_symlink("fifo", folder / "link");
  for (const char* name : {"folder", "fifo", "link"}) {
    EXPECT_FALSE(replace_file(folder / name, "x", error)) << name;
    EXPECT_THAT(error, HasSubstr("not a regular file"));
  }
  EXPECT_TRUE(fs::is_fifo(folder / "fifo"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 3)
      << "nothing is left over";
}

TEST_F(ReplaceFile, WhereNothingCanBeWrittenIsSaid) {
  EXPECT_FALSE(replace_file("/proc/headrace/x", "x", error));
  EXPECT_THAT(error, HasSubstr("`/proc/headrace/x` cannot be written"));
}

}  // namespace
}  // namespace headrace::discovery
