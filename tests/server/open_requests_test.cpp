// The set of requests without an answer, against one that is slow and obviously right.
#include <headrace/server/open_requests.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace headrace::server {
namespace {

TEST(OpenRequests, KeepsIdsByTheirBytes) {
  OpenRequests open;
  open.add("1");
  open.add("\"1\"");
  EXPECT_EQ(open.size(), 2u);
  EXPECT_FALSE(open.remove("1.0"));
  EXPECT_TRUE(open.remove("1"));
  EXPECT_FALSE(open.remove("1"));
  EXPECT_TRUE(open.remove("\"1\""));
  EXPECT_EQ(open.size(), 0u);
}

TEST(OpenRequests, HasNothingAtFirst) {
  OpenRequests open;
  EXPECT_FALSE(open.remove("1"));
  EXPECT_FALSE(open.remove(std::string(1000, '7')));
  EXPECT_TRUE(open.take_all().empty());
}

TEST(OpenRequests, RemembersLongIds) {
  OpenRequests open;
  for (std::size_t length = 1; length < 100; ++length)
    open.add(std::string(length, 'x'));
  for (std::size_t length = 99; length > 0; --length)
    EXPECT_TRUE(open.remove(std::string(length, 'x'))) << length;
  EXPECT_EQ(open.size(), 0u);
}

TEST(OpenRequests, RemembersNoneThatIsLongerThanAnyIs) {
  OpenRequests open;
  open.add(std::string(OpenRequests::longest, 'x'));
  open.add(std::string(OpenRequests::longest + 1, 'x'));
  EXPECT_EQ(open.size(), 1u);
  EXPECT_FALSE(open.remove(std::string(OpenRequests::longest + 1, 'x')));
  EXPECT_TRUE(open.remove(std::string(OpenRequests::longest, 'x')));
}

TEST(OpenRequests, AnIdThatIsThereTwiceIsTakenTwice) {
  OpenRequests open;
  open.add("5");
  open.add("5");
  EXPECT_TRUE(open.remove("5"));
  EXPECT_TRUE(open.remove("5"));
  EXPECT_FALSE(open.remove("5"));
}

TEST(OpenRequests, ForgetsWhatIsBeyondItsBound) {
  OpenRequests open;
  for (std::size_t i = 0; i < OpenRequests::most + 10; ++i)
    open.add(std::to_string(i));
  EXPECT_EQ(open.size(), OpenRequests::most);
  EXPECT_FALSE(open.remove(std::to_string(OpenRequests::most)));
  EXPECT_TRUE(open.remove("0"));
  open.add("once more");
  EXPECT_TRUE(open.remove("once more"));
  EXPECT_EQ(open.take_all().size(), OpenRequests::most - 1);
  EXPECT_EQ(open.size(), 0u);
}

TEST(OpenRequests, AnswersAsASetDoes) {
  std::mt19937 random(7);  // NOLINT: the same each time
  for (int round = 0; round < 20; ++round) {
    OpenRequests open;
    std::multiset<std::string> wanted;
    for (int step = 0; step < 5000; ++step) {
      // Few numbers, so that many come again; some of them long.
      std::string id = std::to_string(random() % 300);
      if (random() % 10 == 0) id = "\"" + std::string(50, 'u') + id + "\"";
      if (random() % 2 == 0) {
        open.add(id);
        wanted.insert(id);
      } else {
        const auto found = wanted.find(id);
        EXPECT_EQ(open.remove(id), found != wanted.end()) << id;
        if (found != wanted.end()) wanted.erase(found);
      }
      ASSERT_EQ(open.size(), wanted.size());
    }
    std::vector<std::string> left = open.take_all();
    std::sort(left.begin(), left.end());
    EXPECT_TRUE(std::equal(left.begin(), left.end(), wanted.begin(), wanted.end()));
  }
}

}  // namespace
}  // namespace headrace::server
