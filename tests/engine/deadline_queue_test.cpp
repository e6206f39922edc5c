// DeadlineQueue against a list that is searched from end to end.
#include <headrace/engine/deadline_queue.hpp>

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace headrace::engine {
namespace {

using std::chrono::milliseconds;

Clock::time_point at(int ms) {
  return Clock::time_point(milliseconds(ms));
}

TEST(DeadlineQueue, GivesKeysInTheOrderOfTheirDeadlines) {
  DeadlineQueue queue;
  queue.push(at(30), 3);
  queue.push(at(10), 1);
  queue.push(at(20), 2);
  EXPECT_EQ(queue.earliest(), at(10));
  EXPECT_EQ(queue.pop_expired(at(9)), std::nullopt);
  EXPECT_EQ(queue.pop_expired(at(25)), 1U);
  EXPECT_EQ(queue.pop_expired(at(25)), 2U);
  EXPECT_EQ(queue.pop_expired(at(25)), std::nullopt);
  EXPECT_EQ(queue.size(), 1U);
}

TEST(DeadlineQueue, TheMomentItselfHasExpired) {
  DeadlineQueue queue;
  queue.push(at(10), 1);
  EXPECT_EQ(queue.pop_expired(at(10)), 1U);
  EXPECT_EQ(queue.earliest(), std::nullopt);
}

TEST(DeadlineQueue, ErasingNoHandleDoesNothing) {
  DeadlineQueue queue;
  queue.erase(DeadlineQueue::none);
  queue.push(at(1), 1);
  queue.erase(DeadlineQueue::none);
  EXPECT_EQ(queue.size(), 1U);
}

struct Known {
  int at;
  std::uint64_t key;
  DeadlineQueue::Handle handle;
};

void expect_same(const DeadlineQueue& queue, const std::vector<Known>& model) {
  ASSERT_EQ(queue.size(), model.size());
  if (model.empty()) {
    ASSERT_EQ(queue.earliest(), std::nullopt);
    return;
  }
  const auto first = std::min_element(model.begin(), model.end(),
                                      [](const Known& a, const Known& b) { return a.at < b.at; });
  ASSERT_EQ(queue.earliest(), at(first->at));
}

TEST(DeadlineQueue, DoesWhatASearchedListDoes) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    DeadlineQueue queue;
    std::vector<Known> model;
    std::uint64_t next_key = 1;
    int now = 0;
    for (int step = 0; step < 2000; ++step) {
      const auto what = random() % 8;
      if (what < 4) {
        // Few different times, so that many are equal.
        const int when = now + static_cast<int>(random() % 50);
        model.push_back({when, next_key, queue.push(at(when), next_key)});
        ++next_key;
      } else if (what < 6 && !model.empty()) {
        const auto victim = model.begin() + static_cast<std::ptrdiff_t>(random() % model.size());
        queue.erase(victim->handle);
        model.erase(victim);
      } else {
        now += static_cast<int>(random() % 10);
        while (const auto key = queue.pop_expired(at(now))) {
          const auto found = std::find_if(model.begin(), model.end(),
                                          [&key](const Known& one) { return one.key == *key; });
          ASSERT_NE(found, model.end()) << "key " << *key << " was not in there";
          ASSERT_LE(found->at, now);
          for (const Known& other : model)
            ASSERT_GE(other.at, found->at) << "an earlier one was passed over";
          model.erase(found);
        }
        for (const Known& left : model)
          ASSERT_GT(left.at, now) << "one that has passed was kept";
      }
      expect_same(queue, model);
    }
  }
}

TEST(Deadline, ADefaultOneNeverPasses) {
  const Deadline never;
  EXPECT_TRUE(never.is_never());
  EXPECT_FALSE(never.passed());
  EXPECT_EQ(never.left(), Clock::duration::max());
}

TEST(Deadline, OneInThePastHasPassedAndLeavesNothing) {
  const Deadline past(Clock::now() - std::chrono::hours(1));
  EXPECT_TRUE(past.passed());
  EXPECT_EQ(past.left(), Clock::duration::zero());
}

TEST(Deadline, TheEarlierOfTwoIsTakenWhateverTheOrder) {
  const Deadline soon(at(1));
  const Deadline late(at(2));
  EXPECT_EQ(soon.earlier(late).at(), at(1));
  EXPECT_EQ(late.earlier(soon).at(), at(1));
  EXPECT_EQ(Deadline().earlier(soon).at(), at(1));
  EXPECT_EQ(soon.earlier(Deadline()).at(), at(1));
}

TEST(Deadline, LaterSaturates) {
  EXPECT_EQ(Deadline(at(1)).later(std::chrono::milliseconds(2)).at(), at(3));
  EXPECT_TRUE(Deadline().later(std::chrono::hours(1)).is_never());
  EXPECT_TRUE(Deadline(Clock::time_point::max() - std::chrono::hours(1))
                  .later(std::chrono::hours(2))
                  .is_never());
}

TEST(DeadlineQueue, AllArePutOffAlike) {
  DeadlineQueue queue;
  queue.push(at(30), 3);
  queue.push(at(10), 1);
  const auto gone = queue.push(at(20), 2);
  queue.shift(std::chrono::milliseconds(100));
  queue.erase(gone);
  EXPECT_EQ(queue.earliest(), at(110));
  EXPECT_EQ(queue.pop_expired(at(109)), std::nullopt);
  EXPECT_EQ(queue.pop_expired(at(110)), 1U);
  EXPECT_EQ(queue.pop_expired(at(130)), 3U);
}

TEST(Deadline, AfterIsFromNow) {
  const auto before = Clock::now();
  const Deadline deadline = Deadline::after(std::chrono::hours(1));
  EXPECT_GE(deadline.at(), before + std::chrono::hours(1));
  EXPECT_FALSE(deadline.passed());
  EXPECT_GT(deadline.left(), std::chrono::minutes(59));
}

}  // namespace
}  // namespace headrace::engine
