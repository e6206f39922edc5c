// Which name is taken for what a wrong one was meant to be.
#include <headrace/discovery/nearest_name.hpp>

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace headrace::discovery {
namespace {

std::string_view nearest(std::string_view wanted, std::span<const std::string_view> names) {
  const std::size_t found = nearest_name(wanted, names);
  return found < names.size() ? names[found] : std::string_view();
}

constexpr std::array<std::string_view, 6> names{"read_text_file", "read_file", "write_file",
                                                "Issues",         "gh",        "Übersicht"};

TEST(NearestName, IsTheOneInAnotherStyle) {
  EXPECT_EQ(nearest("readFile", names), "read_file");
  EXPECT_EQ(nearest("read-text-file", names), "read_text_file");
  EXPECT_EQ(nearest("issues", names), "Issues");
}

TEST(NearestName, IsOffByFewLetters) {
  EXPECT_EQ(nearest("raed_file", names), "read_file");
  EXPECT_EQ(nearest("wirte_fil", names), "write_file");
  EXPECT_EQ(nearest("Ubersicht", names), "Übersicht");
}

TEST(NearestName, IsNoneWhereNothingIsNear) {
  EXPECT_EQ(nearest("delete_everything", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest("gg", names), "");
  EXPECT_EQ(nearest("read_file", {}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'x'), names), "");
}

TEST(NearestName, LikesTheNearestBestAndThenTheFirst) {
  constexpr std::array<std::string_view, 4> alike{"abcdeX", "abcdef1", "abcdef", "abcdeY"};
  EXPECT_EQ(nearest("abcdeg", alike), "abcdeX");
  EXPECT_EQ(nearest("ABCDEF", alike), "abcdef");
}

}  // namespace
}  // namespace headrace::discovery
