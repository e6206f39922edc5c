// Who hears of changes: `subscriptions/listen`, and what legacy clients have said.
#include <gmock/gmock.h>

#include "role_harness.hpp"

namespace headrace::engine::mcp {
namespace {

using test::Json;
using test::RoleHarness;
using testing::IsEmpty;

const std::string id_key = "io.modelcontextprotocol/subscriptionId";

RoleHarness::Change announcing(Announcements announced) {
  return [announced](ServerOptions& options) { options.announced = announced; };
}

struct Listening : testing::Test {
  Listening() : client(announcing({true, true, true, true})) {}

  std::vector<Json> listen(const char* filter, const Json& id) {
    return client.ask_modern("subscriptions/listen", {{"notifications", Json::parse(filter)}}, id);
  }

  RoleHarness client;
};

Json told(const std::string& method, const Json& id, const Json& more = Json::object()) {
  Json params = more;
  params["_meta"] = {{id_key, id}};
  return {{"jsonrpc", "2.0"}, {"method", method}, {"params", params}};
}

TEST_F(Listening, IsAcknowledgedFirst) {
  EXPECT_EQ(
      client.only(listen(
          R"({"toolsListChanged":true,"promptsListChanged":false,"resourceSubscriptions":["u"]})",
          "an id")),
      told("notifications/subscriptions/acknowledged", "an id",
           {{"notifications",
             Json::parse(R"({"toolsListChanged":true,"resourceSubscriptions":["u"]})")}}));
  // An open subscription keeps nobody from ending.
  EXPECT_EQ(client.role->calls_under_way(), 0U);
}

TEST_F(Listening, IsAcknowledgedAlsoWhereTheClientReadsSlowly) {
  client.full = true;
  EXPECT_EQ(listen(R"({"toolsListChanged":true})", 1).size(), 1U);
  client.role->tools_changed();
  EXPECT_EQ(client.written().size(), 1U);
}

TEST_F(Listening, HearsOfWhatItNamedAndOfNothingElse) {
  listen(R"({"toolsListChanged":true})", 1);
  listen(R"({"promptsListChanged":true,"resourcesListChanged":true})", 2);
  listen(R"({"resourceSubscriptions":["a","b"]})", 3);
  listen("{}", 4);
  client.role->tools_changed();
  EXPECT_EQ(client.only(client.written()), told("notifications/tools/list_changed", 1));
  client.role->prompts_changed();
  EXPECT_EQ(client.only(client.written()), told("notifications/prompts/list_changed", 2));
  client.role->resources_changed();
  EXPECT_EQ(client.only(client.written()), told("notifications/resources/list_changed", 2));
  client.role->resource_updated("b");
  EXPECT_EQ(client.only(client.written()),
            told("notifications/resources/updated", 3, {{"uri", "b"}}));
  client.role->resource_updated("c");
  EXPECT_THAT(client.written(), IsEmpty());
}

TEST_F(Listening, SeveralMayHearOfTheSame) {
  listen(R"({"toolsListChanged":true})", 1);
  listen(R"({"toolsListChanged":true})", "1");
  client.role->set_tools({});
  EXPECT_EQ(client.written().size(), 2U);
}

TEST_F(Listening, EndsWhenTheClientSaysSoWithoutAnAnswer) {
  listen(R"({"toolsListChanged":true})", "x");
  listen(R"({"toolsListChanged":true})", 2);
  client.notify("notifications/cancelled", {{"requestId", "x"}});
  client.role->tools_changed();
  EXPECT_EQ(client.only(client.written()), told("notifications/tools/list_changed", 2));
  // The id is free again.
  EXPECT_EQ(listen("{}", "x").size(), 1U);
}

TEST_F(Listening, EndsInOrderWithTheServer) {
  listen(R"({"toolsListChanged":true})", 7);
  client.ask_modern("tools/call", {{"name", "keep"}}, 8);
  client.role->close();
  EXPECT_EQ(client.only(client.written()),
            Json({{"jsonrpc", "2.0"},
                  {"id", 7},
                  {"result",
                   {{"resultType", "complete"},
                    {"_meta",
                     {{id_key, 7}, {"io.modelcontextprotocol/serverInfo", test::server_info}}}}}}));
  client.role->tools_changed();
  EXPECT_THAT(client.written(), IsEmpty());
}

TEST_F(Listening, NeedsAFilter) {
  for (const char* params : {"{}", R"({"notifications":7})", R"({"notifications":null})",
                             R"({"notifications":{"resourceSubscriptions":[7]}})"}) {
    EXPECT_EQ(client.code(client.ask_modern("subscriptions/listen", Json::parse(params))), -32602)
        << params;
  }
  EXPECT_EQ(listen(R"({"toolsListChanged":"yes","resourceSubscriptions":"u"})",
                   1)[0]["params"]["notifications"],
            Json::object());
}

TEST_F(Listening, HasALimit) {
  for (int id = 0; id < 100; ++id)
    EXPECT_EQ(listen("{}", id).size(), 1U);
  EXPECT_EQ(client.code(listen("{}", 100)), -32600);
  client.notify("notifications/cancelled", {{"requestId", 50}});
  EXPECT_EQ(client.only(listen("{}", 100))["method"], "notifications/subscriptions/acknowledged");
}

TEST(ListeningTo, WhatIsNotAnnouncedIsLeftOut) {
  RoleHarness client(announcing({true, false, false, false}));
  const Json filter = Json::parse(R"({"notifications":{"toolsListChanged":true,
    "promptsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["u"]}})");
  const Json acknowledged = client.only(client.ask_modern("subscriptions/listen", filter));
  EXPECT_EQ(acknowledged["params"]["notifications"], Json({{"toolsListChanged", true}}));
  client.role->prompts_changed();
  client.role->resource_updated("u");
  EXPECT_THAT(client.written(), IsEmpty());
}

TEST(ListeningTo, NothingIsRefusedWhereThereIsNothing) {
  RoleHarness client;
  EXPECT_EQ(
      client.code(client.ask_modern("subscriptions/listen", {{"notifications", Json::object()}})),
      -32601);
  EXPECT_EQ(client.code(client.ask("resources/subscribe", {{"uri", "u"}})), -32601);
  EXPECT_EQ(client.code(client.ask("resources/unsubscribe", {{"uri", "u"}})), -32601);
}

// --- the legacy era ---

TEST_F(Listening, ALegacyClientHearsOfListsOnceItIsSetUp) {
  client.role->tools_changed();
  client.ask("initialize", {{"protocolVersion", "2025-11-25"}});
  client.role->tools_changed();
  EXPECT_THAT(client.written(), IsEmpty());
  client.notify("notifications/initialized");
  client.role->tools_changed();
  client.role->prompts_changed();
  client.role->resources_changed();
  const std::vector<Json> heard = client.written();
  ASSERT_EQ(heard.size(), 3U);
  EXPECT_EQ(heard[0], Json({{"jsonrpc", "2.0"}, {"method", "notifications/tools/list_changed"}}));
  EXPECT_EQ(heard[1]["method"], "notifications/prompts/list_changed");
  EXPECT_EQ(heard[2]["method"], "notifications/resources/list_changed");
}

TEST_F(Listening, ALegacyClientSubscribesToResourcesOneByOne) {
  client.greet();
  EXPECT_EQ(client.result(client.ask("resources/subscribe", {{"uri", "a"}})), Json::object());
  EXPECT_EQ(client.result(client.ask("resources/subscribe", {{"uri", "a"}})), Json::object());
  client.role->resource_updated("a");
  client.role->resource_updated("b");
  EXPECT_EQ(client.only(client.written())["params"], Json({{"uri", "a"}}));
  EXPECT_EQ(client.result(client.ask("resources/unsubscribe", {{"uri", "a"}})), Json::object());
  EXPECT_EQ(client.result(client.ask("resources/unsubscribe", {{"uri", "none"}})), Json::object());
  client.role->resource_updated("a");
  EXPECT_THAT(client.written(), IsEmpty());
  EXPECT_EQ(client.code(client.ask("resources/subscribe", {{"uri", 7}})), -32602);
}

TEST_F(Listening, BothErasHearOfAChange) {
  client.greet();
  listen(R"({"toolsListChanged":true})", 1);
  client.role->tools_changed();
  const std::vector<Json> heard = client.written();
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_FALSE(heard[0].contains("params"));
  EXPECT_EQ(heard[1], told("notifications/tools/list_changed", 1));
}

}  // namespace
}  // namespace headrace::engine::mcp
