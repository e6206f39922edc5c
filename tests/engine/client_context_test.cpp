// What clients say about themselves, read from whatever they send.
#include <headrace/engine/mcp/client_context.hpp>
#include <headrace/engine/mcp/question.hpp>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace headrace::engine::mcp {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

Json complete_meta() {
  return Json::parse(R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28",
                         "io.modelcontextprotocol/clientCapabilities":{"roots":{}},
                         "io.modelcontextprotocol/clientInfo":
                           {"name":"n","version":"v","title":"t"},
                         "io.modelcontextprotocol/logLevel":"notice",
                         "progressToken":1})");
}

TEST(Capabilities, AreReadKindByKind) {
  const ClientCapabilities none = read_capabilities("{}");
  EXPECT_FALSE(none.elicitation_form || none.elicitation_url || none.sampling ||
               none.sampling_tools || none.roots);
  const ClientCapabilities all = read_capabilities(
      R"({"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{}})");
  EXPECT_TRUE(all.elicitation_form && all.elicitation_url && all.sampling && all.sampling_tools &&
              all.roots);
  EXPECT_EQ(Json::parse(all.raw)["sampling"], Json::parse(R"({"tools":{}})"));
}

TEST(Capabilities, AnEmptyElicitationMeansForms) {
  const ClientCapabilities old = read_capabilities(R"({"elicitation":{}})");
  EXPECT_TRUE(old.elicitation_form);
  EXPECT_FALSE(old.elicitation_url);
  const ClientCapabilities page = read_capabilities(R"({"elicitation":{"url":{}}})");
  EXPECT_FALSE(page.elicitation_form);
  EXPECT_TRUE(page.elicitation_url);
}

TEST(Capabilities, OfTheWrongTypeAreNone) {
  for (const char* json : {"", "7", "[]", "null", R"({"elicitation":true,"sampling":[],"roots":1})",
                           R"({"elicitation":null,"sampling":"x","roots":null})", "{"}) {
    const ClientCapabilities read = read_capabilities(json);
    EXPECT_FALSE(read.elicitation_form || read.elicitation_url || read.sampling || read.roots)
        << json;
  }
}

TEST(RequestMeta, IsModernWithAnyKeyOfThatEra) {
  ClientContext client;
  MetaFault fault;
  ASSERT_TRUE(read_request_meta(complete_meta().dump(), client, fault));
  EXPECT_EQ(client.era, Era::modern);
  EXPECT_EQ(client.protocol_version, "2026-07-28");
  EXPECT_EQ(client.implementation.name, "n");
  EXPECT_EQ(client.implementation.version, "v");
  EXPECT_EQ(client.implementation.title, "t");
  EXPECT_TRUE(client.capabilities.roots);
  EXPECT_EQ(client.log_level, LogLevel::notice);
}

TEST(RequestMeta, IsLegacyWithoutThem) {
  for (const char* meta : {"", "{}", "7", "[]", "null", R"({"progressToken":1})",
                           R"({"protocolVersion":"2026-07-28"})"}) {
    ClientContext client;
    MetaFault fault;
    EXPECT_TRUE(read_request_meta(meta, client, fault)) << meta;
    EXPECT_EQ(client.era, Era::legacy) << meta;
  }
}

TEST(RequestMeta, LacksNothingThatIsRequired) {
  for (const char* key : {"protocolVersion", "clientCapabilities"}) {
    for (const Json& instead : {Json(), Json(7), Json::array()}) {
      Json meta = complete_meta();
      const std::string whole = "io.modelcontextprotocol/" + std::string(key);
      meta.erase(whole);
      if (!instead.is_null()) meta[whole] = instead;
      ClientContext client;
      MetaFault fault;
      EXPECT_FALSE(read_request_meta(meta.dump(), client, fault)) << meta;
      EXPECT_EQ(fault.code, -32602);
      EXPECT_THAT(fault.message, HasSubstr(key));
    }
  }
}

TEST(RequestMeta, NamesAVersionThatWeSpeak) {
  for (const char* version : {"1900-01-01", "2025-11-25", "", "2026-07-28 ", "x\"y"}) {
    Json meta = complete_meta();
    meta["io.modelcontextprotocol/protocolVersion"] = version;
    // What else it lacks may be right in that version.
    meta.erase("io.modelcontextprotocol/clientCapabilities");
    ClientContext client;
    MetaFault fault;
    EXPECT_FALSE(read_request_meta(meta.dump(), client, fault));
    EXPECT_EQ(fault.code, -32022);
    const Json data = Json::parse(fault.data);
    EXPECT_EQ(data["requested"], version);
    EXPECT_EQ(data["supported"], Json::array({"2026-07-28"}));
  }
}

TEST(RequestMeta, NamesALevelThatThereIs) {
  for (const Json& level : {Json("loud"), Json(7), Json(), Json("")}) {
    Json meta = complete_meta();
    meta["io.modelcontextprotocol/logLevel"] = level;
    ClientContext client;
    MetaFault fault;
    EXPECT_FALSE(read_request_meta(meta.dump(), client, fault)) << meta;
    EXPECT_EQ(fault.code, -32602);
    EXPECT_THAT(fault.message, HasSubstr("logLevel"));
  }
}

TEST(RequestMeta, OdderIdentitiesAreNotRefused) {
  for (const Json& info : {Json(7), Json::object(), Json::parse(R"({"name":7})")}) {
    Json meta = complete_meta();
    meta["io.modelcontextprotocol/clientInfo"] = info;
    ClientContext client;
    MetaFault fault;
    EXPECT_TRUE(read_request_meta(meta.dump(), client, fault));
    EXPECT_EQ(client.implementation.name, "");
  }
}

TEST(Initialize, IsReadAsFarAsItGoes) {
  ClientContext client;
  EXPECT_TRUE(read_initialize(R"({"protocolVersion":"2025-06-18","capabilities":{"sampling":{}},
                                  "clientInfo":{"name":"n","version":"v"}})",
                              client));
  EXPECT_EQ(client.era, Era::legacy);
  EXPECT_EQ(client.protocol_version, "2025-06-18");
  EXPECT_EQ(client.implementation.name, "n");
  EXPECT_TRUE(client.capabilities.sampling);
  EXPECT_TRUE(
      read_initialize(R"({"protocolVersion":"x","capabilities":7,"clientInfo":[]})", client));
  EXPECT_FALSE(client.capabilities.sampling);
  EXPECT_FALSE(read_initialize(R"({"protocolVersion":7})", client));
  EXPECT_FALSE(read_initialize("", client));
}

TEST(Question, NeedsWhatTheClientHasToDeclare) {
  const auto missing = [](const char* declared, const char* method, const char* params) {
    return missing_capability(read_capabilities(declared), method, params);
  };
  EXPECT_EQ(missing("{}", "roots/list", "{}"), R"({"roots":{}})");
  EXPECT_EQ(missing(R"({"roots":{}})", "roots/list", ""), "");
  EXPECT_EQ(missing("{}", "sampling/createMessage", "{}"), R"({"sampling":{}})");
  EXPECT_EQ(missing(R"({"sampling":{}})", "sampling/createMessage", R"({"tools":[]})"),
            R"({"sampling":{"tools":{}}})");
  EXPECT_EQ(missing(R"({"sampling":{}})", "sampling/createMessage", "{}"), "");
  EXPECT_EQ(missing(R"({"elicitation":{}})", "elicitation/create", "{}"), "");
  EXPECT_EQ(missing(R"({"elicitation":{}})", "elicitation/create", R"({"mode":"url"})"),
            R"({"elicitation":{"url":{}}})");
  EXPECT_EQ(missing(R"({"elicitation":{"url":{}}})", "elicitation/create", R"({"mode":"form"})"),
            R"({"elicitation":{"form":{}}})");
  EXPECT_NE(missing(R"({"roots":{}})", "tools/call", "{}"), "");
}

TEST(Question, HasToHaveTheFormThatItsMethodWants) {
  const std::string form = R"({"message":"m","requestedSchema":{"type":"object"}})";
  const std::string page = R"({"mode":"url","message":"m","url":"https://a.example"})";
  const std::string sample =
      R"({"messages":[{"role":"user","content":{"type":"text","text":"t"}}],"maxTokens":9})";
  EXPECT_EQ(question_fault("elicitation/create", form), "");
  EXPECT_EQ(question_fault("elicitation/create", page), "");
  EXPECT_EQ(question_fault("sampling/createMessage", sample), "");
  EXPECT_EQ(question_fault("sampling/createMessage", R"({"messages":[],"maxTokens":1})"), "");
  EXPECT_EQ(question_fault("another/method", "[1]"), "");
  for (const char* bad :
       {"", "[1]", "7", "{", "{}", R"({"message":5,"requestedSchema":{}})", R"({"message":"m"})",
        R"({"message":"m","requestedSchema":[]})", R"({"mode":"url","message":"m"})",
        R"({"mode":"url","message":"m","url":7})", R"({"mode":"url","url":"https://a.example"})",
        R"({"mode":"thought","message":"m","requestedSchema":{}})",
        R"({"mode":7,"message":"m","requestedSchema":{}})"}) {
    EXPECT_NE(question_fault("elicitation/create", bad), "") << bad;
  }
  for (const char* bad :
       {"", "[]", "{}", R"({"messages":[]})", R"({"messages":"m","maxTokens":1})",
        R"({"messages":[],"maxTokens":"1"})", R"({"messages":[],"maxTokens":1.5})",
        R"({"messages":[7],"maxTokens":1})", R"({"messages":[{"role":"user"}],"maxTokens":1})",
        R"({"messages":[{"content":{}}],"maxTokens":1})"}) {
    EXPECT_NE(question_fault("sampling/createMessage", bad), "") << bad;
  }
  const std::string endless =
      R"({"requestedSchema":{},"message":")" + std::string(longest_question, 'm') + "\"}";
  EXPECT_NE(question_fault("elicitation/create", endless), "");
}

TEST(Question, OfAPageIsGivenAnIdWhereItHasNone) {
  const std::string with = with_elicitation_id(R"({"mode":"url","message":"m","url":"u"} )");
  EXPECT_TRUE(with.starts_with(R"({"mode":"url","message":"m","url":"u","elicitationId":"page-)"));
  EXPECT_TRUE(with.ends_with("\"} "));
  for (const char* other : {"", "{}", "[]", R"({"message":"m","requestedSchema":{}})",
                            R"({"mode":"url","message":"m","url":"u","elicitationId":"e"})"}) {
    EXPECT_EQ(with_elicitation_id(other), other);
  }
}

TEST(Question, IsAnsweredInItsOwnForm) {
  EXPECT_TRUE(is_answer("elicitation/create", R"({"action":"decline"})"));
  EXPECT_TRUE(is_answer("elicitation/create", R"({"action":"accept","content":{}})"));
  EXPECT_FALSE(is_answer("elicitation/create", R"({"action":"accept","content":[]})"));
  EXPECT_FALSE(is_answer("elicitation/create", R"({"action":"perhaps"})"));
  EXPECT_TRUE(is_answer("sampling/createMessage",
                        R"({"role":"assistant","model":"m","content":{"type":"text"}})"));
  EXPECT_FALSE(is_answer("sampling/createMessage", R"({"role":"assistant","model":"m"})"));
  EXPECT_TRUE(is_answer("roots/list", R"({"roots":[]})"));
  for (const char* method :
       {"elicitation/create", "sampling/createMessage", "roots/list", "ping"}) {
    for (const char* result : {"", "{}", "[]", "7", "null", "{"})
      EXPECT_FALSE(is_answer(method, result)) << method << result;
  }
}

}  // namespace
}  // namespace headrace::engine::mcp
