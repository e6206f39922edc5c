// Names of what sessions hold, and names that are none.
#include <headrace/server/session_uri.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

TEST(SessionUri, EncodesAndDecodesAnyPath) {
  for (const std::string path : {"a.txt", "a b/c%d.csv", "ü/€.png", "q?x#y&z", "~a/-_.b", "100%"}) {
    const std::string uri = file_uri("my.session", path);
    EXPECT_EQ(uri.find_first_of(" ?#"), std::string::npos);
    const auto parsed = parse_session_uri(uri);
    ASSERT_TRUE(parsed) << uri;
    EXPECT_TRUE(parsed->is_file);
    EXPECT_EQ(parsed->session, "my.session");
    EXPECT_EQ(parsed->path, path);
  }
  EXPECT_EQ(file_uri("s", "a b.txt"), "headrace://sessions/s/files/a%20b.txt");
}

TEST(SessionUri, NamesItemsOfRunsAndPiecesOfThem) {
  EXPECT_EQ(item_uri("s", "runs/3/stdout"), "headrace://sessions/s/runs/3/stdout");
  auto parsed = parse_session_uri("headrace://sessions/s/runs/3/display-1.png");
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->is_file);
  EXPECT_EQ(parsed->path, "runs/3/display-1.png");
  EXPECT_FALSE(parsed->offset);
  parsed = parse_session_uri("headrace://sessions/s/runs/3/stdout?offset=10&length=20");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->path, "runs/3/stdout");
  EXPECT_EQ(parsed->offset, 10U);
  EXPECT_EQ(parsed->length, 20U);
  EXPECT_EQ(parse_session_uri("headrace://sessions/s/runs/3/stdout?length=1")->length, 1U);
}

TEST(SessionUri, IsDecodedStrictly) {
  const std::string start = "headrace://sessions/";
  for (const std::string rest : {"",
                                 "s",
                                 "s/",
                                 "s/files",
                                 "s/files/",
                                 "s/runs",
                                 "s/other/x",
                                 "/files/x",
                                 "s/files//x",
                                 "s/files/x/",
                                 "s/files/.",
                                 "s/files/..",
                                 "s/files/../x",
                                 "s/files/a/%2e%2e/b",
                                 "s/files/%2E",
                                 "s/files/a%2Fb",
                                 "s/files/%",
                                 "s/files/%4",
                                 "s/files/%zz",
                                 "s/files/%00",
                                 "s/files/%0A",
                                 "s/files/%FF",
                                 "s/files/%C2%85",
                                 "s/files/a b",
                                 "s/files/a#b",
                                 "s/files/x?offset=1",
                                 "s/runs/3/stdout?",
                                 "s/runs/3/stdout?offset",
                                 "s/runs/3/stdout?x=1",
                                 "s/runs/3/stdout?offset=",
                                 "s/runs/3/stdout?offset=-1",
                                 "s/runs/3/stdout?offset=1&offset=2",
                                 "s/runs/3/stdout?offset=1&",
                                 "s/runs/3/stdout?offset=99999999999999999999"}) {
    EXPECT_FALSE(parse_session_uri(start + rest)) << rest;
  }
  EXPECT_FALSE(parse_session_uri("headrace://session/s/files/x"));
  EXPECT_FALSE(parse_session_uri("file:///etc/passwd"));
  EXPECT_FALSE(parse_session_uri(""));
}

TEST(MimeType, IsKnownByTheEndOfTheName) {
  EXPECT_EQ(mime_type_of("a/b.CSV"), "text/csv");
  EXPECT_EQ(mime_type_of("x.tar.gz"), "application/gzip");
  EXPECT_EQ(mime_type_of("Makefile"), "application/octet-stream");
  EXPECT_EQ(mime_type_of("x."), "application/octet-stream");
  EXPECT_EQ(mime_type_of(""), "application/octet-stream");
}

}  // namespace
}  // namespace headrace::server
