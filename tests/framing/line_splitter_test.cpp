// Splitting: any chunking, live frames, lines over the limit, memory.
#include <headrace/framing/line_splitter.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace headrace::framing {
namespace {

using Next = LineSplitter::Next;

// Feeds `bytes` in reads of at most `piece`, and calls `each` whenever something comes out.
template <typename Each>
void feed(LineSplitter& splitter, std::string_view bytes, std::size_t piece, Each each) {
  while (!bytes.empty()) {
    const std::span<char> room = splitter.prepare();
    ASSERT_GE(room.size(), ReceiveBuffer::minimum_read);
    const std::size_t size = std::min({piece, room.size(), bytes.size()});
    std::memcpy(room.data(), bytes.data(), size);
    splitter.commit(size);
    bytes.remove_prefix(size);
    Frame frame;
    for (Next next = splitter.next(frame); next != Next::need_more; next = splitter.next(frame)) {
      each(next, frame);
    }
  }
}

std::vector<std::string> lines(std::string_view bytes, std::size_t piece = 1 << 16,
                               SplitterOptions options = {}) {
  std::vector<std::string> out;
  LineSplitter splitter(options);
  feed(splitter, bytes, piece, [&](Next next, const Frame& frame) {
    if (next == Next::frame) {
      out.emplace_back(frame.text);
    } else {
      out.push_back("oversize " + std::to_string(splitter.oversize().size));
    }
  });
  Frame rest;
  if (splitter.rest(rest)) out.push_back("rest " + std::string(rest.text));
  EXPECT_EQ(splitter.buffered(), 0U);
  EXPECT_FALSE(splitter.rest(rest));
  return out;
}

using Lines = std::vector<std::string>;

TEST(LineSplitter, OneFrameForEachLine) {
  EXPECT_EQ(lines("{\"a\":1}\n{}\nx\n"), (Lines{"{\"a\":1}", "{}", "x"}));
}

TEST(LineSplitter, CrlfIsALineEnding) {
  EXPECT_EQ(lines("a\r\nb\r\n"), (Lines{"a", "b"}));
  EXPECT_EQ(lines("a\rb\n"), (Lines{"a\rb"}));
  // One of them: the other belongs to the line.
  EXPECT_EQ(lines("ab\r\r\n"), (Lines{"ab\r"}));
  EXPECT_EQ(lines("ab\r\r\n", 100, {.frame_limit = 2}), (Lines{"oversize 3"}));
}

TEST(LineSplitter, BlankLinesAreSkipped) {
  EXPECT_EQ(lines("\n\n\r\na\n \t \n\r\nb\n\n"), (Lines{"a", "b"}));
}

TEST(LineSplitter, WhatComesBehindTheLastNewlineIsTheRest) {
  EXPECT_EQ(lines("a\nb"), (Lines{"a", "rest b"}));
  EXPECT_EQ(lines("b\r"), (Lines{"rest b"}));
  EXPECT_EQ(lines("a\n  "), (Lines{"a"}));
  EXPECT_EQ(lines(""), Lines{});
}

TEST(LineSplitter, EveryChunkingGivesTheSame) {
  const std::string bytes =
      "{\"id\":1}\r\n\n{\"id\":22,\"method\":\"x\"}\n" + std::string(50, 'y') + "\r\n\r\nz\r\nrest";
  const Lines whole = lines(bytes, bytes.size(), {.frame_limit = 30});
  EXPECT_EQ(whole,
            (Lines{"{\"id\":1}", "{\"id\":22,\"method\":\"x\"}", "oversize 50", "z", "rest rest"}));
  for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
    EXPECT_EQ(lines(bytes, piece, {.frame_limit = 30}), whole) << piece;
  }
}

TEST(LineSplitter, AFrameHasReadableBytesBehindIt) {
  LineSplitter splitter({.block_size = 1});
  std::vector<Frame> frames;
  const std::string line(ReceiveBuffer::minimum_read - 1, 'x');
  feed(splitter, line + "\n" + line + "\n", 1 << 20,
       [&](Next, const Frame& frame) { frames.push_back(frame); });
  ASSERT_EQ(frames.size(), 2U);
  for (const Frame& frame : frames) {
    const char* const limit = frame.owner.data() + frame.owner.capacity();
    EXPECT_LE(frame.text.data() + frame.text.size(), limit);  // the padding comes behind that
  }
}

TEST(LineSplitter, ALiveFrameSurvivesWhatIsReadAfterwards) {
  for (const std::size_t piece : {1U, 7U, 1000U, 16384U, 100000U}) {
    std::string bytes;
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < 300; ++i) {
      expected.push_back(std::to_string(i) +
                         std::string((i * 97) % 3000, static_cast<char>('a' + i % 26)));
      bytes += expected.back() + "\n";
    }
    LineSplitter splitter;
    std::vector<Frame> held;
    feed(splitter, bytes, piece, [&](Next, const Frame& frame) { held.push_back(frame); });
    ASSERT_EQ(held.size(), expected.size());
    for (std::size_t i = 0; i < held.size(); ++i)
      EXPECT_EQ(held[i].text, expected[i]);
  }
}

TEST(LineSplitter, AFrameOutlivesItsSplitter) {
  Frame frame;
  {
    LineSplitter splitter;
    feed(splitter, "hello\n", 100, [&](Next, const Frame& f) { frame = f; });
  }
  EXPECT_EQ(frame.text, "hello");
}

TEST(LineSplitter, ABlockIsReusedWhenNobodyHoldsIt) {
  LineSplitter splitter;
  const char* const first = splitter.prepare().data();
  for (int i = 0; i < 100; ++i) {
    feed(splitter, std::string(1000, 'x') + "\n", 2000, [](Next, const Frame&) {});
  }
  EXPECT_EQ(splitter.prepare().data(), first);
}

TEST(LineSplitter, ALargeFrameTakesFewReadsAndItsMemoryIsGivenBack) {
  constexpr std::size_t size = std::size_t{32} << 20;
  LineSplitter splitter;
  const std::string line = std::string(size, 'x') + "\n";
  std::size_t reads = 0;
  std::size_t done = 0;
  Frame frame;
  while (done < line.size()) {
    const std::span<char> room = splitter.prepare();
    ASSERT_FALSE(room.empty());
    const std::size_t n = std::min(room.size(), line.size() - done);
    std::memcpy(room.data(), line.data() + done, n);
    splitter.commit(n);
    done += n;
    ++reads;
    const Next expected = done == line.size() ? Next::frame : Next::need_more;
    ASSERT_EQ(splitter.next(frame), expected);
  }
  EXPECT_LT(reads, 20U);
  EXPECT_EQ(frame.text.size(), size);
  EXPECT_EQ(frame.text.find_first_not_of('x'), std::string_view::npos);
  frame = {};
  EXPECT_LE(splitter.prepare().size(), SplitterOptions{}.block_size);
}

TEST(LineSplitter, TheLimitIsExact) {
  for (const char* ending : {"\n", "\r\n"}) {
    for (const std::size_t piece : {1U, 5U, 9U, 10U, 11U, 100U}) {
      const SplitterOptions options{.frame_limit = 10};
      EXPECT_EQ(lines(std::string(10, 'x') + ending, piece, options),
                (Lines{std::string(10, 'x')}));
      EXPECT_EQ(lines(std::string(11, 'x') + ending, piece, options), (Lines{"oversize 11"}));
      EXPECT_EQ(lines(std::string(12, 'x') + ending + "y\n", piece, options),
                (Lines{"oversize 12", "y"}));
    }
  }
  EXPECT_EQ(lines(std::string(11, 'x'), 100, {.frame_limit = 10}), Lines{});
  EXPECT_EQ(lines(std::string(100, 'x'), 100, {.frame_limit = 10}), Lines{});
}

TEST(LineSplitter, NothingOfALineOverTheLimitIsKept) {
  LineSplitter splitter({.frame_limit = 1000});
  const std::string bytes(std::size_t{1} << 20, 'x');
  for (std::size_t at = 0; at < bytes.size(); at += 10000) {
    feed(splitter, std::string_view(bytes).substr(at, 10000), 10000, [](Next, const Frame&) {});
    EXPECT_EQ(splitter.buffered(), 0U);
    EXPECT_LE(splitter.prepare().size(), SplitterOptions{}.block_size);
  }
}

LineSplitter::Oversize oversize_of(const std::string& line, std::size_t piece) {
  LineSplitter splitter({.frame_limit = 64});
  LineSplitter::Oversize out;
  std::string after;
  feed(splitter, line + "\r\nnext\n", piece, [&](Next next, const Frame& frame) {
    if (next == Next::oversize) out = splitter.oversize();
    if (next == Next::frame) after = frame.text;
  });
  EXPECT_EQ(after, "next");
  EXPECT_EQ(out.size, line.size());
  return out;
}

TEST(LineSplitter, ALineOverTheLimitTellsWhoseItIs) {
  const std::string text = "\"" + std::string(200, 'x') + R"(\"id\":5,\\")";
  for (const std::size_t piece : {1U, 3U, 64U, 65U, 66U, 1000U}) {
    const auto first = oversize_of(R"({"jsonrpc":"2.0","id":7,"result":)" + text + "}", piece);
    EXPECT_EQ(first.id, "7");
    EXPECT_TRUE(first.is_response);
    EXPECT_EQ(first.method, "");
    const auto last = oversize_of(
        R"({"error":{"id":1,"data":)" + text + R"(},"jsonrpc":"2.0","id":"a\"}"})", piece);
    EXPECT_EQ(last.id, R"("a\"}")");
    EXPECT_TRUE(last.is_response);
    const auto request =
        oversize_of(R"({"method":"tools\/call","params":[)" + text + R"(],"id":3})", piece);
    EXPECT_EQ(request.id, "3");
    EXPECT_EQ(request.method, "tools/call");
    EXPECT_FALSE(request.is_response);
    const auto none = oversize_of(R"({"result":)" + text + "}", piece);
    EXPECT_EQ(none.id, "");
    EXPECT_TRUE(none.is_response);
    const auto noise = oversize_of(std::string(100, '-') + R"({"id":1,"result":2})", piece);
    EXPECT_EQ(noise.id, "");
    EXPECT_FALSE(noise.is_response);
  }
}

TEST(LineSplitter, OneOversizeDoesNotColourTheNext) {
  LineSplitter splitter({.frame_limit = 20});
  std::vector<std::string> ids;
  feed(splitter,
       R"({"id":1,"result":"xxxxxxxxxxxxxxx"})"
       "\n"
       R"({"nothing":"xxxxxxxxxxxxxxx"})"
       "\n",
       1000, [&](Next, const Frame&) {
         ids.push_back(splitter.oversize().id + (splitter.oversize().is_response ? " r" : ""));
       });
  EXPECT_EQ(ids, (std::vector<std::string>{"1 r", ""}));
}

TEST(LineSplitter, AnEmptyCommitIsFine) {
  LineSplitter splitter;
  Frame frame;
  EXPECT_EQ(splitter.next(frame), Next::need_more);
  EXPECT_FALSE(splitter.rest(frame));
  splitter.commit(0);
  ASSERT_FALSE(splitter.prepare().empty());
  splitter.commit(0);
  EXPECT_EQ(splitter.next(frame), Next::need_more);
}

}  // namespace
}  // namespace headrace::framing
