// PendingTable against std::map.
#include <headrace/engine/pending_table.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace headrace::engine {
namespace {

TEST(PendingTable, NumbersBeginAtOneAndGrow) {
  PendingTable<int> table;
  EXPECT_EQ(table.insert(10), 1U);
  EXPECT_EQ(table.insert(20), 2U);
  EXPECT_EQ(*table.find(2), 20);
  EXPECT_EQ(table.take(1), 10);
  EXPECT_EQ(table.take(1), std::nullopt);
  EXPECT_EQ(table.insert(30), 3U);
}

TEST(PendingTable, AnEmptyOneKnowsNothing) {
  PendingTable<int> table;
  EXPECT_EQ(table.find(0), nullptr);
  EXPECT_EQ(table.find(1), nullptr);
  EXPECT_EQ(table.find(UINT64_MAX), nullptr);
  EXPECT_EQ(table.take(1), std::nullopt);
  EXPECT_EQ(table.take_any(), std::nullopt);
  EXPECT_FALSE(table.was_issued(0));
  EXPECT_FALSE(table.was_issued(1));
}

TEST(PendingTable, RemembersWhatWasIssued) {
  PendingTable<int> table;
  table.insert(1);
  table.take(1);
  EXPECT_TRUE(table.was_issued(1));
  EXPECT_FALSE(table.was_issued(2));
  EXPECT_FALSE(table.was_issued(UINT64_MAX));
}

TEST(PendingTable, AnOldCallKeepsItsPlaceWhileThousandsPass) {
  PendingTable<std::string> table;
  const auto old = table.insert("old");
  for (int i = 0; i < 5000; ++i) {
    const auto number = table.insert("passing");
    ASSERT_NE(number, old);
    ASSERT_EQ(table.take(number), "passing");
  }
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.take(old), "old");
}

TEST(PendingTable, ATakenValueIsNotKeptAlive) {
  PendingTable<std::shared_ptr<int>> table;
  const auto value = std::make_shared<int>(1);
  const auto number = table.insert(std::shared_ptr<int>(value));
  EXPECT_EQ(value.use_count(), 2);
  table.take(number);
  EXPECT_EQ(value.use_count(), 1);
}

TEST(PendingTable, DoesWhatAMapDoes) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::minstd_rand random(seed + 1);
    PendingTable<std::unique_ptr<unsigned>> table;
    std::map<std::uint64_t, unsigned> model;
    std::uint64_t last = 0;
    for (int step = 0; step < 5000; ++step) {
      const auto value = static_cast<unsigned>(random());
      // Waves: the table grows, then is emptied, several times over.
      const bool growing = (step / 500) % 2 == 0;
      const auto what = random() % 10;
      if (what < (growing ? 7U : 3U)) {
        const auto number = table.insert(std::make_unique<unsigned>(value));
        ASSERT_GT(number, last) << "a number was used twice";
        last = number;
        model[number] = value;
      } else if (what < 9 && !model.empty()) {
        auto victim = model.lower_bound(value % (last + 1));
        if (victim == model.end()) victim = model.begin();
        const auto taken = table.take(victim->first);
        ASSERT_TRUE(taken);
        ASSERT_EQ(**taken, victim->second);
        model.erase(victim);
      } else {
        const std::uint64_t number = value % (last + 3);
        auto* found = table.find(number);
        ASSERT_EQ(found != nullptr, model.contains(number));
        if (found != nullptr) {
          ASSERT_EQ(**found, model[number]);
        }
      }
      ASSERT_EQ(table.size(), model.size());
    }
    while (auto taken = table.take_any()) {
      ASSERT_FALSE(model.empty());
      const unsigned value = **taken;
      const auto found = std::find_if(model.begin(), model.end(),
                                      [value](const auto& one) { return one.second == value; });
      ASSERT_NE(found, model.end());
      model.erase(found);
    }
    EXPECT_TRUE(model.empty());
  }
}

// 300,000 of them one after the other: minutes, if each began to look at the front.
TEST(PendingTable, EmptyingALargeOneIsNotQuadratic) {
  PendingTable<int> table;
  constexpr int many = 300000;
  for (int i = 0; i < many; ++i)
    table.insert(int{i});
  int taken = 0;
  while (table.take_any())
    ++taken;
  EXPECT_EQ(taken, many);
}

}  // namespace
}  // namespace headrace::engine
