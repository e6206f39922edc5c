// Which name is suggested for one that is not there.
#include <headrace/discovery/nearest_name.hpp>

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

constexpr std::array<std::string_view, 6> names{"read_text_file", "read_file", "write_file",
                                                "Issues",         "gh",        "Übersicht"};

TEST(NearestName, IsTheOneOfTheSameWords) {
  EXPECT_EQ(nearest_name("readFile", names), "read_file");
  EXPECT_EQ(nearest_name("read-text-file", names), "read_text_file");
  EXPECT_EQ(nearest_name("issues", names), "Issues");
}

TEST(NearestName, IsOffByFewLetters) {
  EXPECT_EQ(nearest_name("raed_file", names), "read_file");
  EXPECT_EQ(nearest_name("wirte_fil", names), "write_file");
  EXPECT_EQ(nearest_name("gg", names), "gh");
  EXPECT_EQ(nearest_name("Ubersicht", names), "Übersicht");
}

TEST(NearestName, IsThatOfWhichAPartWasNamed) {
  EXPECT_EQ(nearest_name("read", names), "read_text_file");
  EXPECT_EQ(nearest_name("text", names), "read_text_file");
}

TEST(NearestName, IsNoneWhereNothingIsNear) {
  EXPECT_EQ(nearest_name("delete_everything", names), "");
  EXPECT_EQ(nearest_name("", names), "");
  EXPECT_EQ(nearest_name("zz", names), "");
  EXPECT_EQ(nearest_name("read_file", {}), "");
  EXPECT_EQ(nearest_name(std::string(100'000, 'x'), names), "");
}

TEST(NearestName, LikesTheNearestBestAndThenTheFirst) {
  constexpr std::array<std::string_view, 4> alike{"abcdeX", "abcdef1", "abcdef", "abcdeY"};
  EXPECT_EQ(nearest_name("abcdeg", alike), "abcdeX");
  EXPECT_EQ(nearest_name("ABCDEF", alike), "abcdef");
}

}  // namespace
}  // namespace headrace::discovery
