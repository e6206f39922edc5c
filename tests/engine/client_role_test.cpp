// The client role's messages, and what it makes of a server's.
#include <headrace/engine/mcp/client_role.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::engine::mcp {
namespace {

using testing::HasSubstr;

ClientIdentity identity() {
  ClientIdentity identity;
  identity.implementation = {"client", "1.0", ""};
  return identity;
}

TEST(ClientRole, DeclaresOnlyWhatItHas) {
  EXPECT_EQ(initialize_params(identity(), declare(identity(), "", Era::legacy)),
            R"({"protocolVersion":"2025-11-25","capabilities":{},)"
            R"("clientInfo":{"name":"client","version":"1.0"}})");
  ClientIdentity more = identity();
  more.implementation.title = "The \"client\"";
  more.roots.push_back({"file:///x", ""});
  EXPECT_EQ(initialize_params(more, declare(more, "", Era::legacy)),
            R"({"protocolVersion":"2025-11-25","capabilities":{"roots":{}},)"
            R"("clientInfo":{"name":"client","title":"The \"client\"","version":"1.0"}})");
}

TEST(ClientRole, ReadsWhatAServerIs) {
  ServerFacts facts;
  Diagnostics diagnostics;
  ASSERT_TRUE(read_initialize_result(
      R"({"protocolVersion":"2025-03-26","capabilities":{"tools":{"listChanged":true}},)"
      R"("serverInfo":{"name":"s","version":"2","title":"S"},"instructions":"do"})",
      facts, diagnostics));
  EXPECT_EQ(facts.protocol_version, "2025-03-26");
  EXPECT_EQ(facts.implementation.name, "s");
  EXPECT_EQ(facts.implementation.version, "2");
  EXPECT_EQ(facts.implementation.title, "S");
  EXPECT_EQ(facts.instructions, "do");
  EXPECT_TRUE(facts.tools.exists);
  EXPECT_TRUE(facts.tools.list_changes);
}

TEST(ClientRole, AServerMaySayVeryLittle) {
  ServerFacts facts;
  facts.tools.exists = true;
  facts.instructions = "of another server";
  Diagnostics diagnostics;
  ASSERT_TRUE(read_initialize_result(R"({"protocolVersion":"2024-11-05"})", facts, diagnostics));
  EXPECT_FALSE(facts.tools.exists);
  EXPECT_FALSE(facts.tools.list_changes);
  EXPECT_EQ(facts.instructions, "");
  for (const char* odd :
       {R"({"protocolVersion":"2024-11-05","capabilities":7,"serverInfo":[],"instructions":1})",
        R"({"protocolVersion":"2024-11-05","capabilities":{"tools":7}})",
        R"({"protocolVersion":"2024-11-05","capabilities":{"tools":{"listChanged":"yes"}}})"}) {
    ASSERT_TRUE(read_initialize_result(odd, facts, diagnostics)) << odd;
    EXPECT_FALSE(facts.tools.list_changes);
  }
}

TEST(ClientRole, AServerThatCantBeSpokenToIsRefusedInWords) {
  ServerFacts facts;
  for (const char* body : {"", "7", "[]", "{", "null"}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(read_initialize_result(body, facts, diagnostics)) << body;
    EXPECT_THAT(diagnostics.message, HasSubstr("initialize"));
  }
  Diagnostics diagnostics;
  EXPECT_FALSE(read_initialize_result(R"({"protocolVersion":"1999-01-01"})", facts, diagnostics));
  EXPECT_THAT(diagnostics.message, HasSubstr("'1999-01-01'"));
  EXPECT_FALSE(read_initialize_result("{}", facts, diagnostics));
}

TEST(ClientRole, ACallIsWrappedAroundItsArguments) {
  const CallFrame frame = call_tool_params("a \"tool\"");
  EXPECT_EQ(frame.prefix + "{}" + std::string(frame.suffix),
            R"({"name":"a \"tool\"","arguments":{}})");
}

TEST(ClientRole, AnEmptyCursorIsACursor) {
  EXPECT_EQ(list_params({}), "");
  EXPECT_EQ(list_params(""), R"({"cursor":""})");
  EXPECT_EQ(list_params("a\"b"), R"({"cursor":"a\"b"})");
  EXPECT_EQ(next_cursor(R"({"tools":[],"nextCursor":""})"), "");
  EXPECT_EQ(next_cursor(R"({"nextCursor":"a\"b","tools":[]})"), "a\"b");
  for (const char* page : {"{}", R"({"tools":[]})", R"({"nextCursor":null})", R"({"nextCursor":7})",
                           "[]", "7", "", "{"})
    EXPECT_EQ(next_cursor(page), std::nullopt) << page;
}

TEST(ClientRole, EveryRequestOfAServerHasAnAnswer) {
  EXPECT_EQ(answer_server_request(identity(), {}, "ping", "")->result, "{}");
  for (const char* method : {"roots/list", "sampling/createMessage", "elicitation/create", "x"}) {
    const QuestionReply reply = *answer_server_request(identity(), {}, method, "{}");
    EXPECT_EQ(reply.result, "");
    EXPECT_EQ(reply.code, method_not_found);
    EXPECT_THAT(reply.message, HasSubstr(method));
  }
  ClientIdentity rooted = identity();
  rooted.roots = {{"file:///a", "A"}, {"file:///b", ""}};
  EXPECT_EQ(answer_server_request(rooted, {}, "roots/list", "")->result,
            R"({"roots":[{"uri":"file:///a","name":"A"},{"uri":"file:///b"}]})");
}

TEST(ClientRole, ReadsAServersLog) {
  ServerLog log = read_log_message(R"({"level":"error","logger":"x","data":"text"})");
  EXPECT_EQ(log.level, "error");
  EXPECT_EQ(log.text, "text");
  EXPECT_EQ(log.logger, "x");
  EXPECT_EQ(log.data, R"("text")");
  log = read_log_message(R"({"level":"info","data":{"a": [1, 2]}})");
  EXPECT_EQ(log.data, R"({"a":[1,2]})");
  EXPECT_EQ(log.text, R"({"a":[1,2]})");
  for (const char* odd : {"", "7", "{}", "[1]", "{\"level\":7}", "{"}) {
    log = read_log_message(odd);
    EXPECT_EQ(log.level, "") << odd;
    EXPECT_EQ(log.text, "") << odd;
  }
}

TEST(Protocol, TheVersionAskedForIsSpokenWhereItIsKnown) {
  for (const std::string_view version : legacy_versions) {
    EXPECT_EQ(negotiate_version(version), version);
    EXPECT_TRUE(is_legacy_version(version));
  }
  EXPECT_EQ(negotiate_version("2026-07-28"), "2025-11-25");
  EXPECT_EQ(negotiate_version(""), "2025-11-25");
  EXPECT_FALSE(is_legacy_version("2026-07-28"));
  EXPECT_FALSE(is_legacy_version(""));
}

}  // namespace
}  // namespace headrace::engine::mcp
