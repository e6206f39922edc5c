// Results of tools for people.
#include <headrace/server/plain_text.hpp>
#include <headrace/server/result_text.hpp>

#include <gtest/gtest.h>

namespace headrace::server {
namespace {

std::string text_of(std::string_view result) {
  return result_text(result).text;
}

TEST(ResultText, IsTheTextOfTheTool) {
  EXPECT_EQ(text_of(R"({"content":[{"type":"text","text":"one\ntwo"}]})"), "one\ntwo\n");
  EXPECT_EQ(
      text_of(R"({"content":[{"type":"text","text":"a\n"},{"type":"text","text":"\u001bb"}]})"),
      "a\n\x1b"
      "b\n");
  EXPECT_EQ(text_of(R"({"content":[{"type":"text","text":""}]})"), "");
}

TEST(ResultText, SaysWhetherTheToolFailed) {
  EXPECT_TRUE(result_text(R"({"content":[],"isError":true})").is_error);
  EXPECT_FALSE(result_text(R"({"content":[],"isError":false})").is_error);
  EXPECT_FALSE(result_text(R"({"content":[]})").is_error);
}

TEST(ResultText, NamesWhatIsNoText) {
  EXPECT_EQ(
      text_of(R"({"content":[{"type":"image","data":"AAECAw==","mimeType":"image/png"},)"
              R"({"type":"audio","data":"AA==","mimeType":"audio/wav"},)"
              R"({"type":"resource_link","uri":"file:///a","name":"a.txt"},)"
              R"({"type":"resource","resource":{"uri":"x://b","mimeType":"a/b","blob":"AAEC"}},)"
              R"({"type":"resource","resource":{"uri":"x://c","text":"inside"}},)"
              R"({"type":"hologram"}]})"),
      "[image image/png, 4 bytes]\n[audio audio/wav, 1 byte]\n[resource file:///a, a.txt]\n"
      "[resource x://b, a/b, 3 bytes]\n[resource x://c]\ninside\n[hologram]\n");
}

TEST(ResultText, LaysOutStructuredContentThatStandsAlone) {
  EXPECT_EQ(text_of(R"({"content":[],"structuredContent":{"n":1}})"), "{\n  \"n\": 1\n}\n");
  EXPECT_EQ(text_of(R"({"content":[{"type":"text","text":"t"}],"structuredContent":{"n":1}})"),
            "t\n");
  EXPECT_EQ(text_of(R"({"content":[],"structuredContent":null})"), "");
}

TEST(ResultText, TakesWhateverServersSend) {
  for (const std::string_view odd :
       {"{}", "[]", "5", "", "{\"content\":5}", "{\"content\":[1,null,[],{}]}",
        R"({"content":[{"type":5,"text":[]}]})", R"({"content":[{"type":"image"}]})",
        R"({"content":[{"type":"image","data":"="}]})",
        R"({"content":[{"type":"image","data":"=="}]})", R"({"content":[{"type":"resource"}]})",
        R"({"content":[{"type":"resource","resource":7}]})", R"({"structuredContent":NaN})",
        "{\"content\":"})
    EXPECT_NO_FATAL_FAILURE(result_text(odd)) << odd;
  EXPECT_EQ(text_of(R"({"content":[{"type":"image","data":"==","mimeType":"a\nb\u001b"}]})"),
            "[image a b , 0 bytes]\n");
}

TEST(TerminalText, KeepsLinesAndTabsAndNothingElseThatSteers) {
  EXPECT_EQ(terminal_text("a\tb\r\nc\rd\x1b[31m\x7f\xC2\x9B\xff\n"),
            "a\tb\nc d [31m  \xEF\xBF\xBD\n");
  EXPECT_EQ(terminal_text(""), "");
  EXPECT_EQ(terminal_text("日本"), "日本");
}

}  // namespace
}  // namespace headrace::server
