// Tool lists kept on disk: found again, replaced whole, and mistrusted.
#include <headrace/discovery/catalogue_cache.hpp>

#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::SizeIs;

const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000));

ServerSpec server(std::string command, std::vector<std::string> args = {}) {
  ServerSpec spec;
  spec.name = "s";
  spec.command = std::move(command);
  spec.args = std::move(args);
  return spec;
}

ToolDoc tool(std::string name) {
  ToolDoc result;
  result.name = std::move(name);
  result.title = "T\n\"";
  result.description = "ä";
  result.input_schema = R"({"type":"object","x":1.50})";
  result.annotations = R"({"readOnlyHint":true})";
  result.others = R"("icons":[],"_meta":{"x":1.50})";
  return result;
}

class CatalogueCacheTest : public testing::Test {
 protected:
  fs::path file(const ServerSpec& spec) const { return folder / (start_key(spec) + ".tools.json"); }
  bool keep(const ServerSpec& spec, std::vector<ToolDoc> tools = {}) const {
    return store(cache, spec, {std::move(tools), now, {}});
  }
  static bool store(const CatalogueCache& where, const ServerSpec& spec, const CachedTools& list) {
    std::string error;
    const bool stored = where.store(spec, list, error);
    EXPECT_EQ(stored, error.empty()) << error;
    return stored;
  }

  test::TempDir temporary;
  fs::path folder = temporary.path() / "a" / "cache";
  CatalogueCache cache{folder};
};

TEST(StartKey, DiffersWhereTheProcessDoes) {
  ServerSpec base = server("npx", {"a", "b"});
  std::vector<ServerSpec> others(8, base);
  others[0].command = "npy";
  others[1].args = {"ab"};
  others[2].args = {"a", "b", ""};
  others[3].env = {{"K", "v"}};
  others[4].env = {{"Kv", ""}};
  others[5].cwd = "/";
  others[6].roots = {"/"};
  others[7].protocol = Protocol::modern;
  for (std::size_t i = 0; i < others.size(); ++i) {
    EXPECT_NE(start_key(others[i]), start_key(base)) << i;
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_NE(start_key(others[i]), start_key(others[j])) << i << ' ' << j;
  }
  base.description = "other";
  base.name = "another";
  EXPECT_EQ(start_key(base), start_key(server("npx", {"a", "b"})));
}

TEST_F(CatalogueCacheTest, GivesBackWhatWasKept) {
  EXPECT_FALSE(cache.load(server("x")));
  const CachedTools list{{tool("a"), tool("b")}, now, 90s};
  ASSERT_TRUE(store(cache, server("x"), list));
  const auto cached = cache.load(server("x"));
  ASSERT_TRUE(cached);
  EXPECT_EQ(cached->tools, list.tools);
  EXPECT_EQ(cached->listed_at, now);
  EXPECT_EQ(cached->time_to_live, 90s);
  EXPECT_FALSE(cache.load(server("y")));
  ASSERT_TRUE(keep(server("x")));
  EXPECT_THAT(cache.load(server("x"))->tools, SizeIs(0));
}

TEST_F(CatalogueCacheTest, GivesBackWhyThereIsNoList) {
  std::string error;
  EXPECT_FALSE(cache.load_failure(server("x")));
  ASSERT_TRUE(keep(server("x"), {tool("a")}));
  ASSERT_TRUE(cache.store_failure(server("x"), {"can't be started: \"no\"\n", now}, error))
      << error;
  const auto failure = cache.load_failure(server("x"));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->error, "can't be started: \"no\"\n");
  EXPECT_EQ(failure->at, now);
  EXPECT_TRUE(failure->is_recent(now + 9min));
  EXPECT_FALSE(failure->is_recent(now + 11min));
  EXPECT_FALSE(failure->is_recent(now - 11min));
  EXPECT_TRUE(cache.load(server("x"))) << "what was known before is known still";
  std::string longer = "x";
  while (longer.size() < 5000)
    longer += "ä";
  ASSERT_TRUE(cache.store_failure(server("x"), {longer, now}, error)) << error;
  EXPECT_EQ(cache.load_failure(server("x"))->error, longer.substr(0, 4095)) << "whole letters";
  ASSERT_TRUE(keep(server("x")));
  EXPECT_FALSE(cache.load_failure(server("x"))) << "it could be asked since";
}

TEST_F(CatalogueCacheTest, GrowsStale) {
  CachedTools cached;
  cached.listed_at = now;
  EXPECT_FALSE(cached.is_stale(now + 23h));
  EXPECT_TRUE(cached.is_stale(now + 25h));
  EXPECT_TRUE(cached.is_stale(now - 25h));
  cached.time_to_live = 1min;
  EXPECT_FALSE(cached.is_stale(now + 59s));
  EXPECT_TRUE(cached.is_stale(now + 61s));
}

TEST_F(CatalogueCacheTest, MistrustsItsFiles) {
  ASSERT_TRUE(keep(server("x"), {tool("a")}));
  std::ifstream stream(file(server("x")));
  const std::string good{std::istreambuf_iterator<char>(stream), {}};
  const std::string head = R"({"format":1,"at":1800000000})";
  const std::string tools = "\n{\"tools\":[]}";
  const std::string bad[] = {"",
                             "\n",
                             "{",
                             "[]" + tools,
                             "null" + tools,
                             head,
                             head + "\n",
                             head + "\n{}",
                             head + "\n{\"tools\":7}",
                             good.substr(0, good.size() / 2),
                             good.substr(0, good.size() - 1),
                             good + "x",
                             R"({"format":2,"at":1800000000})" + tools,
                             R"({"format":1})" + tools,
                             R"({"format":1,"at":-1})" + tools,
                             R"({"format":1,"at":1e300})" + tools};
  for (const std::string& text : bad) {
    std::ofstream(file(server("x"))) << text;
    EXPECT_FALSE(cache.load(server("x"))) << text;
  }
  std::ofstream(file(server("x"))) << head + tools;
  EXPECT_TRUE(cache.load(server("x")));
  fs::remove(file(server("x")));
  fs::create_directory(file(server("x")));
  EXPECT_FALSE(cache.load(server("x")));
  EXPECT_FALSE(keep(server("x")));
}

TEST_F(CatalogueCacheTest, WithoutAPlaceKeepsNothing) {
  std::ofstream(temporary.path() / "file") << "x";
  const CatalogueCache nowhere(temporary.path() / "file" / "folder");
  EXPECT_FALSE(store(nowhere, server("x"), {{}, now, {}}));
  EXPECT_FALSE(nowhere.load(server("x")));
  EXPECT_TRUE(store(CatalogueCache({}), server("x"), {{}, now, {}}));
  EXPECT_FALSE(CatalogueCache({}).load(server("x")));
}

TEST_F(CatalogueCacheTest, WritersDoNotDisturbReaders) {
  ASSERT_TRUE(keep(server("x"), {tool("a")}));
  std::thread writer([this] {
    for (std::size_t i = 1; i < 200; ++i)
      keep(server("x"), std::vector<ToolDoc>(1 + i % 7, tool("a")));
  });
  for (int i = 0; i < 200; ++i)
    EXPECT_TRUE(cache.load(server("x")));
  writer.join();
}

TEST_F(CatalogueCacheTest, SweepsWhatNobodyUses) {
  ASSERT_TRUE(keep(server("x")));
  const fs::path unused = folder / "old.tools.json";
  const fs::path leftover = folder / "old.tools.json.abc123";
  const fs::path other = folder / "notes.txt";
  const fs::path used = file(server("y"));
  ASSERT_TRUE(keep(server("y")));
  for (const fs::path& old : {unused, leftover, other, used}) {
    std::ofstream(old, std::ios::app) << "\n";
    fs::last_write_time(old, fs::file_time_type::clock::now() - 24h * 91);
  }
  EXPECT_TRUE(cache.load(server("y")));
  cache.sweep();
  EXPECT_TRUE(fs::exists(file(server("x"))));
  EXPECT_TRUE(fs::exists(used)) << "it was loaded just now";
  EXPECT_FALSE(fs::exists(unused));
  EXPECT_FALSE(fs::exists(leftover));
  EXPECT_TRUE(fs::exists(other));
}

}  // namespace
}  // namespace headrace::discovery
