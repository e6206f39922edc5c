// The two ends of what was printed, and where in them things stand.
#include <headrace/sandbox/output_buffer.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::sandbox {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(OutputBuffer, KeepsAllThatFits) {
  OutputBuffer buffer(8);
  EXPECT_TRUE(buffer.empty());
  buffer.append("abc");
  buffer.append("defgh");
  EXPECT_EQ(buffer.text(), "abcdefgh");
  EXPECT_FALSE(buffer.cut());
  EXPECT_TRUE(buffer.cut_by(1));
  EXPECT_FALSE(buffer.cut_by(0));
}

TEST(OutputBuffer, KeepsAllUpToItsLimitHoweverItComes) {
  for (std::size_t limit = 0; limit <= 9; ++limit) {
    for (std::size_t piece = 1; piece <= 9; ++piece) {
      OutputBuffer buffer(limit);
      std::string all;
      while (!buffer.cut_by(piece)) {
        buffer.append(std::string(piece, 'x'));
        all += std::string(piece, 'x');
      }
      EXPECT_EQ(buffer.text(), all) << limit << ' ' << piece;
      buffer.append(std::string(piece, 'x'));
      EXPECT_TRUE(buffer.cut());
      EXPECT_THAT(buffer.text(), HasSubstr("left out")) << limit << ' ' << piece;
    }
  }
}

TEST(OutputBuffer, CutsWhereLinesEnd) {
  OutputBuffer buffer(40);
  for (int i = 100; i < 200; ++i)
    buffer.append("line " + std::to_string(i) + "\n");
  const std::string text = buffer.text();
  EXPECT_THAT(text, StartsWith("line 100\nline 101\n… "));
  EXPECT_THAT(text, EndsWith(" …\nline 198\nline 199\n"));
  EXPECT_THAT(text, HasSubstr("864 of 900 bytes are left out here"));
}

TEST(OutputBuffer, CutsALongLineBetweenCharacters) {
  OutputBuffer buffer(20);
  for (int i = 0; i < 100; ++i)
    buffer.append("€");
  const std::string text = buffer.text();
  EXPECT_THAT(text, StartsWith("€€€\n… "));
  EXPECT_THAT(text, EndsWith(" …\n€€€"));
}

TEST(OutputBuffer, KnowsTheEndOfALine) {
  OutputBuffer buffer(100);
  EXPECT_TRUE(buffer.ends_line());
  buffer.append("a");
  EXPECT_FALSE(buffer.ends_line());
  buffer.append("\n");
  EXPECT_TRUE(buffer.ends_line());
  OutputBuffer small(2);
  small.append("ab\n");
  EXPECT_TRUE(small.ends_line());
}

TEST(OutputBuffer, PlacesAreOffsetsWhileNothingIsCut) {
  OutputBuffer buffer(100);
  buffer.append("abcdef");
  for (std::size_t offset = 0; offset <= 6; ++offset)
    EXPECT_EQ(buffer.place(offset), offset);
}

TEST(OutputBuffer, PlacesOfWhatIsLeftOutAreAtTheCut) {
  OutputBuffer buffer(40);
  for (int i = 100; i < 200; ++i)
    buffer.append("line " + std::to_string(i) + "\n");
  const std::string text = buffer.text();
  const std::size_t behind_cut = text.find("line 198");
  EXPECT_EQ(buffer.place(0), 0u);
  EXPECT_EQ(buffer.place(9), 9u);
  EXPECT_EQ(buffer.place(18), 18u);
  EXPECT_EQ(buffer.place(19), behind_cut);
  EXPECT_EQ(buffer.place(450), behind_cut);
  EXPECT_EQ(buffer.place(881), behind_cut);
  EXPECT_EQ(buffer.place(882), behind_cut);
  EXPECT_EQ(buffer.place(891), behind_cut + 9);
  EXPECT_EQ(buffer.place(900), text.size());
  EXPECT_EQ(buffer.place(100000), text.size());
}

}  // namespace
}  // namespace headrace::sandbox
