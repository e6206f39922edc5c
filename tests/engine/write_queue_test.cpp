// WriteQueue: what goes in comes out, whatever is written at a time.
#include <headrace/engine/write_queue.hpp>

#include <cstring>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace headrace::engine {
namespace {

framing::BlockRef block_of(std::string_view text) {
  framing::BlockRef block = framing::BlockRef::allocate(text.size());
  std::memcpy(block.data(), text.data(), text.size());
  return block;
}

std::string_view view_of(const framing::BlockRef& block) {
  return {block.data(), block.capacity()};
}

std::string text_of(const BufferView& buffers) {
  std::string text;
  for (const asio::const_buffer& buffer : buffers)
    text.append(static_cast<const char*>(buffer.data()), buffer.size());
  return text;
}

std::string drain(WriteQueue& queue) {
  std::string text;
  while (!queue.empty()) {
    const std::string piece = text_of(queue.prepare());
    queue.consume(piece.size());
    text += piece;
  }
  return text;
}

TEST(WriteQueue, GivesTheMemoryOfAnOutlierBackAndKeepsThatOfOthers) {
  WriteQueue queue;
  queue.append(std::string(std::size_t{1} << 20, 'x'));
  EXPECT_GE(queue.kept(), std::size_t{1} << 20);
  drain(queue);
  for (int i = 0; i < 2; ++i) {
    queue.append(std::string(10'000, 'y'));
    EXPECT_EQ(drain(queue).size(), 10'000U);
  }
  EXPECT_LT(queue.kept(), std::size_t{128} << 10);
  EXPECT_GE(queue.kept(), 10'000U);
}

TEST(WriteQueue, AnEmptyOneHasNothingToWrite) {
  WriteQueue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(text_of(queue.prepare()), "");
  queue.append("");
  queue.append("", block_of("x"));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(text_of(queue.prepare()), "");
}

TEST(WriteQueue, SmallPiecesAreOneBuffer) {
  WriteQueue queue;
  queue.append("one ");
  queue.append("two ", block_of("ignored"));
  queue.append("three");
  const BufferView buffers = queue.prepare();
  EXPECT_EQ(buffers.end() - buffers.begin(), 1);
  EXPECT_EQ(text_of(buffers), "one two three");
}

TEST(WriteQueue, ALargePieceIsWrittenFromItsBlock) {
  const framing::BlockRef block = block_of(std::string(WriteQueue::reference_threshold, 'x'));
  WriteQueue queue;
  queue.append("<");
  queue.append(view_of(block), block);
  queue.append(">");
  const BufferView buffers = queue.prepare();
  ASSERT_EQ(buffers.end() - buffers.begin(), 3);
  EXPECT_EQ(buffers.begin()[1].data(), block.data());
}

TEST(WriteQueue, ABlockIsKeptUntilItIsWrittenAndNoLonger) {
  const framing::BlockRef block = block_of(std::string(10000, 'x'));
  WriteQueue queue;
  queue.append(view_of(block), block);
  EXPECT_FALSE(block.unique());
  EXPECT_EQ(text_of(queue.prepare()).size(), 10000U);
  queue.consume(9999);
  EXPECT_FALSE(block.unique());
  EXPECT_EQ(text_of(queue.prepare()), "x");
  queue.consume(1);
  EXPECT_TRUE(block.unique());
}

TEST(WriteQueue, ALargePieceWithoutAnOwnerIsCopied) {
  std::string text(10000, 'a');
  WriteQueue queue;
  queue.append(text, {});
  text.assign(10000, 'b');
  EXPECT_EQ(drain(queue), std::string(10000, 'a'));
}

TEST(WriteQueue, MoreThan64PiecesGoOutInSeveralWrites) {
  const framing::BlockRef block = block_of(std::string(5000, 'x'));
  WriteQueue queue;
  std::string expected;
  for (int i = 0; i < 150; ++i) {
    const std::string prefix = std::to_string(i) + ":";
    queue.append(prefix);
    queue.append(view_of(block), block);
    expected += prefix;
    expected += view_of(block);
  }
  const BufferView first = queue.prepare();
  EXPECT_EQ(first.end() - first.begin(), 64);
  EXPECT_EQ(drain(queue), expected);
  EXPECT_TRUE(block.unique());
}

TEST(WriteQueue, WhatIsAddedDuringAWriteComesBehindIt) {
  WriteQueue queue;
  queue.append("first");
  const BufferView buffers = queue.prepare();
  // The view must survive: a write is under way.
  for (int i = 0; i < 1000; ++i)
    queue.append("later later later");
  EXPECT_EQ(text_of(buffers), "first");
  queue.consume(2);
  EXPECT_EQ(text_of(queue.prepare()), "rst");
  queue.consume(3);
  EXPECT_EQ(drain(queue).size(), 17000U);
}

TEST(WriteQueue, ClearLeavesAWriteUnderWayItsBytes) {
  const framing::BlockRef block = block_of(std::string(10000, 'x'));
  WriteQueue queue;
  queue.append("abc");
  queue.append(view_of(block), block);
  const BufferView buffers = queue.prepare();
  queue.append("more");
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(text_of(buffers), "abc" + std::string(10000, 'x'));
}

TEST(WriteQueue, AnyMixOfPiecesAndPartialWritesGivesTheSameBytes) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    WriteQueue queue;
    std::string expected;
    std::string written;
    for (int step = 0; step < 400; ++step) {
      if (random() % 2 == 0) {
        const bool large = random() % 4 == 0;
        const std::size_t size = large ? 4000 + random() % 3000 : random() % 40;
        std::string piece(size, ' ');
        for (char& c : piece)
          c = static_cast<char>('a' + random() % 26);
        expected += piece;
        if (large) {
          // Our own handle goes at once: the queue's must be enough.
          const framing::BlockRef block = block_of(piece);
          queue.append(view_of(block), block);
        } else {
          queue.append(piece);
        }
      } else {
        const std::string offered = text_of(queue.prepare());
        const std::size_t size = offered.empty() ? 0 : random() % (offered.size() + 1);
        written += offered.substr(0, size);
        queue.consume(size);
      }
      ASSERT_EQ(queue.size(), expected.size() - written.size());
    }
    written += drain(queue);
    ASSERT_EQ(written, expected);
  }
}

}  // namespace
}  // namespace headrace::engine
