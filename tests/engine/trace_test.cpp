// Trace: what a file has in it, who may read it, and what happens when it can't be written.
#include <headrace/engine/peer.hpp>
#include <headrace/engine/trace.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "support.hpp"
#include "temporary_folder.hpp"
#include "test_stream.hpp"

namespace headrace::engine::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Traces : testing::Test {
  std::shared_ptr<Trace> open(std::uint64_t limit = Trace::longest_file) {
    return Trace::open(folder / "deep/er", "1.2.3", logger, limit);
  }

  static std::vector<json> records(const std::filesystem::path& path) {
    std::vector<json> all;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
      all.push_back(json::parse(line));
    return all;
  }

  // "in: text" for each line of a stream.
  static std::vector<std::string> lines(const std::filesystem::path& path, int stream) {
    std::vector<std::string> all;
    for (const json& record : records(path)) {
      if (record.value("stream", 0) != stream || !record.contains("line")) continue;
      all.push_back(record["direction"].get<std::string>() + ": " +
                    record["line"].get<std::string>());
    }
    return all;
  }

  TemporaryFolder folder;
  std::string log;
  Logger logger{LogLevel::debug,
                [this](LogLevel level, std::string_view source, std::string_view message) {
                  log += std::string(to_string(level)) + " " + std::string(source) + ": " +
                         std::string(message) + "\n";
                }};
};

TEST_F(Traces, BeginsWithWhoWroteItAndIsForItsOwnerAlone) {
  const auto trace = open();
  ASSERT_TRUE(trace) << log;
  const std::vector<json> all = records(trace->path());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]["headrace"], "1.2.3");
  EXPECT_EQ(all[0]["pid"], ::getpid());
  EXPECT_EQ(all[0]["trace"], 1);
  struct ::stat facts {};
  ASSERT_EQ(::stat(trace->path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((folder / "deep/er").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0700U);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(Traces, GathersBytesToLinesInBothDirections) {
  const auto trace = open();
  ASSERT_TRUE(trace) << log;
  {
    TraceTap one(trace, "one");
    TraceTap other(trace, "the \"other\"");
    one.on_read("first\nsec");
    other.on_read("\n");
    one.on_read("ond\n\xff\nrest");
    one.on_read_end();
    const std::array<asio::const_buffer, 3> buffers{asio::buffer("ab", 2), asio::buffer("c\nd", 3),
                                                    asio::buffer("e\nf", 3)};
    other.on_written({buffers.data(), buffers.data() + buffers.size()}, 7);
  }
  EXPECT_THAT(lines(trace->path(), 1),
              ElementsAre("in: first", "in: second", "in: \xef\xbf\xbd", "in: rest"));
  EXPECT_THAT(lines(trace->path(), 2), ElementsAre("in: ", "out: abc", "out: de"));
  const std::vector<json> all = records(trace->path());
  EXPECT_EQ(all[2]["peer"], "the \"other\"");
  EXPECT_EQ(all.back()["closed"], true);
  // What ends with the stream comes before what is answered to it.
  EXPECT_EQ(all[5]["line"], "rest");
  EXPECT_EQ(all[5]["unfinished"], true);
  EXPECT_EQ(all[6]["direction"], "out");
}

TEST_F(Traces, ALongLineIsCutAndSaysHowLongItWas) {
  const auto trace = open();
  ASSERT_TRUE(trace) << log;
  TraceTap tap(trace, "x");
  const std::string piece(300'000, 'x');
  for (int i = 0; i < 4; ++i)
    tap.on_read(piece);
  tap.on_read("\nshort\n");
  tap.on_read(std::string(Trace::longest_line, 'y') + "\n");
  const std::vector<json> all = records(trace->path());
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[1]["line"].get<std::string>().size(), Trace::longest_line);
  EXPECT_EQ(all[1]["size"], 1'200'000);
  EXPECT_EQ(all[2]["line"], "short");
  EXPECT_FALSE(all[2].contains("size"));
  EXPECT_EQ(all[3]["line"].get<std::string>().size(), Trace::longest_line);
  EXPECT_FALSE(all[3].contains("size"));
}

TEST_F(Traces, APeersWholeConversationIsInItHoweverItIsWritten) {
  const auto trace = open();
  ASSERT_TRUE(trace) << log;
  const auto converse = [&](auto stream, const std::shared_ptr<StreamScript>& script,
                            asio::io_context& context) {
    script->read_size = 7;
    script->write_size = 5;
    PeerOptions options;
    options.trace = trace;
    PeerHooks hooks;
    hooks.on_request = [](Responder responder, const Message&) {
      responder.result(std::string_view("{}"));
    };
    Peer peer(context.get_executor(), std::move(stream), std::move(options), std::move(hooks));
    peer.start();
    peer.notify("hello", std::string_view("[1]"));
    script->send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}\nnoise\n");
    EXPECT_TRUE(run_until(context, [&] {
      return std::count(script->output.begin(), script->output.end(), '\n') == 2 &&
             peer.unwritten() == 0;
    }));
    peer.close();
    context.restart();
    context.run();
  };
  const auto expected = testing::UnorderedElementsAre(
      "in: {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}", "in: noise",
      "out: {\"jsonrpc\":\"2.0\",\"method\":\"hello\",\"params\":[1]}",
      "out: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
  {
    asio::io_context context;
    const auto script = std::make_shared<StreamScript>();
    converse(TestStream(context.get_executor(), script), script, context);
  }
  EXPECT_THAT(lines(trace->path(), 1), expected);
  {
    asio::io_context context;
    const auto script = std::make_shared<StreamScript>();
    converse(SyncTestStream(context.get_executor(), script), script, context);
  }
  EXPECT_THAT(lines(trace->path(), 2), expected);
}

TEST_F(Traces, AFolderThatCannotBeIsAWarning) {
  folder.file("deep", "a file");
  EXPECT_FALSE(open());
  EXPECT_THAT(log, HasSubstr("warning trace: nothing is traced: '"));
  EXPECT_THAT(log, HasSubstr("deep/er/headrace-"));
}

TEST_F(Traces, EndsAtItsLimitWithOneWarning) {
  const auto trace = open(1000);
  ASSERT_TRUE(trace) << log;
  TraceTap tap(trace, "x");
  for (int i = 0; i < 100; ++i)
    tap.on_read("a line\n");
  EXPECT_THAT(log, HasSubstr("warning trace: nothing more is written to"));
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1);
  EXPECT_LE(std::filesystem::file_size(trace->path()), 1000U);
  EXPECT_GT(records(trace->path()).size(), 3U);
}

// As a full disk does: the system refuses.
TEST_F(Traces, AFileThatCannotGrowEndsItWithOneWarning) {
  const auto trace = open();
  ASSERT_TRUE(trace) << log;
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::rlimit small = before;
  small.rlim_cur = 4000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  {
    TraceTap tap(trace, "x");
    for (int i = 0; i < 100; ++i)
      tap.on_read("a line\n");
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(log, HasSubstr("File too large"));
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1);
}

}  // namespace
}  // namespace headrace::engine::test
