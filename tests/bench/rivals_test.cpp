// Rivals by their command and by their description.
#include <headrace/bench/rivals.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::bench {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
namespace fs = std::filesystem;

TEST(SplitWords, AsAShellDoes) {
  EXPECT_THAT(split_words("a  b\tc"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split_words(R"(a 'b c' "d e"f g\ h)"), ElementsAre("a", "b c", "d ef", "g h"));
  EXPECT_THAT(split_words(R"('' "" 'a\' "b\"c")"), ElementsAre("", "", "a\\", "b\"c"));
  EXPECT_THAT(split_words("  "), ElementsAre());
  EXPECT_THROW(split_words("a 'b"), std::runtime_error);
  EXPECT_THROW(split_words("a \"b"), std::runtime_error);
}

TEST(RivalByCommand, HasNameToolAndCommand) {
  const Rival plain = rival_by_command("mine=proxy --to {server}", "/echo server");
  EXPECT_EQ(plain.name, "mine");
  EXPECT_EQ(plain.tool, "echo");
  EXPECT_THAT(plain.command, ElementsAre("proxy", "--to", "/echo server"));
  const Rival other = rival_by_command("my own[echo__echo]=p a=b", "/echo");
  EXPECT_EQ(other.name, "my own");
  EXPECT_EQ(other.tool, "echo__echo");
  EXPECT_THAT(other.command, ElementsAre("p", "a=b"));
  for (const char* wrong : {"", "name", "=command", "name=", "name=  ", "n[]=c"})
    EXPECT_THROW(rival_by_command(wrong, "/echo"), std::runtime_error) << wrong;
}

class Folders : public testing::Test {
 protected:
  Folders() {
    std::string pattern = fs::temp_directory_path() / "headrace-bench-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~Folders() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text, bool program = false) {
    const fs::path file = root_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    if (program) fs::permissions(file, fs::perms::owner_all);
  }
  std::string path(const std::string& name) const { return root_ / name; }

  fs::path root_;
};

TEST_F(Folders, AreDescribedAndInstalledOrSaidToBeMissing) {
  write("all/here/rival.json",
        R"({"name":"here","title":"Here 1","kind":"proxy","version":"1.2","tool":"echo_echo"})");
  write("all/missing/rival.json", R"({"name":"missing","title":"Missing","kind":"proxy"})");
  write("all/never/rival.json", R"({"name":"never","title":"Never","skipped":"no stdio"})");
  write("all/code/rival.json",
        R"({"name":"code","title":"Code","kind":"code","call":"run","argument":"src",)"
        R"("code":{"hello":"print 1","call":"x"
}
})");
  write("all/lib.sh", "");
  fs::create_directories(path("installed/here"));
  fs::create_directories(path("installed/code"));
  const auto rivals = rivals_in(path("all"), path("installed"), "/echo");
  ASSERT_EQ(rivals.size(), 4U);
  EXPECT_EQ(rivals[0].name, "Code");
  EXPECT_TRUE(rivals[0].runs_code);
  EXPECT_EQ(rivals[0].call, "run");
  EXPECT_EQ(rivals[0].argument, "src");
  EXPECT_EQ(rivals[0].code.at("hello"), "print 1");
  EXPECT_EQ(rivals[1].name, "Here 1");
  EXPECT_EQ(rivals[1].version, "1.2");
  EXPECT_EQ(rivals[1].tool, "echo_echo");
  EXPECT_FALSE(rivals[1].runs_code);
  EXPECT_THAT(rivals[1].command,
              ElementsAre(EndsWith("all/here/run"), EndsWith("installed/here"), "/echo"));
  EXPECT_EQ(rivals[1].skipped, "");
  EXPECT_THAT(rivals[2].skipped, HasSubstr("rivals install missing"));
  EXPECT_EQ(rivals[3].skipped, "no stdio");
  EXPECT_THAT(rivals_in(path("all"), "", "/echo")[1].skipped, HasSubstr("not installed"));
  EXPECT_TRUE(rivals_in(path("nowhere"), "", "/echo").empty());
}

TEST_F(Folders, WithABrokenDescriptionAreNamed) {
  write("all/broken/rival.json", "{");
  try {
    rivals_in(path("all"), "", "/echo");
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("broken/rival.json"));
  }
}

TEST_F(Folders, AreInstalledByTheirScripts) {
  write("all/good/rival.json", R"({"name":"good"})");
  write("all/good/install", "#!/bin/sh\necho done > \"$1/made\"\n", true);
  write("all/absent/rival.json", R"({"name":"absent"})");
  write("all/absent/install", "#!/bin/sh\necho no network >&2\nexit 77\n", true);
  EXPECT_TRUE(install_rivals(path("all"), path("to"), {}));
  EXPECT_TRUE(fs::exists(path("to/good/made")));
  EXPECT_FALSE(fs::exists(path("to/absent")));
  write("all/bad/rival.json", R"({"name":"bad"})");
  write("all/bad/install", "#!/bin/sh\nexit 1\n", true);
  EXPECT_FALSE(install_rivals(path("all"), path("to"), {"bad"}));
  EXPECT_TRUE(install_rivals(path("all"), path("to"), {"good", "absent"}));
  EXPECT_THROW(install_rivals(path("all"), path("to"), {"unknown"}), std::runtime_error);
}

}  // namespace
}  // namespace headrace::bench
