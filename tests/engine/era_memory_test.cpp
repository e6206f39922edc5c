// What is remembered of servers, and for how many.
#include <headrace/engine/mcp/era_memory.hpp>

#include <gtest/gtest.h>

namespace headrace::engine::mcp {
namespace {

TEST(EraMemory, RemembersAndForgets) {
  EraMemory memory;
  int changes = 0;
  memory.on_change = [&changes] { ++changes; };
  EXPECT_EQ(memory.find("a"), std::nullopt);
  memory.remember("a", Era::modern);
  memory.remember("a", Era::modern);
  memory.remember("b", Era::legacy);
  EXPECT_EQ(changes, 2) << "what is known already is no change";
  EXPECT_EQ(memory.find("a"), Era::modern);
  memory.remember("a", Era::legacy);
  EXPECT_EQ(memory.find("a"), Era::legacy);
  memory.forget("a");
  memory.forget("a");
  memory.forget("c");
  EXPECT_EQ(changes, 4);
  EXPECT_EQ(memory.find("a"), std::nullopt);
  EXPECT_EQ(memory.find("b"), Era::legacy);
}

TEST(EraMemory, IsKeptAsText) {
  EraMemory memory;
  memory.remember("a", Era::modern);
  memory.remember("b", Era::legacy);
  EXPECT_EQ(memory.to_json(), R"({"a":"modern","b":"legacy"})");
  EraMemory later;
  int changes = 0;
  later.on_change = [&changes] { ++changes; };
  later.load(memory.to_json());
  EXPECT_EQ(later.find("a"), Era::modern);
  EXPECT_EQ(later.find("b"), Era::legacy);
  EXPECT_EQ(changes, 0);
}

TEST(EraMemory, UnreadableTextIsLeftOut) {
  EraMemory memory;
  for (const char* odd : {"", "{", "[]", "7", R"({"a":7,"b":"post-modern","c":null})"})
    memory.load(odd);
  EXPECT_EQ(memory.size(), 0U);
  memory.load(R"({"a":7,"b":"modern"})");
  EXPECT_EQ(memory.to_json(), R"({"b":"modern"})");
}

TEST(EraMemory, IsBounded) {
  EraMemory memory;
  std::string text = "{";
  for (std::size_t i = 0; i < 2 * EraMemory::most_entries; ++i) {
    memory.remember(std::to_string(i), Era::legacy);
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"modern\"";
  }
  EXPECT_EQ(memory.size(), EraMemory::most_entries);
  EXPECT_EQ(memory.find(std::to_string(2 * EraMemory::most_entries - 1)), Era::legacy);
  EraMemory loaded;
  loaded.load(text + "}");
  EXPECT_EQ(loaded.size(), EraMemory::most_entries);
}

TEST(EraMemory, AKeyIsTheCommandAndItsFolder) {
  const std::string key = EraMemory::key({"npx", "-y", "x"}, "/a");
  EXPECT_EQ(key, EraMemory::key({"npx", "-y", "x"}, "/a"));
  EXPECT_EQ(key.size(), 16U);
  EXPECT_NE(key, EraMemory::key({"npx", "-y", "x"}, "/b"));
  EXPECT_NE(key, EraMemory::key({"npx", "-y", "y"}, "/a"));
  EXPECT_NE(EraMemory::key({"ab", "c"}, ""), EraMemory::key({"a", "bc"}, ""));
}

}  // namespace
}  // namespace headrace::engine::mcp
