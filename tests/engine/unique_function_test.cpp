// UniqueFunction: small and large targets, moved, reset and destroyed exactly once.
#include <headrace/engine/unique_function.hpp>

#include <array>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace headrace::engine {
namespace {

using Function = UniqueFunction<int(int), 32>;

/// A target of any size that counts how many of it live.
template <std::size_t Size>
struct Counted {
  explicit Counted(int* count) : alive(count) { ++*alive; }
  Counted(Counted&& other) noexcept : alive(other.alive), calls(other.calls) { ++*alive; }
  ~Counted() { --*alive; }
  int operator()(int x) { return x + ++calls; }

  int* alive;
  int calls = 0;
  std::array<char, Size> ballast{};
};

template <class Target>
void check_lifetime() {
  int alive = 0;
  {
    Function empty;
    EXPECT_FALSE(empty);
    Function first{Target(&alive)};
    EXPECT_TRUE(first);
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(first(10), 11);
    EXPECT_EQ(first(10), 12) << "its state is its own";

    Function second(std::move(first));
    EXPECT_FALSE(first);  // NOLINT: that a moved-from one is empty is the point
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(second(10), 13);

    empty = std::move(second);
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(empty(10), 14);

    Function other{Target(&alive)};
    EXPECT_EQ(alive, 2);
    other = std::move(empty);
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(other(10), 15);

    other.reset();
    EXPECT_EQ(alive, 0);
    EXPECT_FALSE(other);
    other.reset();
    other = Function{Target(&alive)};
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(UniqueFunction, ASmallTargetLivesInside) {
  check_lifetime<Counted<1>>();
}

TEST(UniqueFunction, ALargeTargetLivesOnTheHeap) {
  check_lifetime<Counted<500>>();
}

TEST(UniqueFunction, HoldsWhatCanOnlyBeMoved) {
  UniqueFunction<std::string()> function = [text = std::make_unique<std::string>("hello")] {
    return *text;
  };
  UniqueFunction<std::string()> moved = std::move(function);
  EXPECT_EQ(moved(), "hello");
}

TEST(UniqueFunction, ArgumentsAreMovedThrough) {
  UniqueFunction<std::size_t(std::unique_ptr<std::string>)> function =
      [](std::unique_ptr<std::string> text) { return text->size(); };
  EXPECT_EQ(function(std::make_unique<std::string>("four")), 4U);
}

TEST(UniqueFunction, SelfAssignmentKeepsTheTarget) {
  int alive = 0;
  Function function{Counted<1>(&alive)};
  Function& same = function;
  function = std::move(same);
  EXPECT_TRUE(function);
  EXPECT_EQ(alive, 1);
}

TEST(UniqueFunction, OverAlignedTargetsAreWhereTheyHaveToBe) {
  struct alignas(64) Wide {
    bool operator()() const {
      return reinterpret_cast<std::uintptr_t>(this) % 64 == 0;  // NOLINT
    }
  };
  UniqueFunction<bool()> function = Wide{};
  EXPECT_TRUE(function());
  UniqueFunction<bool()> moved = std::move(function);
  EXPECT_TRUE(moved());
}

}  // namespace
}  // namespace headrace::engine
