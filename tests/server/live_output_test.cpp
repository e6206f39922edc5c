// What is told while code runs: folding, order, rates and bounds, with a clock of its own.
#include <headrace/server/live_output.hpp>
#include <headrace/server/plain_text.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// Lines that ended, and behind them the one that has not.
std::vector<std::string> shown(const std::vector<std::string>& pieces) {
  TerminalLine line;
  std::vector<std::string> lines;
  for (const std::string& piece : pieces)
    line.write(piece, [&lines](std::string ended, bool) { lines.push_back(std::move(ended)); });
  lines.push_back(line.text());
  return lines;
}

TEST(TerminalLine, FoldsWhatIsDrawnAgain) {
  EXPECT_THAT(shown({"a\nb\n"}), ElementsAre("a", "b", ""));
  EXPECT_THAT(shown({"\r 10%|#   |", "\r 20%|##  |"}), ElementsAre(" 20%|##  |"));
  EXPECT_THAT(shown({"long text\rab"}), ElementsAre("abng text"));
  EXPECT_THAT(shown({"done\r", "\n"}), ElementsAre("done", ""));
  EXPECT_THAT(shown({"windows\r\nlines\r\n"}), ElementsAre("windows", "lines", ""));
  EXPECT_THAT(shown({"\r100%", "\r    \r"}), ElementsAre(""));
  EXPECT_THAT(shown({"äöü\rx"}), ElementsAre("xöü"));
  EXPECT_THAT(shown({"ab\b\bcd\b\b\b\be"}), ElementsAre("ed"));
}

TEST(TerminalLine, DropsEscapeSequencesAcrossPieces) {
  EXPECT_THAT(shown({"\x1b[31mred\x1b[0m"}), ElementsAre("red"));
  EXPECT_THAT(shown({"a\x1b", "[1;3", "1mb"}), ElementsAre("ab"));
  EXPECT_THAT(shown({"abc\r\x1b[Kd"}), ElementsAre("d"));
  EXPECT_THAT(shown({"abc\x1b[2K\rd"}), ElementsAre("d"));
  EXPECT_THAT(shown({"abc\x1b[1Kd"}), ElementsAre("   d"));
  EXPECT_THAT(shown({"\x1b]0;title\a1\x1b]8;;x\x1b\\2"}), ElementsAre("12"));
  EXPECT_THAT(shown({"\x1b]never ends\nnext"}), ElementsAre("", "next"));
  EXPECT_THAT(shown({"\x1b(Ba\x1b[Ab"}), ElementsAre("ab"));
}

TEST(TerminalLine, ShowsAnythingAsCleanText) {
  EXPECT_THAT(shown({std::string("a\0b\x07\x7f c\td", 9)}), ElementsAre("ab c\td"));
  EXPECT_THAT(shown({"\xff\xfe x"}), ElementsAre("\uFFFD\uFFFD x"));
  EXPECT_THAT(shown({"a\xc2\x85z"}), ElementsAre("az"));
  const std::vector<std::string> lines = shown({std::string(2500, 'x')});
  EXPECT_THAT(lines,
              ElementsAre(std::string(1000, 'x'), std::string(1000, 'x'), std::string(500, 'x')));
}

TEST(WithoutReturns, OnlyTheLastOfWhatIsDrawnStays) {
  std::string bars;
  for (int i = 0; i <= 1000; ++i)
    bars += "\r" + std::to_string(i) + "%|####";
  EXPECT_EQ(without_returns(bars), "1000%|####");
  EXPECT_EQ(without_returns("before\n" + bars + "\nafter\n"), "before\n1000%|####\nafter\n");
  EXPECT_EQ(without_returns("a\rb\r"), "b");
  EXPECT_EQ(without_returns("\r100%\r    \r\n"), "\n");
  EXPECT_EQ(without_returns("\r\x1b[2K\x1b[32m50%\x1b[0m\r\x1b[2K\x1b[32m99%\x1b[0m"), "99%");
  const std::string wide(5000, 'w');
  EXPECT_EQ(without_returns("short\r" + wide + "\n"), wide + "\n");
}

TEST(WithoutReturns, OtherLinesStayAsTheyAre) {
  EXPECT_EQ(without_returns("windows\r\nlines\r\n\r\n"), "windows\nlines\n\n");
  EXPECT_EQ(without_returns("a  \x1b[31mb\bc\r\n"), "a  \x1b[31mb\bc\n");
  const std::string binary("\0\1\rab\rc\n\uFFFDPNG\rx", 16);
  EXPECT_EQ(without_returns(binary), binary);
  EXPECT_EQ(without_returns("\x1b]title\rthat never ends"), "\x1b]title\rthat never ends");
  EXPECT_EQ(without_returns(""), "");
}

struct Live : testing::Test {
  std::string take() {
    const auto message = live.take(now);
    return message ? message->text : "nothing";
  }
  void later(int milliseconds) { now += std::chrono::milliseconds(milliseconds); }

  LiveOutput live;
  engine::Clock::time_point now = engine::Clock::now();
};

TEST_F(Live, TheFirstLineIsToldAtOnceAndTheRestTogether) {
  EXPECT_FALSE(live.due());
  live.print(false, "one\n");
  ASSERT_TRUE(live.due());
  EXPECT_LE(*live.due(), now);
  EXPECT_EQ(take(), "one");
  EXPECT_FALSE(live.due());
  live.print(false, "two\n");
  live.print(true, "three\n");
  live.print(false, "four\n");
  later(100);
  EXPECT_EQ(take(), "nothing");
  EXPECT_EQ(*live.due(), now + std::chrono::milliseconds(150));
  later(150);
  EXPECT_EQ(take(), "two\nthree\nfour");
  EXPECT_EQ(take(), "nothing");
  EXPECT_FALSE(live.due());
}

TEST_F(Live, AProgressBarIsToldAsItStands) {
  live.print(true, "\r 10%");
  EXPECT_EQ(take(), " 10%");
  for (int i = 11; i <= 20; ++i)
    live.print(true, "\r " + std::to_string(i) + "%");
  later(250);
  EXPECT_EQ(take(), " 20%");
  later(250);
  EXPECT_EQ(take(), "nothing");
  live.print(true, "\r 20%");
  later(250);
  EXPECT_EQ(take(), "nothing");
  live.print(true, "\r100%\n");
  EXPECT_EQ(take(), "100%");
}

TEST_F(Live, ALineThatWasToldIsNotToldAgainWhenItEnds) {
  live.print(false, "working ... ");
  EXPECT_EQ(take(), "working ...");
  live.print(false, "\nnext\n");
  later(250);
  EXPECT_EQ(take(), "next");
  live.print(false, "a");
  later(250);
  EXPECT_EQ(take(), "a");
  live.print(false, "b\n");
  later(250);
  EXPECT_EQ(take(), "ab");
}

TEST_F(Live, OfTooMuchTheOldestIsLeftOutAndSaidSo) {
  for (int i = 0; i < 10'000; ++i)
    live.print(false, "line " + std::to_string(i) + "\n");
  const std::string message = take();
  EXPECT_LE(message.size(), LiveOutput::longest_message);
  EXPECT_GT(message.size(), LiveOutput::longest_message / 2);
  EXPECT_THAT(message, StartsWith("["));
  EXPECT_THAT(message, HasSubstr("lines are left out here]\nline "));
  EXPECT_THAT(message, EndsWith("\nline 9999"));
  // What is left out and what is told are all that was printed.
  const auto told = std::count(message.begin(), message.end(), '\n');
  EXPECT_EQ(std::stol(message.substr(1)) + told, 10'000);
}

TEST_F(Live, AFloodInOnePieceIsOnlyCounted) {
  live.print(false, "begun");
  std::string flood;
  for (int i = 0; i < 100'000; ++i)
    flood += "line " + std::to_string(i) + "\n";
  live.print(false, flood);
  const std::string message = take();
  EXPECT_THAT(message, EndsWith("\nline 99999"));
  const auto told = std::count(message.begin(), message.end(), '\n');
  EXPECT_EQ(std::stol(message.substr(1)) + told, 100'000);
}

TEST_F(Live, OutputWithoutNewlinesIsToldInLinesOfItsOwn) {
  for (int i = 0; i < 100; ++i)
    live.print(false, std::string(100'000, 'x'));
  const std::string message = take();
  EXPECT_LE(message.size(), LiveOutput::longest_message);
  EXPECT_THAT(message, HasSubstr("left out"));
  const std::string wide = "€";
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += wide;
  live.print(false, text);
  later(250);
  const std::string second = take();
  EXPECT_LE(second.size(), LiveOutput::longest_message);
  EXPECT_THAT(second, EndsWith(wide));
}

TEST_F(Live, OfOneLongLineTheBytesLeftOutAreTold) {
  const std::string part(50'000, 'x');
  for (int i = 0; i < 60; ++i)
    live.print(false, part);
  live.print(false, "end\n");
  const std::string message = take();
  EXPECT_THAT(message, StartsWith("[… 3.0 MB are left out here]\nx"));
  EXPECT_THAT(message, EndsWith("x\nend"));
  EXPECT_LE(message.size(), LiveOutput::longest_message);
  // Also when it comes in one piece with its end.
  live.print(false, std::string(2'000'000, 'y') + "\n");
  later(250);
  EXPECT_THAT(take(), StartsWith("[… 2.0 MB are left out here]\ny"));
  // What was told before does not count.
  for (int i = 0; i < 2000; ++i)
    live.print(false, "line\n");
  later(250);
  EXPECT_THAT(take(), HasSubstr("lines are left out here]\nline"));
}

TEST_F(Live, BlankLinesAloneAreNotWorthAMessage) {
  live.print(false, "\n");
  EXPECT_EQ(take(), "nothing");
  EXPECT_FALSE(live.due());
  live.print(false, "a\n\nb\n");
  EXPECT_EQ(take(), "a\n\nb");
}

TEST_F(Live, BytesOfAnyKindBecomeText) {
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    bytes += static_cast<char>(i);
  live.print(false, bytes + "\n");
  for (const char c : take())
    EXPECT_TRUE(static_cast<unsigned char>(c) >= ' ' || c == '\t' || c == '\n');
}

TEST_F(Live, ProgressIsToldWithItsNumbers) {
  live.progress({1, 10, "one\nof ten"});
  auto message = live.take(now);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->done, 1);
  EXPECT_EQ(message->total, 10);
  EXPECT_EQ(message->text, "one of ten");
  live.progress({2, 10, ""});
  live.progress({3, std::nullopt, ""});
  EXPECT_FALSE(live.take(now));
  later(250);
  message = live.take(now);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->done, 3);
  EXPECT_FALSE(message->total);
  EXPECT_FALSE(live.due());
}

TEST_F(Live, TextAndProgressDoNotWaitForEachOther) {
  live.print(false, "text\n");
  live.progress({1, 2, "half"});
  EXPECT_EQ(take(), "text");
  EXPECT_EQ(take(), "half");
  EXPECT_EQ(take(), "nothing");
  live.progress({2, 2, "all"});
  EXPECT_EQ(take(), "nothing");
  EXPECT_EQ(live.take_last_progress()->done, 2);
  EXPECT_FALSE(live.take_last_progress());
}

TEST(OneLine, IsCutBetweenCharacters) {
  EXPECT_EQ(one_line("short", 5), "short");
  EXPECT_EQ(one_line("longer", 5), "lo…");
  EXPECT_EQ(one_line("ää€€", 7), "ää…");
  EXPECT_EQ(one_line("a\r\nb\xff\x1b[1m", 100), "a  b\uFFFD [1m");
  EXPECT_EQ(one_line("abc", 2), "");
}

TEST(ReadableSize, IsShort) {
  EXPECT_EQ(readable_size(1), "1 byte");
  EXPECT_EQ(readable_size(999), "999 bytes");
  EXPECT_EQ(readable_size(3'400'000), "3.4 MB");
  EXPECT_EQ(readable_size(999'999), "1.0 MB");
  EXPECT_EQ(readable_size(UINT64_MAX), "18.4 EB");
}

}  // namespace
}  // namespace headrace::server
