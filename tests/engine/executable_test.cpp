// find_executable: along PATH, by path, and what it says when there is none.
#include <headrace/engine/executable.hpp>

#include <cerrno>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"

namespace headrace::engine {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;

TEST(FindExecutable, TheFirstOnPathWins) {
  const TemporaryFolder one;
  const TemporaryFolder two;
  one.file("tool", "", true);
  two.file("tool", "", true);
  std::string why;
  EXPECT_EQ(find_executable("tool", one.path() + ":" + two.path(), why), one / "tool");
  EXPECT_EQ(find_executable("tool", two.path() + ":" + one.path(), why), two / "tool");
  EXPECT_EQ(find_executable("tool", ":/nowhere::" + two.path() + ":", why), two / "tool");
}

TEST(FindExecutable, ADirectoryOfThatNameIsPassedOver) {
  const TemporaryFolder one;
  const TemporaryFolder two;
  std::filesystem::create_directory(one / "tool");
  two.file("tool", "", true);
  std::string why;
  EXPECT_EQ(find_executable("tool", one.path() + ":" + two.path(), why), two / "tool");
}

TEST(FindExecutable, WhatAScriptIsRunByMayBeMissing) {
  const TemporaryFolder folder;
  const auto why = [&folder](const char* text, int error) {
    return why_not_executed(folder.file("tool", text, true), error);
  };
  EXPECT_THAT(why("#! \t/no/python3 -u\nx", ENOENT), HasSubstr("names '/no/python3' as its"));
  EXPECT_THAT(why("#!/no/python3", ENOENT), HasSubstr("names '/no/python3' as its"));
  EXPECT_THAT(why("#!/bin/sh\r\nx", ENOENT),
              HasSubstr("'/bin/sh' as its interpreter, and ends as"));
  for (const char* text : {"", "#!", "#!\n", "#! ",
                           "\x7f"
                           "ELF"}) {
    EXPECT_THAT(why(text, ENOENT), HasSubstr("loaded by"));
    EXPECT_THAT(why(text, ENOEXEC), HasSubstr("no script either"));
  }
  EXPECT_THAT(why("#!/bin/sh", EACCES), HasSubstr("ermission denied"));
  EXPECT_THAT(why_not_executed(folder / "gone", ENOENT), HasSubstr("No such file"));
}

TEST(FindExecutable, SaysThatItIsNotOnPath) {
  std::string why;
  EXPECT_EQ(find_executable("no-such-tool", "/usr/bin:/bin", why), "");
  EXPECT_THAT(why, HasSubstr("'no-such-tool' is not on PATH"));
  why.clear();
  EXPECT_EQ(find_executable("sh", "", why), "");
  EXPECT_THAT(why, HasSubstr("'sh'"));
}

TEST(FindExecutable, SaysThatPermissionIsMissing) {
  const TemporaryFolder folder;
  folder.file("tool", "");
  std::string why;
  EXPECT_EQ(find_executable("tool", folder.path(), why), "");
  EXPECT_THAT(why, HasSubstr("permission denied"));
}

TEST(FindExecutable, APathIsNotSearchedFor) {
  const TemporaryFolder folder;
  const std::string file = folder.file("tool", "", true);
  std::string why;
  EXPECT_EQ(find_executable(file, "", why), file);
  EXPECT_EQ(find_executable(folder / "absent", "/bin", why), "");
  EXPECT_THAT(why, HasSubstr("No such file"));
  EXPECT_EQ(find_executable(folder.path(), "/bin", why), "");
  EXPECT_THAT(why, HasSubstr("Is a directory"));
}

TEST(FindExecutable, AnEmptyCommandHasASentence) {
  std::string why;
  EXPECT_EQ(find_executable("", "/bin", why), "");
  EXPECT_FALSE(why.empty());
}

TEST(EnvironmentValue, TheWholeNameHasToMatch) {
  const std::vector<std::string> environment{"PATHS=no", "PATH", "PATH=/bin:/usr", "PATH=later"};
  EXPECT_EQ(environment_value(environment, "PATH"), "/bin:/usr");
  EXPECT_EQ(environment_value(environment, "PAT"), "");
  EXPECT_EQ(environment_value(environment, "HOME"), "");
}

}  // namespace
}  // namespace headrace::engine
