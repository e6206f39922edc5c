// The list of trusted folders: what is written, what is read, and what is refused.
#include <headrace/discovery/workspace_trust.hpp>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WorkspaceTrustTest : public testing::Test {
 protected:
  std::vector<std::string> trusted() {
    std::vector<std::string> folders;
    EXPECT_TRUE(read_trusted_workspaces(file, folders, error)) << error;
    return folders;
  }
  std::string folder(std::string_view name) const {
    std::filesystem::create_directories(dir / name);
    return resolved_folder(dir / name);
  }

  test::TempDir dir;
  std::string file = dir / "config/headrace/trusted-workspaces";
  std::string error;
};

TEST_F(WorkspaceTrustTest, IsRememberedAndForgotten) {
  EXPECT_THAT(trusted(), IsEmpty());
  const std::string one = folder("one");
  const std::string two = folder("two ü");
  EXPECT_TRUE(trust_workspace(file, one, error)) << error;
  EXPECT_TRUE(trust_workspace(file, two + "/../two ü/", error)) << error;
  EXPECT_TRUE(trust_workspace(file, one, error)) << error;
  EXPECT_THAT(trusted(), ElementsAre(one, two));
  EXPECT_TRUE(distrust_workspace(file, one, error)) << error;
  EXPECT_TRUE(distrust_workspace(file, one, error)) << error;
  EXPECT_THAT(trusted(), ElementsAre(two));
  std::filesystem::remove(two);
  EXPECT_TRUE(distrust_workspace(file, two, error)) << error;
  EXPECT_THAT(trusted(), IsEmpty());
}

TEST_F(WorkspaceTrustTest, TheFileIsTheUsersAloneAndNothingIsLeftBesideIt) {
  EXPECT_TRUE(trust_workspace(file, folder("one"), error)) << error;
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const std::filesystem::directory_iterator around(dir / "config/headrace");
  EXPECT_EQ(std::distance(begin(around), end(around)), 1);
}

TEST_F(WorkspaceTrustTest, ALinkStaysALink) {
  dir.write("dotfiles/trusted", "");
  std::filesystem::create_directories(dir / "config/headrace");
  std::filesystem::create_symlink(dir / "dotfiles/trusted", file);
  EXPECT_TRUE(trust_workspace(file, folder("one"), error)) << error;
  EXPECT_TRUE(std::filesystem::is_symlink(file));
  EXPECT_THAT(trusted(), ElementsAre(folder("one")));
}

TEST_F(WorkspaceTrustTest, OtherLinesAreNoFolders) {
  dir.write("config/headrace/trusted-workspaces", "# comment\n\nrelative\n/a b\n/last");
  EXPECT_THAT(trusted(), ElementsAre("/a b", "/last"));
}

TEST_F(WorkspaceTrustTest, WhatCannotBeRememberedIsSaid) {
  EXPECT_FALSE(trust_workspace(file, dir / "absent", error));
  EXPECT_THAT(error, HasSubstr("there is no folder"));
  EXPECT_FALSE(trust_workspace(file, dir.write("file", ""), error));
  EXPECT_FALSE(trust_workspace(file, folder("a\nb"), error));
  EXPECT_THAT(error, HasSubstr("line break"));
  EXPECT_FALSE(trust_workspace("", folder("one"), error));
  EXPECT_FALSE(trust_workspace(dir / "file/below", folder("one"), error));
  EXPECT_THAT(error, HasSubstr("file/below"));
  std::filesystem::create_directories(file);
  EXPECT_FALSE(trust_workspace(file, folder("one"), error));
  EXPECT_THAT(error, HasSubstr("it is a folder"));
}

TEST(TrustFile, IsInTheUsersConfiguration) {
  EXPECT_EQ(trust_file("/h", test::variables({})), "/h/.config/headrace/trusted-workspaces");
  EXPECT_EQ(trust_file("/h", test::variables({{"XDG_CONFIG_HOME", "/c"}})),
            "/c/headrace/trusted-workspaces");
  EXPECT_EQ(trust_file("/h", test::variables({{"XDG_CONFIG_HOME", "relative"}})),
            "/h/.config/headrace/trusted-workspaces");
  EXPECT_EQ(trust_file("", test::variables({})), "");
}

TEST(IsWithin, LooksAtWholeNames) {
  EXPECT_TRUE(is_within("/a", "/a"));
  EXPECT_TRUE(is_within("/a/", "/a"));
  EXPECT_TRUE(is_within("/a", "/a/b"));
  EXPECT_TRUE(is_within("/", "/a"));
  EXPECT_FALSE(is_within("/a", "/ab"));
  EXPECT_FALSE(is_within("/a/b", "/a"));
  EXPECT_FALSE(is_within("", "/a"));
  EXPECT_FALSE(is_within("a", "a/b"));
  EXPECT_FALSE(is_within("/", ""));
}

}  // namespace
}  // namespace headrace::discovery
