// Saved functions: names that are refused, files that are whole, versions, folders that are shared.
#include <headrace/engine/fd.hpp>
#include <headrace/server/saved_tools.hpp>

#include <array>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

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

  fs::path version(const std::string& name, const std::string& number) const {
    return folder_ / ".versions" / name / (number + ".py");
  }

  fs::path folder_;
};

std::string content(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// As code_requests does, without the pause.
SavedTools::Change save_at_last(const SavedTools& tools, const std::string& name,
                                const std::string& source) {
  for (;;) {
    SavedTools::Change change = tools.save(name, source);
    if (change.outcome != SavedTools::Outcome::busy) return change;
    std::this_thread::yield();
  }
}

constexpr auto done = SavedTools::Outcome::done;
constexpr auto failed = SavedTools::Outcome::failed;

TEST_F(SavedToolsTest, ASavedToolIsThereAgain) {
  const SavedTools tools(folder_);
  EXPECT_EQ(tools.as_json(), "[]");
  const SavedTools::Change first = tools.save("twice", "def twice(x):\n    return 2 * x\n");
  EXPECT_EQ(first.outcome, done) << first.error;
  EXPECT_EQ(first.path, (folder_ / "twice.py").string());
  EXPECT_EQ(first.version, 1U);
  EXPECT_EQ(tools.save("again", "def again(): pass\n").version, 1U);
  EXPECT_EQ(tools.save("twice", "def twice(x): return x + x\n").version, 2U);
  EXPECT_EQ(SavedTools(folder_).as_json(),
            R"([{"name":"again","source":"def again(): pass\n"},)"
            R"({"name":"twice","source":"def twice(x): return x + x\n"}])");
  EXPECT_EQ(content(version("twice", "0001")), "def twice(x):\n    return 2 * x\n");
  // Two tools, and the folder of versions.
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 3);
}

TEST_F(SavedToolsTest, TheSameSourceIsNoNewVersion) {
  const SavedTools tools(folder_);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(tools.save("a", "x = 1\n").version, 1U);
  EXPECT_EQ(tools.save("a", "x = 2\n").version, 2U);
  EXPECT_EQ(tools.save("a", "x = 2\n").version, 2U);
  EXPECT_EQ(tools.save("a", "x = 1\n").version, 3U);
}

TEST_F(SavedToolsTest, TheLastTwentyVersionsAreKept) {
  const SavedTools tools(folder_);
  for (unsigned i = 1; i <= 30; ++i)
    ASSERT_EQ(tools.save("a", "x = " + std::to_string(i) + "\n").version, i);
  EXPECT_EQ(content(folder_ / "a.py"), "x = 30\n");
  EXPECT_FALSE(fs::exists(version("a", "0009")));
  for (int i = 10; i < 30; ++i)
    EXPECT_EQ(content(version("a", "00" + std::to_string(i))), "x = " + std::to_string(i) + "\n");
}

TEST_F(SavedToolsTest, WhatIsDeletedIsKeptAmongTheVersions) {
  const SavedTools tools(folder_);
  ASSERT_EQ(tools.save("a", "x = 1\n").outcome, done);
  ASSERT_EQ(tools.save("a", "x = 2\n").outcome, done);
  const SavedTools::Change removed = tools.remove("a");
  EXPECT_EQ(removed.outcome, done) << removed.error;
  EXPECT_EQ(removed.version, 2U);
  EXPECT_EQ(tools.as_json(), "[]");
  EXPECT_EQ(content(version("a", "0002")), "x = 2\n");
  EXPECT_EQ(tools.remove("a").outcome, failed);
  EXPECT_EQ(tools.save("a", "x = 3\n").version, 3U);
}

TEST_F(SavedToolsTest, OnlySavedToolsAreDeleted) {
  const SavedTools tools(folder_);
  ASSERT_EQ(tools.save("a", "x = 1\n").outcome, done);
  std::ofstream(folder_.parent_path() / "b.py") << "mine";
  for (const char* name : {"", "b", "../b", ".versions", "a.py", "./a"}) {
    const SavedTools::Change change = tools.remove(name);
    EXPECT_EQ(change.outcome, failed) << name;
    EXPECT_NE(change.error.find("is no saved tool"), std::string::npos) << change.error;
  }
  EXPECT_EQ(content(folder_.parent_path() / "b.py"), "mine");
  EXPECT_EQ(content(folder_ / "a.py"), "x = 1\n");
}

TEST_F(SavedToolsTest, WhoWasInterruptedBetweenKeepingAndReplacingDoesNoHarm) {
  const SavedTools tools(folder_);
  ASSERT_EQ(tools.save("a", "x = 1\n").outcome, done);
  fs::create_directories(version("a", "0001").parent_path());
  fs::create_hard_link(folder_ / "a.py", version("a", "0001"));
  std::ofstream(folder_ / ".versions" / ".new") << "x = hal";
  EXPECT_EQ(tools.save("a", "x = 1\n").version, 1U);
  EXPECT_EQ(tools.save("a", "x = 2\n").version, 2U);
  EXPECT_EQ(content(version("a", "0001")), "x = 1\n");
  EXPECT_FALSE(fs::exists(folder_ / ".versions" / ".new"));
  // The same while it is deleted.
  fs::create_hard_link(folder_ / "a.py", version("a", "0002"));
  EXPECT_EQ(tools.remove("a").version, 2U);
  EXPECT_FALSE(fs::exists(folder_ / "a.py"));
  EXPECT_EQ(content(version("a", "0002")), "x = 2\n");
}

TEST_F(SavedToolsTest, WhoComesWhileAnotherWritesIsToldToComeAgain) {
  const SavedTools tools(folder_);
  ASSERT_EQ(tools.save("a", "x = 1\n").outcome, done);
  const engine::Fd other(::open((folder_ / ".versions" / ".lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  const SavedTools::Change change = tools.save("a", "x = 2\n");
  EXPECT_EQ(change.outcome, SavedTools::Outcome::busy);
  EXPECT_NE(change.error.find("another Headrace"), std::string::npos);
  EXPECT_EQ(tools.remove("a").outcome, SavedTools::Outcome::busy);
  EXPECT_EQ(content(folder_ / "a.py"), "x = 1\n");
  ASSERT_EQ(::flock(other.get(), LOCK_UN), 0);
  EXPECT_EQ(tools.save("a", "x = 2\n").version, 2U);
}

TEST_F(SavedToolsTest, ProcessesThatSaveAtOnceLoseNothing) {
  constexpr int processes = 4;
  constexpr int saves = 4;
  std::vector<pid_t> children;
  for (int child = 0; child < processes; ++child) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      const SavedTools tools(folder_);
      bool good = true;
      for (int i = 0; i < saves; ++i) {
        const std::string own = std::to_string(child) + "_" + std::to_string(i);
        good = save_at_last(tools, "shared", "x = '" + own + "'\n").outcome == done && good;
        good = save_at_last(tools, "own_" + own, "y = 1\n").outcome == done && good;
      }
      ::_exit(good ? 0 : 1);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  std::set<std::string> seen{content(folder_ / "shared.py")};
  for (const auto& entry : fs::directory_iterator(folder_ / ".versions" / "shared"))
    seen.insert(content(entry.path()));
  EXPECT_EQ(seen.size(), std::size_t{processes * saves});
  EXPECT_EQ(SavedTools(folder_).read().size(), std::size_t{processes * saves + 1});
  EXPECT_EQ(SavedTools(folder_).save("shared", "z = 1\n").version, unsigned{processes * saves + 1});
}

TEST_F(SavedToolsTest, NamesThatAreNoIdentifiersAreRefused) {
  const SavedTools tools(folder_);
  for (const char* name : {"", "../evil", "a/b", "a.b", "1a", "class", "a b", "é", "."}) {
    const SavedTools::Change change = tools.save(name, "x = 1\n");
    EXPECT_EQ(change.outcome, failed) << name;
    EXPECT_NE(change.error, "") << name;
  }
  EXPECT_FALSE(fs::exists(folder_.parent_path() / "evil.py"));
}

TEST_F(SavedToolsTest, SourcesThatAreNoTextAreRefused) {
  using namespace std::string_literals;
  const SavedTools tools(folder_);
  EXPECT_EQ(tools.save("long", std::string(300 << 10, 'x')).outcome, failed);
  EXPECT_EQ(tools.save("empty", "").outcome, failed);
  for (const std::string& source : {"x\0y"s, "\xff\xfe"s, "x = '\xed\xa0\x80'"s, "é\xc3"s})
    EXPECT_EQ(tools.save("bytes", source).outcome, failed);
  EXPECT_EQ(tools.as_json(), "[]");
  EXPECT_EQ(tools.save("text", "x = 'é€😀'\n").outcome, done);
}

TEST_F(SavedToolsTest, WhatIsNoPlainFileIsLeftOut) {
  const SavedTools tools(folder_);
  ASSERT_EQ(tools.save("good", "ok = 1\n").outcome, done);
  fs::create_directory(folder_ / "folder.py");
  std::ofstream(folder_ / "notes.txt") << "x";
  fs::create_symlink("nowhere", folder_ / "dangling.py");
  ASSERT_EQ(::mkfifo((folder_ / "pipe.py").c_str(), 0600), 0);
  EXPECT_EQ(tools.as_json(), R"([{"name":"good","source":"ok = 1\n"}])");
  EXPECT_EQ(tools.remove("folder").outcome, failed);
  EXPECT_EQ(tools.remove("pipe").outcome, failed);
}

TEST_F(SavedToolsTest, AFolderThatCannotBeMadeIsAnErrorInWords) {
  std::ofstream(folder_.parent_path() / "file") << "x";
  const SavedTools tools(folder_.parent_path() / "file" / "user_tools");
  const SavedTools::Change change = tools.save("a", "x = 1\n");
  EXPECT_EQ(change.outcome, failed);
  EXPECT_NE(change.error.find("can't be written"), std::string::npos);
}

TEST_F(SavedToolsTest, AFullFolderTakesNoMoreAndStillFitsIntoAFrame) {
  const SavedTools tools(folder_);
  const std::string source(256 << 10, 'x');
  for (int i = 0; i < 64; ++i)
    ASSERT_EQ(tools.save("tool" + std::to_string(i), source).outcome, done) << i;
  const SavedTools::Change change = tools.save("one_more", "x");
  EXPECT_EQ(change.outcome, failed);
  EXPECT_NE(change.error.find("would hold more than"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ / "one_more.py"));
  // One that is there can be changed.
  EXPECT_EQ(tools.save("tool7", "x = 7\n").outcome, done);
  EXPECT_EQ(tools.save("one_more", "x").outcome, done);
  // Others may have put in files by hand.
  for (int i = 0; i < 300; ++i)
    std::ofstream(folder_ / ("by_hand" + std::to_string(i) + ".py")) << source;
  EXPECT_LE(tools.as_json().size(), std::size_t{17} << 20);
}

TEST_F(SavedToolsTest, SavingAndDeletingInALoopDoesNotFillTheDisk) {
  const SavedTools tools(folder_);
  const std::string source(256 << 10, 'x');
  for (int i = 0; i < 300; ++i) {
    const std::string name = "tool" + std::to_string(i);
    ASSERT_EQ(tools.save(name, source).outcome, done);
    ASSERT_EQ(tools.remove(name).outcome, done);
  }
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_))
    if (entry.is_regular_file()) bytes += entry.file_size();
  EXPECT_LE(bytes, std::uintmax_t{64} << 20);
  EXPECT_TRUE(fs::exists(version("tool299", "0001")));
  EXPECT_FALSE(fs::exists(version("tool0", "0001").parent_path()));
}

TEST_F(SavedToolsTest, TheListSaysVersionAndTime) {
  const SavedTools tools(folder_);
  EXPECT_EQ(tools.as_detailed_json(), "[]");
  ASSERT_EQ(tools.save("a", "x = 1\n").outcome, done);
  ASSERT_EQ(tools.save("a", "x = 2\n").outcome, done);
  const std::array<timespec, 2> times{{{1'000'000'000, 0}, {1'000'000'000, 0}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder_ / "a.py").c_str(), times.data(), 0), 0);
  EXPECT_EQ(tools.as_detailed_json(),
            R"([{"name":"a","source":"x = 2\n","version":2,"saved":"2001-09-09T01:46:40Z"}])");
}

// As if nothing had happened to the folder for a while.
void age(const fs::path& folder, std::time_t when) {
  const std::array<timespec, 2> times{{{when, 0}, {when, 0}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, folder.c_str(), times.data(), 0), 0);
}

TEST_F(SavedToolsTest, AnInterpreterHearsOfToolsOnceUntilTheyChange) {
  const auto tools = std::make_shared<SavedTools>(folder_);
  SavedToolsNews news(tools);
  EXPECT_EQ(news.tell(true), "[]");
  EXPECT_EQ(news.tell(false), "");
  ASSERT_EQ(tools->save("a", "x = 1\n").outcome, done);
  EXPECT_EQ(news.tell(false), R"([{"name":"a","source":"x = 1\n"}])");
  age(folder_, 1'000'000'000);
  news.tell(false);
  EXPECT_EQ(news.tell(false), "");
  // Another process saves.
  ASSERT_EQ(SavedTools(folder_).save("a", "x = 2\n").outcome, done);
  age(folder_, 1'000'000'001);
  EXPECT_EQ(news.tell(false), R"([{"name":"a","source":"x = 2\n"}])");
  EXPECT_EQ(news.tell(false), "");
  EXPECT_EQ(news.tell(true), R"([{"name":"a","source":"x = 2\n"}])");
  ASSERT_EQ(tools->remove("a").outcome, done);
  age(folder_, 1'000'000'002);
  EXPECT_EQ(news.tell(false), "[]");
}

TEST_F(SavedToolsTest, AChangeThatIsTooYoungIsToldOnceMore) {
  const auto tools = std::make_shared<SavedTools>(folder_);
  SavedToolsNews news(tools);
  ASSERT_EQ(tools->save("a", "x = 1\n").outcome, done);
  // A second change in the same tick would not show.
  age(folder_, std::time(nullptr) + 1);
  EXPECT_NE(news.tell(true), "");
  age(folder_, 1'000'000'000);
  EXPECT_NE(news.tell(false), "");
  EXPECT_EQ(news.tell(false), "");
}

}  // namespace
}  // namespace headrace::server
