// ServerRole with clients of the modern era, alone and mixed with the legacy one.
#include <gmock/gmock.h>

#include "role_harness.hpp"

namespace headrace::engine::mcp {
namespace {

using test::Json;
using test::RoleHarness;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Json with_meta(Json meta, Json params = Json::object()) {
  params["_meta"] = std::move(meta);
  return params;
}

struct Modern : testing::Test {
  RoleHarness client;
};

TEST_F(Modern, DiscoverTellsWhoWeAreAndWhatWeCanDo) {
  EXPECT_EQ(client.result(client.ask_modern("server/discover")), Json::parse(R"({
    "resultType": "complete", "ttlMs": 300000, "cacheScope": "public",
    "supportedVersions": ["2026-07-28"],
    "capabilities": {"logging": {}, "prompts": {}, "resources": {}, "tools": {}},
    "_meta": {"io.modelcontextprotocol/serverInfo":
      {"name": "test", "title": "A test", "version": "1.2"}}})"));
}

TEST_F(Modern, WhatChangesIsDeclaredInBothEras) {
  RoleHarness all([](ServerOptions& options) {
    options.announced = {true, true, true, true};
    options.instructions = "say \"please\"";
    options.complete = [](const CompletionQuery&) { return Completions{}; };
  });
  const Json capabilities = Json::parse(R"({"logging":{},"completions":{},
    "prompts":{"listChanged":true},"resources":{"listChanged":true,"subscribe":true},
    "tools":{"listChanged":true}})");
  const Json modern = all.result(all.ask_modern("server/discover"));
  EXPECT_EQ(modern["capabilities"], capabilities);
  EXPECT_EQ(modern["instructions"], "say \"please\"");
  EXPECT_EQ(all.result(all.ask("initialize", {{"protocolVersion", "2025-11-25"}}))["capabilities"],
            capabilities);
}

TEST_F(Modern, EveryResultIsCompleted) {
  const std::vector<std::pair<std::string, Json>> requests{
      {"tools/list", Json::object()},
      {"prompts/list", Json::object()},
      {"resources/list", Json::object()},
      {"resources/templates/list", Json::object()},
      {"resources/read", {{"uri", "res://one"}}},
      {"tools/call", {{"name", "now"}}}};
  for (const auto& [method, params] : requests) {
    const Json result = client.result(client.ask_modern(method, params));
    EXPECT_EQ(result["resultType"], "complete") << method;
    EXPECT_EQ(result["_meta"]["io.modelcontextprotocol/serverInfo"], test::server_info) << method;
    const bool may_be_kept = method != "tools/call";
    EXPECT_EQ(result.contains("ttlMs"), may_be_kept) << method;
    if (may_be_kept) {
      EXPECT_EQ(result["ttlMs"], 300000) << method;
      EXPECT_EQ(result["cacheScope"], method == "resources/read" ? "private" : "public") << method;
    }
    EXPECT_FALSE(client.result(client.ask(method, params)).contains("resultType")) << method;
  }
}

TEST_F(Modern, WhatAResultSaysItselfIsLeftAlone) {
  // Raw, so that its spaces stay.
  const std::vector<std::pair<const char*, const char*>> results{
      {"{}", R"({"resultType":"complete"})"},
      {" {\t} ", R"({"resultType":"complete"})"},
      {R"({ "content" : [ ] })", R"({"resultType":"complete","content":[]})"},
      {R"({"_meta":{}})", R"({"resultType":"complete","_meta":{}})"},
      {R"({"_meta" : { } , "x":1})", R"({"resultType":"complete","_meta":{},"x":1})"},
      {R"({"x":1,"_meta":{ "a" : {"b":[]} }})",
       R"({"resultType":"complete","x":1,"_meta":{"a":{"b":[]}}})"},
      {R"({"resultType":"special"})", R"({"resultType":"special"})"}};
  for (const auto& [given, wanted] : results) {
    client.ask_modern("tools/call", {{"name", "keep"}});
    client.kept.back()->result(std::string_view(given));
    client.kept.clear();
    Json expected = Json::parse(wanted);
    expected["_meta"]["io.modelcontextprotocol/serverInfo"] = test::server_info;
    EXPECT_EQ(client.result(client.written()), expected) << given;
  }
  client.ask_modern("tools/call", {{"name", "keep"}});
  const Json own = Json::parse(
      R"({"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"me"}}})");
  client.kept.back()->result(std::string_view(own.dump()));
  EXPECT_EQ(client.result(client.written()), own);
}

TEST_F(Modern, ResultsInPiecesAreCompletedToo) {
  client.ask_modern("tools/call", {{"name", "keep"}});
  client.kept.back()->result(Payload(R"({"content":)", RawJson{"[1]", {}}, ",\"x\":2}"));
  const Json result = client.result(client.written());
  EXPECT_EQ(result["content"], Json::array({1}));
  EXPECT_EQ(result["x"], 2);
  EXPECT_EQ(result["resultType"], "complete");
}

TEST_F(Modern, ARequestHasToBeComplete) {
  Json meta = test::modern_meta();
  meta.erase("io.modelcontextprotocol/clientCapabilities");
  EXPECT_EQ(client.code(client.ask("tools/list", with_meta(meta))), -32602);
  meta = test::modern_meta();
  meta.erase("io.modelcontextprotocol/protocolVersion");
  EXPECT_EQ(client.code(client.ask("tools/list", with_meta(meta))), -32602);
  // What only the modern era has can't be meant otherwise.
  for (const char* method : {"server/discover", "subscriptions/listen"}) {
    EXPECT_EQ(client.code(client.ask(method)), -32602) << method;
    EXPECT_EQ(client.code(client.ask(method, with_meta(Json::object()))), -32602) << method;
    EXPECT_EQ(client.code(client.ask(method, with_meta(7))), -32602) << method;
  }
}

TEST_F(Modern, AVersionThatWeDoNotSpeakIsAnsweredWithThoseThatWeDo) {
  Json meta = test::modern_meta();
  meta["io.modelcontextprotocol/protocolVersion"] = "2027-01-01";
  for (const char* method : {"server/discover", "tools/call", "nothing"}) {
    const Json answer = client.only(client.ask(method, with_meta(meta), "an id"));
    EXPECT_EQ(answer["id"], "an id");
    EXPECT_EQ(answer["error"]["code"], -32022);
    EXPECT_EQ(answer["error"]["data"],
              Json::parse(R"({"supported":["2026-07-28"],"requested":"2027-01-01"})"));
  }
}

TEST_F(Modern, MethodsOfTheOtherEraAreNotThere) {
  for (const char* method :
       {"initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"}) {
    const Json params{{"protocolVersion", "2025-11-25"}, {"level", "info"}, {"uri", "u"}};
    EXPECT_EQ(client.code(client.ask_modern(method, params)), -32601) << method;
  }
  EXPECT_EQ(client.code(client.ask_modern("nothing")), -32601);
}

TEST_F(Modern, AnUnreadableMetaIsNoLegacyRequest) {
  client.peer.line(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{},"_meta":{}}})");
  EXPECT_EQ(client.code(client.written()), -32602);
}

TEST_F(Modern, AToolCallMayBeTheFirstMessage) {
  int started = 0;
  client.role->on_initialized = [&started] { ++started; };
  client.ask_modern("server/discover");
  EXPECT_EQ(started, 0);
  EXPECT_EQ(client.result(client.ask_modern("tools/call", {{"name", "now"}}))["resultType"],
            "complete");
  client.ask_modern("tools/list");
  client.notify("notifications/initialized");
  EXPECT_EQ(started, 1);
}

TEST_F(Modern, BothErasShareAConnection) {
  EXPECT_EQ(client.result(client.ask_modern("server/discover"))["resultType"], "complete");
  client.greet(Json::object());
  client.ask("tools/call", {{"name", "keep"}}, 1);
  client.ask_modern("tools/call", {{"name", "keep"}}, 2);
  client.ask("tools/call", {{"name", "keep"}}, 3);
  ASSERT_EQ(client.kept.size(), 3U);
  EXPECT_EQ(client.kept[0]->client().era, Era::legacy);
  EXPECT_EQ(client.kept[0]->client().protocol_version, "2025-11-25");
  EXPECT_EQ(client.kept[1]->client().era, Era::modern);
  EXPECT_TRUE(client.kept[1]->client().capabilities.roots);
  EXPECT_FALSE(client.kept[2]->client().capabilities.roots);
  for (const auto& request : client.kept)
    request->result(std::string_view("{}"));
  const std::vector<Json> answers = client.written();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0]["result"], Json::object());
  EXPECT_EQ(answers[1]["result"]["resultType"], "complete");
  EXPECT_EQ(answers[2]["result"], Json::object());
}

TEST_F(Modern, AnIdIsTakenWhateverItIsFor) {
  RoleHarness busy([](ServerOptions& options) { options.announced.tools = true; });
  busy.ask_modern("tools/call", {{"name", "keep"}}, 1);
  busy.ask_modern("subscriptions/listen", {{"notifications", Json::object()}}, 2);
  busy.ask_modern("prompts/get", {{"name", "keep"}}, 3);
  for (const int id : {1, 2, 3}) {
    EXPECT_EQ(busy.code(busy.ask("ping", Json::object(), id)), -32600);
    EXPECT_EQ(busy.code(busy.ask_modern("tools/list", Json::object(), id)), -32600);
    EXPECT_EQ(busy.code(busy.ask_modern("tools/call", {{"name", "now"}}, id)), -32600);
    EXPECT_EQ(busy.code(busy.ask_modern("subscriptions/listen", Json::object(), id)), -32600);
  }
  // A string is another id than the number it spells.
  EXPECT_EQ(busy.result(busy.ask("ping", Json::object(), "1")), Json::object());
  EXPECT_EQ(busy.role->calls_under_way(), 2U);
}

TEST_F(Modern, AnIdIsFreeOnceAllAreCancelled) {
  client.ask_modern("tools/call", {{"name", "keep"}});
  client.role->cancel_all();
  client.ask_modern("tools/call", {{"name", "keep"}});
  ASSERT_EQ(client.kept.size(), 2U);
  // Whoever worked on the first lets go only now.
  client.kept[0].reset();
  EXPECT_EQ(client.role->calls_under_way(), 1U);
  client.notify("notifications/cancelled", {{"requestId", 1}});
  EXPECT_TRUE(client.kept[1]->cancelled());
  client.kept.clear();
  EXPECT_THAT(client.written(), IsEmpty());
}

// --- progress and log messages ---

TEST_F(Modern, ProgressGoesWithTheRequest) {
  client.ask_modern("tools/call", with_meta({{"progressToken", "t"}}, {{"name", "keep"}}));
  client.kept[0]->progress(1, 2, "half");
  const Json told = client.only(client.written());
  EXPECT_EQ(told["params"],
            Json::parse(R"({"progressToken":"t","progress":1,"total":2,"message":"half"})"));
  client.notify("notifications/cancelled", {{"requestId", 1}});
  client.kept[0]->progress("late");
  client.kept[0]->result(std::string_view("{}"));
  EXPECT_THAT(client.written(), IsEmpty());
}

TEST_F(Modern, LogMessagesAreForRequestsThatAskForThem) {
  const Json level{{"io.modelcontextprotocol/logLevel", "notice"}};
  client.ask_modern("tools/call", {{"name", "keep"}}, 1);
  client.kept[0]->log(LogLevel::emergency, "l", "1");
  client.role->log(LogLevel::emergency, "l", "text");
  EXPECT_THAT(client.written(), IsEmpty());
  client.ask_modern("tools/call", with_meta(level, {{"name", "keep"}}), 2);
  client.kept[1]->log(LogLevel::info, "l", "1");
  client.kept[0]->log(LogLevel::emergency, "l", "1");
  EXPECT_THAT(client.written(), IsEmpty());
  client.kept[1]->log(LogLevel::notice, "l", R"({"a":[1]})");
  client.kept[1]->log(LogLevel::error, "", "2");
  std::vector<Json> told = client.written();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0]["method"], "notifications/message");
  EXPECT_EQ(told[0]["params"], Json::parse(R"({"level":"notice","logger":"l","data":{"a":[1]}})"));
  EXPECT_EQ(told[1]["params"], Json::parse(R"({"level":"error","data":2})"));
  // What concerns no request goes to one that wants such messages, once.
  client.role->log(LogLevel::error, "role", "text");
  EXPECT_EQ(client.only(client.written())["params"]["data"], "text");
  client.kept[1]->result(std::string_view("{}"));
  client.kept[1]->log(LogLevel::error, "l", "1");
  client.role->log(LogLevel::error, "role", "text");
  EXPECT_EQ(client.written().size(), 1U);
}

TEST_F(Modern, ALegacyClientSetsOneLevelForAll) {
  client.greet();
  client.ask("tools/call", {{"name", "keep"}}, 1);
  client.kept[0]->log(LogLevel::info, "l", "1");
  EXPECT_THAT(client.written(), IsEmpty());
  client.ask("logging/setLevel", {{"level", "info"}}, 2);
  client.kept[0]->log(LogLevel::info, "l", "1");
  EXPECT_EQ(client.only(client.written())["params"]["level"], "info");
}

TEST_F(Modern, WhoeverNeedsMoreThanTheClientDeclaredSaysSo) {
  client.ask_modern("tools/call", {{"name", "keep"}}, 1, Json::object());
  client.kept[0]->refuse_for(R"({"sampling":{}})");
  const Json answer = client.only(client.written());
  EXPECT_EQ(answer["error"]["code"], -32021);
  EXPECT_EQ(answer["error"]["data"], Json::parse(R"({"requiredCapabilities":{"sampling":{}}})"));
  client.ask("tools/call", {{"name", "keep"}}, 2);
  client.kept[1]->refuse_for(R"({"sampling":{}})");
  EXPECT_EQ(client.code(client.written()), -32600);
}

// --- prompts, completion, pages ---

TEST_F(Modern, APromptIsMadeWithItsArguments) {
  for (const bool modern : {false, true}) {
    const Json params{{"name", "keep"}, {"arguments", {{"a", "1"}}}};
    modern ? client.ask_modern("prompts/get", params) : client.ask("prompts/get", params);
    ASSERT_EQ(client.kept.size(), 1U);
    EXPECT_EQ(client.kept[0]->method(), "prompts/get");
    EXPECT_EQ(client.kept[0]->name(), "keep");
    EXPECT_EQ(client.kept[0]->arguments(), R"({"a":"1"})");
    client.kept[0]->result(std::string_view(R"({"messages":[]})"));
    client.kept.clear();
    const Json result = client.result(client.written());
    EXPECT_EQ(result["messages"], Json::array());
    EXPECT_EQ(result.contains("resultType"), modern);
  }
  EXPECT_EQ(client.code(client.ask("prompts/get", {{"name", "none"}})), -32602);
  EXPECT_EQ(client.code(client.ask("prompts/get", {{"name", "keep"}, {"arguments", 7}})), -32602);
  EXPECT_EQ(client.code(client.ask("prompts/get")), -32602);
}

TEST(Completion, AsksForWhatIsBeingTyped) {
  std::vector<CompletionQuery> queries;
  Completions found;
  RoleHarness client([&](ServerOptions& options) {
    options.complete = [&](const CompletionQuery& query) {
      queries.push_back(query);
      return found;
    };
  });
  found.values = {"python", "pytorch"};
  const Json params = Json::parse(R"({"ref":{"type":"ref/prompt","name":"keep"},
    "argument":{"name":"language","value":"py"},"context":{"arguments":{"a":"b","c":7}}})");
  const Json expected = Json::parse(R"({"values":["python","pytorch"],"total":2,"hasMore":false})");
  EXPECT_EQ(client.result(client.ask("completion/complete", params)),
            Json({{"completion", expected}}));
  EXPECT_EQ(client.result(client.ask_modern("completion/complete", params))["completion"],
            expected);
  ASSERT_EQ(queries.size(), 2U);
  EXPECT_TRUE(queries[0].is_prompt);
  EXPECT_EQ(queries[0].ref, "keep");
  EXPECT_EQ(queries[0].argument, "language");
  EXPECT_EQ(queries[0].value, "py");
  EXPECT_THAT(queries[0].context, ElementsAre(std::pair<const std::string, std::string>("a", "b")));
  // Of many, a hundred.
  found.values.assign(150, "x");
  Json completion = client.result(client.ask("completion/complete", params))["completion"];
  EXPECT_EQ(completion["values"].size(), 100U);
  EXPECT_EQ(completion["total"], 150);
  EXPECT_EQ(completion["hasMore"], true);
  found = {{"x"}, std::nullopt, true};
  completion = client.result(client.ask("completion/complete", params))["completion"];
  EXPECT_EQ(completion, Json::parse(R"({"values":["x"],"hasMore":true})"));
}

TEST(Completion, NeedsToKnowOfWhat) {
  RoleHarness client([](ServerOptions& options) {
    options.complete = [](const CompletionQuery&) { return Completions{}; };
  });
  for (const char* params :
       {"{}", R"({"ref":{"type":"ref/prompt","name":"keep"}})",
        R"({"ref":{"type":"ref/prompt","uri":"u"},"argument":{"name":"a","value":""}})",
        R"({"ref":{"type":"ref/other","uri":"u"},"argument":{"name":"a","value":""}})",
        R"({"ref":{"type":"ref/resource","uri":"u"},"argument":{"name":"a","value":7}})",
        R"({"ref":7,"argument":[]})"}) {
    EXPECT_EQ(client.code(client.ask("completion/complete", Json::parse(params))), -32602)
        << params;
  }
  RoleHarness without;
  EXPECT_EQ(without.code(without.ask("completion/complete")), -32601);
}

TEST(Pages, AreOfPromptsAndTemplatesToo) {
  RoleHarness client([](ServerOptions& options) {
    options.prompts.assign(201, options.prompts[0]);
    options.tools.assign(201, options.tools[0]);
    options.provider.templates.assign(201, R"({"uriTemplate":"x"})");
  });
  const std::vector<std::pair<std::string, std::string>> lists{
      {"prompts/list", "prompts"},
      {"tools/list", "tools"},
      {"resources/templates/list", "resourceTemplates"}};
  for (const auto& [method, key] : lists) {
    const Json first = client.result(client.ask_modern(method));
    EXPECT_EQ(first[key].size(), 200U);
    const Json rest = client.result(client.ask_modern(method, {{"cursor", first["nextCursor"]}}));
    EXPECT_EQ(rest[key].size(), 1U);
    EXPECT_FALSE(rest.contains("nextCursor"));
    EXPECT_EQ(rest["cacheScope"], first["cacheScope"]);
    EXPECT_EQ(client.code(client.ask_modern(method, {{"cursor", "7"}})), -32602);
  }
}

TEST(Provided, IsNeverKeptByOthers) {
  ResourceProvider::Listed listed;
  ResourceProvider::Read read;
  RoleHarness client([&](ServerOptions& options) {
    options.provider.list = [&](ResourceProvider::Listed then) { listed = std::move(then); };
    options.provider.read = [&](const std::string&, ResourceProvider::Read then) {
      read = std::move(then);
    };
  });
  client.ask_modern("resources/list");
  listed({R"({"uri":"more://"})"});
  Json result = client.result(client.written());
  EXPECT_EQ(result["resources"].size(), 2U);
  EXPECT_EQ(result["ttlMs"], 0);
  EXPECT_EQ(result["cacheScope"], "private");
  client.ask_modern("resources/read", {{"uri", "more://"}});
  ResourceContent content;
  content.content = "text";
  read(content);
  result = client.result(client.written());
  EXPECT_EQ(result["contents"][0]["text"], "text");
  EXPECT_EQ(result["ttlMs"], 0);
  EXPECT_EQ(result["cacheScope"], "private");
  client.ask_modern("resources/read", {{"uri", "none://"}});
  read(std::nullopt);
  EXPECT_EQ(client.code(client.written()), -32602);
}

}  // namespace
}  // namespace headrace::engine::mcp
