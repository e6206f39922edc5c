// All sources together: precedence, faults that hide nothing, and changes from one run to the next.
#include <headrace/discovery/sources.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::chrono::seconds kHalfWritten{5};

class SourcesTest : public testing::Test {
 protected:
  SourcesTest() {
    options.state_dir = dir.path() / "MCPs";
    options.environment = test::variables({{"HOME", dir.path().string()}, {"SET", "value"}});
    std::filesystem::create_directory(options.state_dir);
  }

  std::string put(std::string_view name, std::string_view content) const {
    return dir.write("MCPs/" + std::string(name), content);
  }
  std::string put_server(std::string_view file, std::string_view name,
                         std::string_view command) const {
    return put(file, "{\"mcpServers\":{\"" + std::string(name) + "\":{\"command\":\"" +
                         std::string(command) + "\"}}}");
  }
  static std::vector<std::string> names(const Discovery& found) {
    std::vector<std::string> result;
    for (const ServerSpec& server : found.servers)
      result.push_back(server.name);
    return result;
  }

  test::TempDir dir;
  SourceOptions options;
};

TEST_F(SourcesTest, NothingThereIsNoFault) {
  EXPECT_EQ(discover(options), Discovery{});
  options.state_dir = dir.path() / "absent";
  EXPECT_EQ(discover(options), Discovery{});
  options.state_dir.clear();
  EXPECT_EQ(discover(options), Discovery{});
}

TEST_F(SourcesTest, FilesInOrderOfNameThenTheExtraOne) {
  put_server("b.json", "from_b", "c");
  put_server("a.json", "from_a", "c");
  put_server(".hidden.json", "hidden", "c");
  put_server("c.txt", "other", "c");
  put_server("d.JSON", "upper", "c");
  put_server("sub/x.json", "deep", "c");
  options.extra_config = dir.write("extra.toml", "[mcp_servers.from_toml]\ncommand = 'x'");
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("from_a", "from_b", "from_toml"));
  EXPECT_THAT(test::described(found.faults), IsEmpty());
  EXPECT_EQ(found.servers[0].source.file, dir / "MCPs/a.json");
}

TEST_F(SourcesTest, TheFirstFolderComesFirstAndIsReadOnce) {
  put_server("a.json", "x", "later");
  put_server("b.json", "y", "c");
  options.first_dir = dir.path() / "first";
  dir.write("first/z.json", R"({"mcpServers":{"x":{"command":"earlier"}}})");
  const Discovery both = discover(options);
  EXPECT_THAT(names(both), ElementsAre("x", "y"));
  EXPECT_EQ(both.servers[0].command, "earlier");
  options.first_dir = options.state_dir;
  const Discovery same = discover(options);
  EXPECT_THAT(names(same), ElementsAre("x", "y"));
  EXPECT_THAT(test::described(same.faults), IsEmpty());
}

TEST_F(SourcesTest, TheFirstDefinitionWinsAndTheOtherIsReported) {
  put_server("a.json", "x", "first");
  const std::string second =
      put("b.json", "{\"servers\":{\n\"x\":{\"command\":\"second\"},\"y\":{\"command\":\"c\"}}}");
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("x", "y"));
  EXPECT_EQ(found.servers[0].command, "first");
  EXPECT_THAT(test::described(found.faults),
              ElementsAre(AllOf(StartsWith("info " + second + ":2: server 'x': "),
                                HasSubstr(dir / "MCPs/a.json"))));
}

TEST_F(SourcesTest, ABrokenDefinitionTakesNoNameADisabledOneDoes) {
  put("a.json", R"({"servers":{"broken":{},"off":{"command":"c","disabled":true}}})");
  put("b.json", R"({"servers":{"broken":{"command":"works"},"off":{"command":"c"}}})");
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("broken"));
  EXPECT_EQ(found.servers[0].command, "works");
}

TEST_F(SourcesTest, NoFaultHidesAnotherEntryOrFile) {
  put("a.json", "{\"mcpServers\": {\"half\": {\"comm");
  std::filesystem::create_directory(options.state_dir / "b.json");
  ASSERT_EQ(::mkfifo((options.state_dir / "c.json").c_str(), 0600), 0);
  std::filesystem::create_symlink("nowhere", options.state_dir / "d.json");
  std::filesystem::create_symlink("e.json", options.state_dir / "e.json");
  put("f.json", "");
  const std::string large = put("g.json", "");
  std::filesystem::resize_file(large, 100 * 1024 * 1024);
  put("h.json",
      R"({"servers":{"bad":{"command":""},"remote":{"url":"u"},"good":{"command":"${SET}"}}})");
  options.extra_config = dir / "absent.json";
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("good"));
  EXPECT_EQ(found.servers[0].command, "value");
  const std::vector<std::string> faults = test::described(found.faults);
  EXPECT_EQ(faults.size(), 10U);
  EXPECT_THAT(faults,
              Contains(AllOf(StartsWith("warning "), HasSubstr("h.json:1: server 'remote'"))));
  for (const char* text :
       {"a.json:1: not valid JSON", "b.json: the file cannot be read: it is a folder",
        "c.json: the file cannot be read: it is a pipe", "d.json: the file cannot",
        "e.json: the file cannot", "f.json:1: the file is empty",
        "g.json: the file cannot be read: it is larger", "h.json:1: server 'bad'",
        "absent.json: the file cannot be read: No such"}) {
    EXPECT_THAT(faults, Contains(AllOf(StartsWith("error "), HasSubstr(text))));
  }
}

TEST_F(SourcesTest, AFolderThatIsAFileIsAFault) {
  options.state_dir = dir.write("file", "");
  const Discovery found = discover(options);
  EXPECT_THAT(test::described(found.faults), ElementsAre(HasSubstr("the folder cannot be read")));
}

TEST_F(SourcesTest, AliasesAreUniqueOverAllFiles) {
  put_server("a.json", "My Server", "c");
  put_server("b.json", "my-server", "c");
  const Discovery found = discover(options);
  ASSERT_EQ(found.servers.size(), 2U);
  EXPECT_EQ(found.servers[0].alias, "my_server");
  EXPECT_EQ(found.servers[1].alias, "my_server_2");
}

TEST_F(SourcesTest, OurselvesOnlyWhenAllowed) {
  put_server("a.json", "headrace", "headrace");
  EXPECT_THAT(discover(options).servers, IsEmpty());
  options.allow_self = true;
  EXPECT_THAT(names(discover(options)), ElementsAre("headrace"));
}

TEST_F(SourcesTest, HomeIsWhatTildeStandsFor) {
  put_server("a.json", "x", "~/bin/x");
  options.state_dir = "~/MCPs";
  options.extra_config = "~/extra.json";
  dir.write("extra.json", R"({"servers":{"y":{"command":"c"}}})");
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("x", "y"));
  EXPECT_EQ(found.servers[0].command, dir / "bin/x");
  options.home = dir.path() / "elsewhere";
  EXPECT_THAT(discover(options).servers, IsEmpty());
}

TEST_F(SourcesTest, TheExtraFileInTheFolderIsReadOnce) {
  options.extra_config = put_server("a.json", "x", "c");
  Sources sources(options);
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), ElementsAre("x"));
  EXPECT_THAT(sources.current().faults, IsEmpty());
}

TEST_F(SourcesTest, AFloodOfFaultsIsCut) {
  std::string text = R"({"servers":{"n":1)";
  for (int i = 0; i < 5000; ++i)
    text += ",\"n" + std::to_string(i) + "\":1";
  put("a.json", text + "}}");
  const Discovery found = discover(options);
  EXPECT_EQ(found.faults.size(), 101U);
  EXPECT_THAT(found.faults.back().message, HasSubstr("4901 more"));
}

TEST_F(SourcesTest, RefreshNoticesEveryChange) {
  Sources sources(options);
  EXPECT_FALSE(sources.refresh());
  put_server("a.json", "x", "one");
  EXPECT_TRUE(sources.refresh());
  EXPECT_FALSE(sources.refresh());

  put_server("a.json", "x", "two");  // same size, perhaps the same time stamp
  EXPECT_TRUE(sources.refresh());
  EXPECT_EQ(sources.current().servers.at(0).command, "two");

  const std::string added = put_server("b.json", "y", "c");
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), ElementsAre("x", "y"));

  std::filesystem::rename(added, dir / "MCPs/0.json");
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), ElementsAre("y", "x"));

  std::filesystem::remove(dir / "MCPs/0.json");
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), ElementsAre("x"));

  std::filesystem::remove_all(options.state_dir);
  EXPECT_TRUE(sources.refresh());
  EXPECT_EQ(sources.current(), Discovery{});
  EXPECT_FALSE(sources.refresh());
}

TEST_F(SourcesTest, RefreshFollowsLinksAndMissingFiles) {
  options.extra_config = dir / "link.json";
  Sources sources(options);
  EXPECT_TRUE(sources.refresh());
  EXPECT_EQ(sources.current().faults.size(), 1U);
  EXPECT_FALSE(sources.refresh());
  dir.write("one.json", R"({"servers":{"one":{"command":"c"}}})");
  dir.write("two.json", R"({"servers":{"two":{"command":"c"}}})");
  std::filesystem::create_symlink("one.json", dir / "link.json");
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), ElementsAre("one"));
  std::filesystem::remove(dir / "link.json");
  std::filesystem::create_symlink("two.json", dir / "link.json");
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), ElementsAre("two"));
}

TEST_F(SourcesTest, AFileIsReadAgainOnlyWhenItMayHaveChanged) {
  put_server("a.json", "x", "${SET}");
  int lookups = 0;  // one for each time the file is read
  options.environment = [&lookups](std::string_view) {
    ++lookups;
    return std::optional<std::string>("v");
  };
  options.home = dir.path();
  options.clock = [] { return std::chrono::system_clock::now() - std::chrono::hours(1); };
  Sources young(options);
  EXPECT_TRUE(young.refresh());
  EXPECT_FALSE(young.refresh());
  EXPECT_EQ(lookups, 2);

  lookups = 0;
  options.clock = [] { return std::chrono::system_clock::now() + std::chrono::hours(1); };
  Sources old(options);
  EXPECT_TRUE(old.refresh());
  EXPECT_FALSE(old.refresh());
  EXPECT_FALSE(old.refresh());
  EXPECT_EQ(lookups, 1);

  put_server("b.json", "y", "c");
  EXPECT_TRUE(old.refresh());
  EXPECT_EQ(lookups, 1);
}

TEST_F(SourcesTest, AHalfWrittenFileIsWhatItWasForAWhile) {
  auto now = std::chrono::system_clock::now();
  options.clock = [&now] { return now; };
  put_server("a.json", "x", "one");
  Sources sources(options);
  EXPECT_TRUE(sources.refresh());

  put("a.json", "{\"mcpServers\": {\"x\"");
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), ElementsAre("x"));
  EXPECT_THAT(test::described(sources.current().faults),
              ElementsAre(HasSubstr("not valid JSON"), HasSubstr("stay as they were")));
  now += std::chrono::seconds(4);
  EXPECT_FALSE(sources.refresh());
  put("a.json", "");
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), ElementsAre("x"));

  now += std::chrono::seconds(1);
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), IsEmpty());
  EXPECT_EQ(sources.current().faults.size(), 1U);
  put("a.json", "[");
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), IsEmpty());

  put_server("a.json", "x", "two");
  EXPECT_TRUE(sources.refresh());
  EXPECT_EQ(sources.current().servers.at(0).command, "two");
  EXPECT_THAT(sources.current().faults, IsEmpty());
}

TEST_F(SourcesTest, AFileThatIsWrittenInTwoStepsNeverLosesItsServers) {
  put_server("a.json", "x", "one");
  Sources sources(options);
  EXPECT_TRUE(sources.refresh());
  put("a.json", "");
  sources.refresh();
  EXPECT_THAT(names(sources.current()), ElementsAre("x"));
  put_server("a.json", "y", "one");
  sources.refresh();
  EXPECT_THAT(names(sources.current()), ElementsAre("y"));
  std::filesystem::remove(options.state_dir / "a.json");
  sources.refresh();
  EXPECT_EQ(sources.current(), Discovery{});
}

TEST_F(SourcesTest, ItSaysWhenAHalfWrittenFileIsNoLongerExcused) {
  auto now = std::chrono::system_clock::now();
  options.clock = [&now] { return now; };
  put_server("a.json", "x", "one");
  put_server("b.json", "y", "two");
  Sources sources(options);
  sources.refresh();
  EXPECT_EQ(sources.held_until(), std::nullopt);
  const auto first = now;
  put("a.json", "{");
  sources.refresh();
  EXPECT_EQ(sources.held_until(), first + kHalfWritten);
  now += std::chrono::seconds(1);
  put("b.json", "{");
  sources.refresh();
  EXPECT_EQ(sources.held_until(), first + kHalfWritten);
  put_server("a.json", "x", "one");
  sources.refresh();
  EXPECT_EQ(sources.held_until(), now + kHalfWritten);
  now += kHalfWritten;
  sources.refresh();
  EXPECT_EQ(sources.held_until(), std::nullopt);
}

TEST_F(SourcesTest, AClockThatIsSetBackMakesNothingLast) {
  auto now = std::chrono::system_clock::now();
  options.clock = [&now] { return now; };
  put_server("a.json", "x", "one");
  Sources sources(options);
  sources.refresh();
  put("a.json", "{");
  sources.refresh();
  now -= std::chrono::hours(1);
  sources.refresh();
  EXPECT_THAT(names(sources.current()), ElementsAre("x"));
  now += kHalfWritten;
  sources.refresh();
  EXPECT_THAT(names(sources.current()), IsEmpty());
}

// Takes all descriptors that this process may have, and gives them back.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 64;
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int fd = 0; fd >= 0;) {
      fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      if (fd >= 0) taken_.push_back(fd);
    }
  }
  ~NoDescriptors() {
    for (const int fd : taken_)
      ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(SourcesTest, AShortageOfDescriptorsTakesNoServerAway) {
  put_server("a.json", "x", "one");
  options.extra_config = dir.write("extra.json", R"({"servers":{"y":{"command":"c"}}})");
  Sources sources(options);
  EXPECT_TRUE(sources.refresh());
  {
    const NoDescriptors none;
    EXPECT_TRUE(sources.refresh());
  }
  EXPECT_THAT(names(sources.current()), ElementsAre("x", "y"));
  EXPECT_THAT(test::described(sources.current().faults),
              Contains(HasSubstr("Too many open files")));
  EXPECT_TRUE(sources.refresh());
  EXPECT_THAT(names(sources.current()), ElementsAre("x", "y"));
  EXPECT_THAT(sources.current().faults, IsEmpty());
}

TEST_F(SourcesTest, UnreadableFilesAndFoldersAreNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string file = put_server("a.json", "x", "c");
  put_server("b.json", "y", "c");
  std::filesystem::permissions(file, std::filesystem::perms::none);
  const Discovery found = discover(options);
  EXPECT_THAT(names(found), ElementsAre("y"));
  EXPECT_THAT(test::described(found.faults), ElementsAre(HasSubstr("Permission denied")));
}

TEST_F(SourcesTest, LoopsOfLinksEndInAFault) {
  std::filesystem::create_symlink("b.json", options.state_dir / "a.json");
  std::filesystem::create_symlink("a.json", options.state_dir / "b.json");
  std::filesystem::create_symlink(options.state_dir, options.state_dir / "self.json");
  const std::string loop = dir / "loop";
  std::filesystem::create_symlink("loop", loop);
  options.first_dir = loop;
  EXPECT_EQ(discover(options).faults.size(), 4U);
}

TEST_F(SourcesTest, NamesInUnicodeAndNamesThatCollide) {
  put("a.json", R"({"servers":{"Zürich 日本":{"command":"c"},"日本":{"command":"c"},
      "a-b":{"command":"1"},"a_b":{"command":"2"},"A b":{"command":"3"},"..":{"command":"4"}}})");
  const Discovery found = discover(options);
  EXPECT_THAT(test::described(found.faults), IsEmpty());
  std::vector<std::string> aliases;
  for (const ServerSpec& server : found.servers)
    aliases.push_back(server.alias);
  EXPECT_THAT(aliases, ElementsAre("z_rich_", "_", "a_b_2", "a_b", "a_b_3", "__2"));
}

TEST_F(SourcesTest, WatchedPathsNameFilesAndFoldersAlsoAbsentOnes) {
  put_server("a.json", "x", "c");
  options.extra_config = dir / "absent.json";
  options.others = {"cursor", "mcp"};
  Sources sources(options);
  sources.refresh();
  EXPECT_THAT(sources.watched_paths(),
              testing::UnorderedElementsAre(dir / "MCPs", dir / "MCPs/a.json", dir / "absent.json",
                                            dir / ".cursor/mcp.json", dir / ".config/mcp/servers"));
}

}  // namespace
}  // namespace headrace::discovery
