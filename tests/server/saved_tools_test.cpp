// Saved functions: names that are refused, files that are whole, folders that are not there.
#include <headrace/server/saved_tools.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

#include <gtest/gtest.h>

namespace headrace::server {
namespace {

namespace fs = std::filesystem;

class SavedToolsTest : public testing::Test {
 protected:
  SavedToolsTest() {
    std::string pattern = (fs::temp_directory_path() / "headrace-saved-XXXXXX").string();
    folder_ = fs::path(::mkdtemp(pattern.data())) / "user_tools";
  }
  ~SavedToolsTest() override {
    std::error_code ignored;
    fs::remove_all(folder_.parent_path(), ignored);
  }

  fs::path folder_;
  std::string error_;
};

TEST_F(SavedToolsTest, ASavedToolIsThereAgain) {
  const SavedTools tools(folder_);
  EXPECT_EQ(tools.as_json(), "[]");
  EXPECT_EQ(tools.save("twice", "def twice(x):\n    return 2 * x\n", error_),
            (folder_ / "twice.py").string());
  EXPECT_EQ(tools.save("again", "def again(): pass\n", error_), (folder_ / "again.py").string());
  EXPECT_EQ(tools.save("twice", "def twice(x): return x + x\n", error_),
            (folder_ / "twice.py").string());
  EXPECT_EQ(SavedTools(folder_).as_json(),
            R"([{"name":"again","source":"def again(): pass\n"},)"
            R"({"name":"twice","source":"def twice(x): return x + x\n"}])");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 2);
}

TEST_F(SavedToolsTest, NamesThatAreNoIdentifiersAreRefused) {
  const SavedTools tools(folder_);
  for (const char* name : {"", "../evil", "a/b", "a.b", "1a", "class", "a b", "é", "."}) {
    error_.clear();
    EXPECT_EQ(tools.save(name, "x = 1\n", error_), "") << name;
    EXPECT_NE(error_, "") << name;
  }
  EXPECT_EQ(tools.save("long", std::string(300 << 10, 'x'), error_), "");
  EXPECT_EQ(tools.save("empty", "", error_), "");
  EXPECT_FALSE(fs::exists(folder_.parent_path() / "evil.py"));
}

TEST_F(SavedToolsTest, WhatIsNoPlainFileIsLeftOut) {
  const SavedTools tools(folder_);
  ASSERT_NE(tools.save("good", "ok = 1\n", error_), "");
  fs::create_directory(folder_ / "folder.py");
  std::ofstream(folder_ / "notes.txt") << "x";
  fs::create_symlink("nowhere", folder_ / "dangling.py");
  ASSERT_EQ(::mkfifo((folder_ / "pipe.py").c_str(), 0600), 0);
  EXPECT_EQ(tools.as_json(), R"([{"name":"good","source":"ok = 1\n"}])");
}

TEST_F(SavedToolsTest, AFolderThatCannotBeMadeIsAnErrorInWords) {
  std::ofstream(folder_.parent_path() / "file") << "x";
  const SavedTools tools(folder_.parent_path() / "file" / "user_tools");
  EXPECT_EQ(tools.save("a", "x = 1\n", error_), "");
  EXPECT_NE(error_.find("can't be written"), std::string::npos);
}

TEST_F(SavedToolsTest, AFullFolderTakesNoMoreAndStillFitsIntoAFrame) {
  const SavedTools tools(folder_);
  const std::string source(256 << 10, 'x');
  for (int i = 0; i < 64; ++i)
    ASSERT_NE(tools.save("tool" + std::to_string(i), source, error_), "") << i;
  EXPECT_EQ(tools.save("one_more", "x", error_), "");
  EXPECT_NE(error_.find("would hold more than"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ / "one_more.py"));
  // One that is there can be changed.
  EXPECT_NE(tools.save("tool7", "x = 7\n", error_), "");
  EXPECT_NE(tools.save("one_more", "x", error_), "");
  // Others may have put in files by hand.
  for (int i = 0; i < 300; ++i)
    std::ofstream(folder_ / ("by_hand" + std::to_string(i) + ".py")) << source;
  EXPECT_LE(tools.as_json().size(), std::size_t{17} << 20);
}

}  // namespace
}  // namespace headrace::server
