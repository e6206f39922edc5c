// Tools that are somebody else's: listed page by page, called with raw slices, in both eras; and
// questions to a client outside of any request.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "role_harness.hpp"

namespace headrace::engine::mcp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace test;

std::string definition(std::size_t number) {
  return R"({"name":"t)" + std::to_string(number) + R"("})";
}

class Provider : public testing::Test {
 protected:
  RoleHarness::Change provided() {
    return [this](ServerOptions& options) {
      options.prompts.clear();
      options.tool_provider.list = [this](std::size_t first, std::size_t most,
                                          ToolProvider::Listed listed) {
        asked.emplace_back(first, most);
        if (later) {
          lists.push_back(std::move(listed));
          return;
        }
        ToolProvider::Page page;
        for (std::size_t i = first; i < std::min({count, first + most, first + fit}); ++i)
          page.definitions.push_back(definition(i));
        if (first + page.definitions.size() < count) page.next = first + page.definitions.size();
        page.settled = settled;
        listed(std::move(page));
      };
      options.tool_provider.call = [this](std::shared_ptr<Request> request) {
        calls.push_back(std::move(request));
      };
    };
  }

  // What the server gets to call with, and answers with: slices of frames that somebody owns.
  static Payload slice_of(const std::string& json) {
    framing::BlockRef block = framing::BlockRef::allocate(json.size());
    std::copy(json.begin(), json.end(), block.data());
    return {{}, {std::string_view(block.data(), json.size()), block}, {}};
  }

  std::size_t count = 2;
  std::size_t fit = SIZE_MAX;
  bool settled = true;
  bool later = false;
  std::vector<std::pair<std::size_t, std::size_t>> asked;
  std::vector<ToolProvider::Listed> lists;
  std::vector<std::shared_ptr<Request>> calls;
  RoleHarness client{provided()};
};

TEST_F(Provider, ItsToolsAreListedBehindTheOthers) {
  const Json listed = RoleHarness::result(client.ask("tools/list"));
  std::vector<std::string> names;
  for (const Json& tool : listed["tools"])
    names.push_back(tool["name"]);
  EXPECT_THAT(names, ElementsAre("keep", "other", "now", "t0", "t1"));
  EXPECT_FALSE(listed.contains("nextCursor") || listed.contains("ttlMs")) << listed;
}

TEST_F(Provider, EachPageBeginsWhereTheLastHasEnded) {
  count = 2500;
  Json params = Json::object();
  std::vector<std::size_t> sizes;
  for (;;) {
    const Json page = RoleHarness::result(client.ask("tools/list", params));
    sizes.push_back(page["tools"].size());
    if (!page.contains("nextCursor")) break;
    params["cursor"] = page["nextCursor"];
    // From the second on less fits into a message.
    fit = 900;
  }
  EXPECT_THAT(sizes, ElementsAre(1003U, 900U, 600U));
  EXPECT_THAT(asked,
              ElementsAre(std::pair(0U, 1000U), std::pair(1000U, 1000U), std::pair(1900U, 1000U)));
  EXPECT_EQ(RoleHarness::code(client.ask("tools/list", {{"cursor", "x"}})), invalid_params);
}

TEST_F(Provider, AModernClientKeepsWhatIsSettled) {
  Json listed = RoleHarness::result(client.ask_modern("tools/list"));
  EXPECT_EQ(listed["ttlMs"], 300000);
  EXPECT_EQ(listed["cacheScope"], "private");
  settled = false;
  listed = RoleHarness::result(client.ask_modern("tools/list"));
  EXPECT_EQ(listed["ttlMs"], 0);
}

TEST_F(Provider, AListMayComeLater) {
  later = true;
  EXPECT_THAT(client.ask("tools/list", Json::object(), 7), IsEmpty());
  EXPECT_THAT(client.ask("tools/list", Json::object(), 8), IsEmpty());
  EXPECT_EQ(client.role->calls_under_way(), 2U);
  client.notify("notifications/cancelled", {{"requestId", 8}});
  ToolProvider::Page page;
  page.definitions.push_back(definition(3));
  lists[0](page);
  lists[1](page);
  const Json answer = RoleHarness::only(client.written());
  EXPECT_EQ(answer["id"], 7);
  EXPECT_EQ(answer["result"]["tools"][3]["name"], "t3");
  EXPECT_THAT(client.ask("tools/list", Json::object(), 9), IsEmpty());
  lists.clear();
  EXPECT_EQ(RoleHarness::code(client.written()), internal_error);
}

TEST_F(Provider, ACallHasTheVeryBytesOfItsArguments) {
  client.peer.line(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t\u0030",)"
                   R"("arguments":{"b":1.50 , "a":"ä", "b":12345678901234567890123}}})");
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0]->name(), "t0");
  const RawJson arguments = calls[0]->raw_arguments();
  EXPECT_EQ(arguments.text, R"({"b":1.50 , "a":"ä", "b":12345678901234567890123})");
  EXPECT_TRUE(arguments.owner);
  EXPECT_EQ(calls[0]->arguments(), arguments.text);
  // Whoever wants a string of their own does not keep what it came in.
  EXPECT_FALSE(calls[0]->raw_arguments().owner);
  calls[0]->result(std::string_view(R"({"content":[ ],"x":1.0})"));
  EXPECT_THAT(client.peer.written(),
              ElementsAre(R"({"jsonrpc":"2.0","id":1,"result":{"content":[ ],"x":1.0}})"));
}

TEST_F(Provider, ACallWithoutArgumentsHasNone) {
  client.ask("tools/call", {{"name", "t0"}});
  client.ask("tools/call", {{"name", "t0"}, {"arguments", nullptr}}, 2);
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0]->raw_arguments().text, "{}");
  EXPECT_EQ(calls[1]->raw_arguments().text, "{}");
  EXPECT_EQ(RoleHarness::code(client.ask("tools/call", {{"name", "t0"}, {"arguments", 1}}, 3)),
            invalid_params);
}

TEST_F(Provider, AnErrorIsPassedOnAsItIs) {
  client.ask("tools/call", {{"name", "t0"}});
  calls[0]->raw_error(slice_of(R"({"code":-7,"message":"no","data":{"x":[1.0]},"more":true})"));
  EXPECT_THAT(
      client.peer.written(),
      ElementsAre(
          R"({"jsonrpc":"2.0","id":1,"error":{"code":-7,"message":"no","data":{"x":[1.0]},"more":true}})"));
}

TEST_F(Provider, AModernResultIsCompletedRoundTheSlice) {
  const std::string server = R"("io.modelcontextprotocol/serverInfo":)";
  const std::string ours =
      R"("_meta":{)" + server + R"({"name":"test","title":"A test","version":"1.2"}})";
  const std::pair<std::string, std::string> cases[] = {
      {"{}", R"({"resultType":"complete",)" + ours + "}"},
      {R"({ "content":[1.0]})", R"({"resultType":"complete",)" + ours + R"(,"content":[1.0]})"},
      {R"({"resultType":"complete","_meta":{)" + server + R"({"name":"far"}},"x":1.0})",
       R"({"resultType":"complete","_meta":{)" + server + R"({"name":"far"}},"x":1.0})"},
      {R"({"_meta":{"a":1.0},"x":2})",
       R"({"resultType":"complete","_meta":{)" + server +
           R"({"name":"test","title":"A test","version":"1.2"},"a":1.0},"x":2})"},
  };
  for (const auto& [result, expected] : cases) {
    client.ask_modern("tools/call", {{"name", "t0"}});
    calls.back()->result(slice_of(result));
    const std::vector<std::string> written = client.peer.written();
    EXPECT_THAT(written, ElementsAre(R"({"jsonrpc":"2.0","id":1,"result":)" + expected + "}"));
  }
}

TEST_F(Provider, AnErrorBetweenTwoRoundsIsKeptForTheNext) {
  client.ask_modern("tools/call", {{"name", "t0"}, {"arguments", {{"a", 1}}}});
  calls[0]->ask("k", "roots/list", "{}", [](const QuestionReply&) {});
  const Json round = RoleHarness::result(client.written());
  ASSERT_EQ(round["resultType"], "input_required") << round;
  calls[0]->raw_error(slice_of(R"({"code":-7,"message":"no"})"));
  EXPECT_THAT(client.written(), IsEmpty());
  const Json answer = RoleHarness::only(client.ask_modern(
      "tools/call",
      {{"name", "t0"}, {"arguments", {{"a", 1}}}, {"requestState", round["requestState"]}}));
  EXPECT_EQ(answer["error"], Json::parse(R"({"code":-7,"message":"no"})"));
}

TEST(NoTools, ThereAreNoneWithoutAProvider) {
  RoleHarness client([](ServerOptions& options) { options.tools.clear(); });
  EXPECT_EQ(RoleHarness::code(client.ask("tools/list")), method_not_found);
  EXPECT_EQ(RoleHarness::code(client.ask("tools/call", {{"name", "x"}})), invalid_params);
}

class RoleQuestion : public Provider {
 protected:
  std::uint64_t ask(std::string_view method, std::string_view params = "{}") {
    return client.role->ask(method, params, [this](const QuestionReply& reply) {
      replies.push_back(reply.result.empty() ? std::to_string(reply.code) : reply.result);
    });
  }
  std::vector<std::string> replies;
};

TEST_F(RoleQuestion, ALegacyClientIsAskedOutsideOfRequests) {
  client.greet();
  ask("roots/list");
  const Json request = RoleHarness::only(client.written());
  EXPECT_EQ(request["method"], "roots/list");
  client.send({{"jsonrpc", "2.0"}, {"id", request["id"]}, {"result", {{"roots", Json::array()}}}});
  EXPECT_THAT(replies, ElementsAre(R"({"roots":[]})"));
  ask("sampling/createMessage", R"({"messages":[],"maxTokens":1})");
  const Json sampling = RoleHarness::only(client.written());
  client.send({{"jsonrpc", "2.0"}, {"id", sampling["id"]}, {"result", {{"odd", 1}}}});
  EXPECT_THAT(replies, ElementsAre(R"({"roots":[]})", std::to_string(invalid_params)));
}

TEST_F(RoleQuestion, WhatNobodyWaitsForIsTakenBack) {
  client.greet();
  const std::uint64_t question = ask("roots/list");
  const Json request = RoleHarness::only(client.written());
  client.role->withdraw(question);
  client.role->withdraw(question);
  const Json told = RoleHarness::only(client.written());
  EXPECT_EQ(told["method"], "notifications/cancelled");
  EXPECT_EQ(told["params"]["requestId"], request["id"]);
  EXPECT_THAT(replies, IsEmpty());
}

TEST_F(RoleQuestion, WhoeverCanNotAnswerIsNotAsked) {
  ask("roots/list");
  EXPECT_THAT(replies, IsEmpty()) << "never from inside";
  client.run_later();
  client.greet(Json::object());
  ask("roots/list");
  const std::uint64_t withdrawn = ask("roots/list");
  client.role->withdraw(withdrawn);
  EXPECT_THAT(client.written(), IsEmpty());
  const std::string refused = std::to_string(method_not_found);
  EXPECT_THAT(replies, ElementsAre(refused, refused));
}

}  // namespace
}  // namespace headrace::engine::mcp
