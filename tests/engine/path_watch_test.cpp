// PathWatch with real files: told by inotify, and by looking.
#include <headrace/engine/path_watch.hpp>

#include <filesystem>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>

#include "support.hpp"
#include "temporary_folder.hpp"

namespace headrace::engine {
namespace {

namespace fs = std::filesystem;

using namespace std::chrono_literals;

using test::run_until;
using test::TemporaryFolder;

// How it is noticed: by both all has to be noticed alike.
struct PathWatchTest : testing::TestWithParam<bool> {
  std::shared_ptr<PathWatch> watch(std::vector<std::string> paths, PathWatchOptions options = {}) {
    options.only_look = GetParam();
    options.quiet = 10ms;
    options.interval = 20ms;
    auto made = std::make_shared<PathWatch>(
        context.get_executor(), [this] { ++told; }, options);
    made->set_paths(std::move(paths));
    // What happened before it began it can't know.
    const int before = told;
    EXPECT_TRUE(run_until(context, [&] { return told > before; }));
    return made;
  }

  /// Whether a change is told of.
  void expect_told(const std::function<void()>& change, const char* what) {
    const int before = told;
    change();
    EXPECT_TRUE(run_until(context, [&] { return told > before; })) << what;
    // What is told of the same change in several parts belongs to it. (That more would come can't
    // make a test fail, only weaker.)
    const auto end = Clock::now() + 60ms;
    while (Clock::now() < end) {
      context.restart();
      context.run_one_for(10ms);
    }
  }

  void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

  asio::io_context context{1};
  TemporaryFolder folder;
  int told = 0;
};

TEST_P(PathWatchTest, AFileThatIsWrittenReplacedAndRemoved) {
  const std::string path = folder.file("a.json", "1");
  const auto watching = watch({path});
  expect_told([&] { write(path, "22"); }, "written");
  expect_told([&] { std::ofstream(path, std::ios::app) << "3"; }, "added to");
  expect_told([&] { fs::rename(folder.file("other", "4444"), path); }, "replaced");
  expect_told([&] { write(path, "55555"); }, "written after it was replaced");
  expect_told([&] { fs::remove(path); }, "removed");
  expect_told([&] { write(path, "6"); }, "made again");
  expect_told([&] { write(path, "77"); }, "written again");
  expect_told([&] { fs::rename(path, folder / "b.json"); }, "renamed");
}

TEST_P(PathWatchTest, AFileInFoldersThatAreNotThere) {
  const std::string path = folder / "x/y/z.json";
  const auto watching = watch({path});
  // Looking can only see the end of it.
  fs::create_directories(folder / "x/y");
  expect_told([&] { write(path, "1"); }, "the file is there");
  expect_told([&] { write(path, "22"); }, "written");
  expect_told([&] { fs::remove_all(folder / "x"); }, "all is gone");
  expect_told(
      [&] {
        fs::create_directories(folder / "x/y");
        write(path, "333");
      },
      "all is there again");
  expect_told([&] { write(path, "4444"); }, "written again");
}

TEST_P(PathWatchTest, FoldersThatAreMovedAwayAndReplaced) {
  fs::create_directories(folder / "config/app");
  const std::string path = folder.file("config/app/a.json", "1");
  const auto watching = watch({path});
  expect_told([&] { fs::rename(folder / "config", folder / "old"); }, "a folder on the way moved");
  fs::create_directories(folder / "new/app");
  write(folder / "new/app/a.json", "22");
  expect_told([&] { fs::rename(folder / "new", folder / "config"); }, "another took its place");
  expect_told([&] { write(path, "333"); }, "written there");
}

TEST_P(PathWatchTest, NamesInAFolder) {
  const auto watching = watch({folder / "MCPs"});
  expect_told([&] { fs::create_directory(folder / "MCPs"); }, "it is there");
  expect_told([&] { folder.file("MCPs/a.json", "{}"); }, "a file in it");
  expect_told([&] { fs::rename(folder / "MCPs/a.json", folder / "MCPs/b.json"); }, "renamed");
  expect_told([&] { fs::remove(folder / "MCPs/b.json"); }, "removed");
  expect_told([&] { fs::remove(folder / "MCPs"); }, "it is gone");
  expect_told([&] { fs::create_directory(folder / "MCPs"); }, "it is there again");
  expect_told([&] { folder.file("MCPs/c.json", "{}"); }, "a file in it again");
}

TEST_P(PathWatchTest, Links) {
  fs::create_directories(folder / "dot");
  folder.file("dot/one.json", "1");
  folder.file("dot/two.json", "22");
  fs::create_symlink("dot/one.json", folder / "a.json");
  const auto watching = watch({folder / "a.json"});
  expect_told([&] { write(folder / "dot/one.json", "333"); }, "what it leads to is written");
  expect_told([&] { fs::rename(folder.file("dot/tmp", "4444"), folder / "dot/one.json"); },
              "what it leads to is replaced");
  expect_told(
      [&] {
        fs::create_symlink("dot/two.json", folder / "tmp");
        fs::rename(folder / "tmp", folder / "a.json");
      },
      "it leads elsewhere");
  expect_told([&] { write(folder / "dot/two.json", "55555"); }, "what is there is written");
  expect_told([&] { fs::remove(folder / "dot/two.json"); }, "it leads nowhere");
  expect_told([&] { write(folder / "dot/two.json", "1"); }, "it leads somewhere again");
}

TEST_P(PathWatchTest, OtherPathsFromNowOn) {
  const std::string first = folder.file("first", "1");
  const std::string second = folder.file("second", "1");
  const auto watching = watch({first});
  expect_told([&] { watching->set_paths({second}); }, "what happened before nobody could tell");
  expect_told([&] { write(second, "22"); }, "the new one");
  EXPECT_EQ(watching->watches() > 0, !GetParam());
  EXPECT_EQ(watching->why_looking().empty(), !GetParam());
}

TEST_P(PathWatchTest, ItMayBeEndedWhileItTells) {
  const std::string path = folder.file("a.json", "1");
  std::shared_ptr<PathWatch> watching = watch({path});
  bool ended = false;
  PathWatchOptions options;
  options.only_look = GetParam();
  watching = std::make_shared<PathWatch>(
      context.get_executor(),
      [&] {
        watching.reset();
        ended = true;
      },
      options);
  watching->set_paths({path});
  EXPECT_TRUE(run_until(context, [&] { return ended; }));
}

TEST_P(PathWatchTest, ItsEndLetsTheContextEnd) {
  const auto watching = watch({folder / "a/b", folder.path()});
  watching->close();
  watching->set_paths({folder / "c"});
  context.restart();
  context.run();
  EXPECT_TRUE(context.stopped());
  // And without a word of it.
  watch({folder.path()}).reset();
  context.restart();
  context.run();
}

TEST_P(PathWatchTest, WhatNeverEndsIsToldOfNowAndThen) {
  const std::string path = folder.file("log", "");
  PathWatchOptions options;
  options.longest = 50ms;
  const auto watching = watch({path}, options);
  // One that would wait for quiet would never speak.
  std::ofstream log(path, std::ios::app);
  const int before = told;
  std::size_t lines = 0;
  EXPECT_TRUE(run_until(context, [&] {
    log << ++lines << std::endl;
    return told > before + 2;
  }));
}

INSTANTIATE_TEST_SUITE_P(Watching, PathWatchTest, testing::Values(false, true),
                         [](const auto& test) { return test.param ? "ByLooking" : "ByInotify"; });

#ifdef __linux__

struct Inotify : testing::Test {
  asio::io_context context{1};
  TemporaryFolder folder;
};

TEST_F(Inotify, OthersNoiseIsNotToldOf) {
  const std::string path = folder.file("a.json", "1");
  int told = 0;
  PathWatch watching(context.get_executor(), [&] { ++told; }, {10ms, 1s});
  watching.set_paths({path});
  ASSERT_TRUE(run_until(context, [&] { return told == 1; }));
  for (int i = 0; i < 100; ++i)
    folder.file("noise" + std::to_string(i), "x");
  std::ofstream(path) << "22";
  ASSERT_TRUE(run_until(context, [&] { return told > 1; }));
  EXPECT_EQ(told, 2);
}

TEST_F(Inotify, AStormOfChangesLosesNothing) {
  // More than the queue of the kernel holds by default, while nobody reads.
  const std::string names = folder / "names";
  fs::create_directory(names);
  int told = 0;
  PathWatch watching(context.get_executor(), [&] { ++told; }, {10ms, 1s});
  watching.set_paths({names, folder / "x/late"});
  ASSERT_TRUE(run_until(context, [&] { return told == 1; }));
  for (int i = 0; i < 20'000; ++i) {
    const std::string path = names + "/" + std::to_string(i % 2);
    std::ofstream(path).close();
    fs::remove(path);
  }
  fs::create_directory(folder / "x");
  ASSERT_TRUE(run_until(context, [&] { return told > 1; }));
  // The folder that came in the part that was lost is watched all the same.
  const int before = told;
  folder.file("x/late", "1");
  EXPECT_TRUE(run_until(context, [&] { return told > before; }));
}

TEST_F(Inotify, MorePlacesThanItMayWatchAreLookedAt) {
  PathWatchOptions options;
  options.most_watches = 3;
  options.interval = 20ms;
  int told = 0;
  PathWatch watching(
      context.get_executor(), [&] { ++told; }, options);
  std::vector<std::string> paths;
  for (int i = 0; i < 10; ++i)
    paths.push_back(folder.file(std::to_string(i), "1"));
  watching.set_paths(paths);
  EXPECT_THAT(watching.why_looking(), testing::HasSubstr("places to watch"));
  ASSERT_TRUE(run_until(context, [&] { return told == 1; }));
  std::ofstream(paths[7]) << "22";
  EXPECT_TRUE(run_until(context, [&] { return told > 1; }));
  // With fewer it watches again.
  watching.set_paths({"/"});
  EXPECT_EQ(watching.why_looking(), "");
  EXPECT_EQ(watching.watches(), 1U);
}

#endif

}  // namespace
}  // namespace headrace::engine
