// Blocks: who shares them, and when they may grow.
#include <headrace/framing/block.hpp>

#include <cstring>
#include <limits>
#include <utility>

#include <gtest/gtest.h>

namespace headrace::framing {
namespace {

TEST(Block, AnEmptyHandleHoldsNothing) {
  BlockRef ref;
  EXPECT_FALSE(ref);
  EXPECT_FALSE(ref.unique());
  EXPECT_EQ(ref.data(), nullptr);
  EXPECT_EQ(ref.capacity(), 0U);
  EXPECT_FALSE(ref.grow(10));
}

TEST(Block, CapacityAndPaddingCanBeWritten) {
  BlockRef ref = BlockRef::allocate(100);
  ASSERT_TRUE(ref);
  EXPECT_EQ(ref.capacity(), 100U);
  std::memset(ref.data(), 'x', ref.capacity() + block_padding);
  EXPECT_EQ(ref.data()[99 + block_padding], 'x');
}

TEST(Block, CopiesShareAndTheLastOneIsUniqueAgain) {
  BlockRef first = BlockRef::allocate(10);
  EXPECT_TRUE(first.unique());
  {
    BlockRef second = first;
    EXPECT_EQ(second.data(), first.data());
    EXPECT_FALSE(first.unique());
    EXPECT_FALSE(second.unique());
  }
  EXPECT_TRUE(first.unique());
}

TEST(Block, MovingHandsOver) {
  BlockRef first = BlockRef::allocate(10);
  char* const data = first.data();
  BlockRef second = std::move(first);
  EXPECT_EQ(second.data(), data);
  EXPECT_TRUE(second.unique());
  BlockRef third = BlockRef::allocate(20);
  third = std::move(second);
  EXPECT_EQ(third.data(), data);
  EXPECT_TRUE(third.unique());
}

TEST(Block, AssigningToItselfKeepsIt) {
  BlockRef ref = BlockRef::allocate(10);
  BlockRef& alias = ref;
  ref = alias;
  EXPECT_TRUE(ref.unique());
  ref = std::move(alias);
  EXPECT_TRUE(ref.unique());
}

TEST(Block, GrowsWithItsBytesWhenUnique) {
  BlockRef ref = BlockRef::allocate(4);
  std::memcpy(ref.data(), "abcd", 4);
  ASSERT_TRUE(ref.grow(1 << 20));
  EXPECT_EQ(ref.capacity(), std::size_t{1} << 20);
  EXPECT_EQ(std::memcmp(ref.data(), "abcd", 4), 0);
  EXPECT_TRUE(ref.unique());
}

TEST(Block, NeverGrowsWhileShared) {
  BlockRef ref = BlockRef::allocate(4);
  BlockRef other = ref;
  EXPECT_FALSE(ref.grow(8));
  EXPECT_EQ(ref.capacity(), 4U);
  EXPECT_EQ(ref.data(), other.data());
}

TEST(Block, AnImpossibleSizeFailsAndChangesNothing) {
  EXPECT_FALSE(BlockRef::allocate(std::numeric_limits<std::size_t>::max()));
  BlockRef ref = BlockRef::allocate(4);
  EXPECT_FALSE(ref.grow(std::numeric_limits<std::size_t>::max() - 8));
  EXPECT_EQ(ref.capacity(), 4U);
}

}  // namespace
}  // namespace headrace::framing
