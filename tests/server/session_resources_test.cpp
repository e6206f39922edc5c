// Reading what runs left, whole and in pieces.
#include <headrace/server/session_resources.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

using testing::HasSubstr;

struct Items : testing::Test {
  engine::mcp::ResourceContent read(const std::string& uri) {
    const auto parsed = parse_session_uri("headrace://sessions/s/runs/" + uri);
    EXPECT_TRUE(parsed);
    const auto content = read_item(archive, *parsed);
    EXPECT_TRUE(content);
    return content.value_or(engine::mcp::ResourceContent());
  }

  sandbox::Archive archive;
};

TEST_F(Items, AreTextOrBase64) {
  archive.append("runs/1/stdout", "text/plain", true, "ä\nb");
  archive.append("runs/1/display-1.png", "image/png", false, std::string("\0\1\2\xff", 4));
  EXPECT_EQ(read("1/stdout").content, "ä\nb");
  EXPECT_TRUE(read("1/stdout").is_text);
  EXPECT_EQ(read("1/display-1.png").content, "AAEC/w==");
  EXPECT_FALSE(read("1/display-1.png").is_text);
  EXPECT_EQ(read("1/display-1.png").mime_type, "image/png");
  EXPECT_EQ(read("1/display-1.png?offset=1&length=2").content, "AQI=");
  EXPECT_EQ(read("1/display-1.png?length=3").content, "AAEC");
  EXPECT_FALSE(read_item(archive, *parse_session_uri("headrace://sessions/s/runs/2/stdout")));
}

TEST_F(Items, PiecesOfTextAddUpToTheWhole) {
  std::string text;
  for (int i = 0; i < 50; ++i)
    text += "aä€😀\n";
  archive.append("runs/1/stdout", "text/plain", true, text);
  for (std::size_t length = 1; length < 20; ++length) {
    std::string all;
    for (std::size_t offset = 0; offset < text.size(); offset += length) {
      all += read("1/stdout?offset=" + std::to_string(offset) + "&length=" + std::to_string(length))
                 .content;
    }
    EXPECT_EQ(all, text) << length;
  }
}

TEST_F(Items, ThatAreTooLongForOneReadSayHowToGoOn) {
  const std::string text(longest_read + 10, 'x');
  archive.append("runs/1/stdout", "text/plain", true, text);
  const auto whole = read("1/stdout");
  EXPECT_THAT(whole.error, HasSubstr("?offset=0&length=7340032"));
  EXPECT_TRUE(whole.content.empty());
  EXPECT_EQ(read("1/stdout?offset=0").content.size(), longest_read);
  EXPECT_EQ(read("1/stdout?offset=0&length=99999999999").content.size(), longest_read);
  EXPECT_EQ(read("1/stdout?offset=7340032").content, std::string(10, 'x'));
  EXPECT_EQ(read("1/stdout?offset=7340042").content, "");
  EXPECT_EQ(read("1/stdout?offset=7340042").error, "");
  EXPECT_THAT(read("1/stdout?offset=7340043").error, HasSubstr("behind the end"));
  EXPECT_THAT(read("1/stdout?offset=18446744073709551615").error, HasSubstr("behind the end"));
}

}  // namespace
}  // namespace headrace::server
