// The errors of framing as std::error_code.
#include <headrace/framing/error.hpp>

#include <string>
#include <system_error>

#include <gtest/gtest.h>

namespace headrace::framing {
namespace {

TEST(Errc, EachHasWordsOfItsOwn) {
  const std::error_code large = Errc::frame_too_large;
  const std::error_code bad = Errc::bad_frame;
  const std::error_code memory = Errc::out_of_memory;
  EXPECT_STREQ(large.category().name(), "headrace.framing");
  EXPECT_NE(large.message(), bad.message());
  EXPECT_NE(bad.message(), memory.message());
  EXPECT_NE(std::error_code(99, framing_category()).message(), "");
}

TEST(Errc, ComparesWithItsValue) {
  const std::error_code error = make_error_code(Errc::bad_frame);
  EXPECT_TRUE(error == Errc::bad_frame);
  EXPECT_FALSE(error == Errc::frame_too_large);
  EXPECT_TRUE(error);
}

}  // namespace
}  // namespace headrace::framing
