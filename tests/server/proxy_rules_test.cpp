// What becomes of each kind of line between a client and a server.
#include <headrace/server/proxy_rules.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::server {
namespace {

using Ruling = ProxyRules::Ruling;
using Side = ProxyRules::Side;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ProxyRulesTest : public testing::Test {
 protected:
  Ruling line(Side from, const std::string& text) {
    // Readable behind its end, as a frame is.
    const std::string padded = text + std::string(64, ' ');
    return rules_.on_line(from, parser_.parse(std::string_view(padded).substr(0, text.size())));
  }
  Ruling client(const std::string& text) { return line(Side::client, text); }
  Ruling server(const std::string& text) { return line(Side::server, text); }
  std::vector<std::string> open(Side by) { return rules_.open(by).take_all(); }

  ProxyRules rules_;
  framing::EnvelopeParser parser_;
};

TEST_F(ProxyRulesTest, MessagesPass) {
  EXPECT_EQ(client(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})"), Ruling::pass);
  EXPECT_EQ(server(R"({"jsonrpc":"2.0","id":1,"result":{}})"), Ruling::pass);
  EXPECT_EQ(client(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"), Ruling::pass);
  EXPECT_EQ(server(R"({"jsonrpc":"2.0","id":1,"method":"roots/list"})"), Ruling::pass);
  EXPECT_EQ(client(R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}})"), Ruling::pass);
  EXPECT_EQ(server(R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"what?"}})"), Ruling::pass);
  EXPECT_EQ(server(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}})"),
            Ruling::pass);
}

TEST_F(ProxyRulesTest, RequestsAreOpenUntilTheOtherSideAnswers) {
  client(R"({"jsonrpc":"2.0","id":1,"method":"a"})");
  client(R"({"jsonrpc":"2.0","id":"1","method":"a"})");
  client(R"({"jsonrpc":"2.0","id":2,"method":"a"})");
  server(R"({"jsonrpc":"2.0","id":2,"method":"b"})");
  // An answer of the same side is to the other's requests.
  client(R"({"jsonrpc":"2.0","id":2,"result":{}})");
  server(R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}})");
  EXPECT_THAT(open(Side::client), UnorderedElementsAre("\"1\"", "2"));
  EXPECT_THAT(open(Side::server), IsEmpty());
}

TEST_F(ProxyRulesTest, NobodyWaitsForWhatIsCancelledButItsAnswerPasses) {
  client(R"({"jsonrpc":"2.0","id":1,"method":"a"})");
  client(R"({"jsonrpc":"2.0","id":"x","method":"a"})");
  server(R"({"jsonrpc":"2.0","id":1,"method":"b"})");
  EXPECT_EQ(client(R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
                   R"("params":{"reason":"enough","requestId":1}})"),
            Ruling::pass);
  EXPECT_EQ(client(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":[]})"),
            Ruling::pass);
  EXPECT_EQ(client(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})"), Ruling::pass);
  EXPECT_EQ(server(R"({"jsonrpc":"2.0","id":1,"result":{}})"), Ruling::pass);
  EXPECT_THAT(open(Side::client), UnorderedElementsAre("\"x\""));
  EXPECT_THAT(open(Side::server), UnorderedElementsAre("1"));
}

TEST_F(ProxyRulesTest, WhatIsNotJsonGoesNoFurther) {
  EXPECT_EQ(server("Listening on stdio"), Ruling::skip);
  EXPECT_EQ(server(R"({"jsonrpc":"2.0","id":9,"result":)"), Ruling::skip);
  EXPECT_EQ(client("hello?"), Ruling::tell_sender);
  EXPECT_EQ(rules_.notice().id, "");
  EXPECT_EQ(rules_.notice().code, -32700);
}

TEST_F(ProxyRulesTest, AnUnreadableRequestIsRefusedByItsId) {
  EXPECT_EQ(client(R"({"jsonrpc":"2.0","id":"q","method":"a","params":{"x":]})"),
            Ruling::tell_sender);
  EXPECT_EQ(rules_.notice().id, "\"q\"");
  EXPECT_EQ(server(R"({"jsonrpc":"2.0","id":4,"method":"b","params":{"x":]})"),
            Ruling::tell_sender);
  EXPECT_EQ(rules_.notice().id, "4");
  EXPECT_THAT(open(Side::client), IsEmpty());
}

TEST_F(ProxyRulesTest, AnUnreadableAnswerFailsTheRequestThatItWasFor) {
  client(R"({"jsonrpc":"2.0","id":7,"method":"a"})");
  EXPECT_EQ(server("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"text\":\"\xff\"}}"),
            Ruling::tell_other);
  EXPECT_EQ(rules_.notice().id, "7");
  EXPECT_EQ(rules_.notice().code, -32603);
  EXPECT_THAT(rules_.notice().message, HasSubstr("the server's answer is lost"));
  // Once.
  EXPECT_EQ(server("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"text\":\"\xff\"}}"), Ruling::skip);
}

TEST_F(ProxyRulesTest, JsonThatIsNoMessageIsForServersToJudgeAndNotForClients) {
  for (const char* text : {R"({"level":"info","msg":"up"})", "42", "\"text\"", "{}", "null"}) {
    EXPECT_EQ(client(text), Ruling::pass) << text;
    EXPECT_EQ(server(text), Ruling::skip) << text;
  }
}

TEST_F(ProxyRulesTest, WhatIsOddPasses) {
  for (const char* text : {R"([{"jsonrpc":"2.0","id":1,"method":"a"}])",
                           R"({"jsonrpc":"2.0","id":1,"m\u0065thod":"a"})",
                           R"({"jsonrpc":"2.0","id":{},"method":"a"})"}) {
    EXPECT_EQ(client(text), Ruling::pass) << text;
    EXPECT_EQ(server(text), Ruling::pass) << text;
  }
}

TEST_F(ProxyRulesTest, ALineOverTheLimitFailsOnlyWhatItWas) {
  using Oversize = framing::LineSplitter::Oversize;
  const Oversize request{70000000, "3", "tools/call", false};
  EXPECT_EQ(rules_.on_oversize(Side::client, request), Ruling::tell_sender);
  EXPECT_EQ(rules_.notice().id, "3");
  EXPECT_EQ(rules_.notice().code, -32600);
  EXPECT_EQ(rules_.on_oversize(Side::server, request), Ruling::tell_sender);

  const Oversize answer{70000000, "3", "", true};
  EXPECT_EQ(rules_.on_oversize(Side::server, answer), Ruling::skip);
  client(R"({"jsonrpc":"2.0","id":3,"method":"a"})");
  EXPECT_EQ(rules_.on_oversize(Side::server, answer), Ruling::tell_other);
  EXPECT_THAT(rules_.notice().message, HasSubstr("70000000 bytes"));

  const Oversize notification{70000000, "", "notifications/message", false};
  EXPECT_EQ(rules_.on_oversize(Side::client, notification), Ruling::skip);
  EXPECT_EQ(rules_.on_oversize(Side::server, notification), Ruling::skip);

  const Oversize unknown{70000000, "", "", false};
  EXPECT_EQ(rules_.on_oversize(Side::client, unknown), Ruling::tell_sender);
  EXPECT_EQ(rules_.notice().id, "");
  EXPECT_EQ(rules_.on_oversize(Side::server, unknown), Ruling::skip);
}

}  // namespace
}  // namespace headrace::server
