// Questions to the client in the midst of a request: rounds in the modern era, requests of ours in
// the legacy one.
#include <gmock/gmock.h>

#include "role_harness.hpp"

namespace headrace::engine::mcp {
namespace {

using test::Json;
using test::RoleHarness;
using testing::HasSubstr;
using testing::IsEmpty;

const Json form_params = Json::parse(R"({"message":"m","requestedSchema":{"type":"object"}})");
const Json accepted = Json::parse(R"({"action":"accept","content":{"name":"n"}})");
const Json said = Json::parse(R"({"role":"assistant","model":"m","content":{"type":"text"}})");
const Json rooted = Json::parse(R"({"roots":[]})");

// What became of a question.
struct Reply {
  int count = 0;
  QuestionReply reply;
};

struct Asking : testing::Test {
  // Keeps the request while it waits, as a handler does.
  std::shared_ptr<Reply> ask(const std::shared_ptr<Request>& request, std::string_view key,
                             std::string_view method, const Json& params = form_params) {
    auto reply = std::make_shared<Reply>();
    number = request->ask(key, method, params.dump(), [reply, request](QuestionReply got) {
      ++reply->count;
      reply->reply = std::move(got);
    });
    EXPECT_EQ(reply->count, 0) << "called from inside";
    return reply;
  }
  std::shared_ptr<Reply> ask_form(std::string_view key = "form") {
    return ask(client.kept.back(), key, "elicitation/create");
  }

  static testing::AssertionResult is(const std::shared_ptr<Reply>& reply, const Json& result) {
    if (reply->count == 1 && !reply->reply.result.empty() &&
        Json::parse(reply->reply.result) == result) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << reply->count << " replies: " << reply->reply.result
                                       << reply->reply.code << " " << reply->reply.message;
  }

  RoleHarness client{
      [](ServerOptions& options) { options.question_limit = std::chrono::hours(1); }};
  std::uint64_t number = 0;  // of the last question
};

struct Rounds : Asking {
  std::vector<Json> call(Json more = Json::object(), const Json& id = 1,
                         const Json& capabilities = test::all_capabilities()) {
    more["name"] = more.value("name", "keep");
    return client.ask_modern("tools/call", std::move(more), id, capabilities);
  }
  /// The next round, with the answers to the last one.
  std::vector<Json> again(const Json& answers, const Json& id = 2,
                          const Json& capabilities = test::all_capabilities()) {
    return call({{"requestState", state}, {"inputResponses", answers}}, id, capabilities);
  }
  /// What the client is asked; the state is kept.
  Json asked(const std::vector<Json>& messages) {
    const Json result = client.result(messages);
    EXPECT_EQ(result["resultType"], "input_required");
    EXPECT_EQ(result["_meta"]["io.modelcontextprotocol/serverInfo"], test::server_info);
    EXPECT_FALSE(result.contains("ttlMs"));
    state = result.value("requestState", "");
    EXPECT_FALSE(state.empty());
    return result.value("inputRequests", Json());
  }
  void finish_with(const std::shared_ptr<Request>& request, const char* result = "{}") {
    request->result(std::string_view(result));
  }

  std::string state;
};

TEST_F(Rounds, OneQuestionTakesTheRequestUpWhereItWas) {
  EXPECT_THAT(call(), IsEmpty());
  const auto reply = ask_form();
  EXPECT_EQ(asked(client.written()),
            Json({{"form", {{"method", "elicitation/create"}, {"params", form_params}}}}));
  EXPECT_EQ(client.role->calls_under_way(), 0U);
  EXPECT_EQ(client.rearmed, 1);
  EXPECT_THAT(again({{"form", accepted}}), IsEmpty());
  EXPECT_TRUE(is(reply, accepted));
  EXPECT_EQ(client.role->calls_under_way(), 1U);
  EXPECT_EQ(client.kept.size(), 1U);
  finish_with(client.kept[0], R"({"content":[]})");
  const Json answer = client.only(client.written());
  EXPECT_EQ(answer["id"], 2);
  EXPECT_EQ(answer["result"]["resultType"], "complete");
  EXPECT_EQ(client.role->calls_under_way(), 0U);
  EXPECT_FALSE(client.role->next_deadline());
}

TEST_F(Rounds, QuestionsOfOneTurnGoOutInOneRound) {
  call();
  const auto form = ask_form();
  const auto sample = ask(client.kept[0], "", "sampling/createMessage", {{"messages", {}}});
  const auto roots = ask(client.kept[0], "", "roots/list", Json::object());
  const Json requests = asked(client.written());
  EXPECT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests["q2"]["method"], "sampling/createMessage");
  EXPECT_EQ(requests["q3"]["method"], "roots/list");
  again({{"form", accepted}, {"q2", said}, {"q3", rooted}, {"extra", 7}});
  EXPECT_TRUE(is(form, accepted));
  EXPECT_TRUE(is(sample, said));
  EXPECT_TRUE(is(roots, rooted));
}

TEST_F(Rounds, OneAfterTheOther) {
  call();
  for (int round = 0; round < 5; ++round) {
    const auto reply = ask_form("k" + std::to_string(round));
    const std::string before = state;
    asked(client.written());
    EXPECT_NE(state, before);
    EXPECT_THAT(again({{"k" + std::to_string(round), accepted}}, round + 2), IsEmpty());
    EXPECT_TRUE(is(reply, accepted));
  }
  finish_with(client.kept[0]);
  EXPECT_EQ(client.only(client.written())["id"], 6);
}

TEST_F(Rounds, WhatIsMissingOrMalformedIsAskedAgain) {
  call();
  const auto form = ask_form();
  const auto roots = ask(client.kept[0], "roots", "roots/list", Json::object());
  asked(client.written());
  for (const Json& bad : {Json::object(), Json({{"form", 7}}), Json({{"form", {{"action", "?"}}}}),
                          Json({{"form", rooted}, {"roots", accepted}}), Json({{"x", accepted}})}) {
    EXPECT_EQ(asked(again(bad)).size(), 2U) << bad;
  }
  const Json rest = asked(again({{"roots", rooted}}));
  EXPECT_TRUE(is(roots, rooted));
  EXPECT_EQ(rest.size(), 1U);
  EXPECT_TRUE(rest.contains("form"));
  EXPECT_EQ(form->count, 0);
  again({{"form", accepted}});
  EXPECT_TRUE(is(form, accepted));
}

TEST_F(Rounds, AnswersHaveToBeAnObject) {
  call();
  ask_form();
  asked(client.written());
  for (const Json& bad : {Json(7), Json(), Json::array(), Json("x")})
    EXPECT_EQ(client.code(again(bad)), -32602) << bad;
  // That has used nothing up.
  EXPECT_THAT(again({{"form", accepted}}), IsEmpty());
}

TEST_F(Rounds, ARepetitionWithoutStateIsAnotherRequestThatBringsAnswers) {
  call({{"inputResponses", {{"form", accepted}, {"bad", 7}}}});
  const auto form = ask_form();
  const auto bad = ask_form("bad");
  const Json requests = asked(client.written());
  EXPECT_TRUE(is(form, accepted));
  EXPECT_EQ(requests.size(), 1U);
  EXPECT_TRUE(requests.contains("bad"));
  EXPECT_EQ(bad->count, 0);
}

TEST_F(Rounds, AStateIsGoodOnce) {
  call();
  ask_form();
  asked(client.written());
  again({{"form", accepted}});
  EXPECT_EQ(client.code(again({{"form", accepted}}, 3)), -32602);
  finish_with(client.kept[0]);
  client.written();
  EXPECT_EQ(client.code(again({{"form", accepted}}, 4)), -32602);
  EXPECT_EQ(client.kept.size(), 1U);
}

TEST_F(Rounds, AStateCanNotBeMadeUp) {
  call();
  ask_form();
  asked(client.written());
  const std::string good = state;
  std::string changed = good;
  changed[10] = changed[10] == '0' ? '1' : '0';
  for (const Json& bad : {Json(""), Json("x"), Json(good + "x"), Json(good.substr(1)),
                          Json(changed), Json(7), Json(), Json::object()}) {
    EXPECT_EQ(client.code(call({{"requestState", bad}, {"inputResponses", {{"form", accepted}}}})),
              -32602)
        << bad;
  }
  state = good;
  EXPECT_THAT(again({{"form", accepted}}), IsEmpty());
}

TEST_F(Rounds, WhatIsThereTwiceIsRefused) {
  const std::string meta = test::modern_meta(test::all_capabilities()).dump();
  for (const char* twice :
       {R"("requestState":"x","requestState":"y")", R"("inputResponses":{},"inputResponses":{})",
        R"("arguments":{},"arguments":{"a":1})"}) {
    client.peer.line(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":)" + meta +
                     R"(,"name":"keep",)" + twice + "}}");
    EXPECT_EQ(client.code(client.written()), -32602) << twice;
  }
  EXPECT_THAT(client.kept, IsEmpty());
}

TEST_F(Rounds, AStateIsForItsOwnRequest) {
  call({{"arguments", {{"a", 1}, {"b", {1, 2}}}}});
  ask_form();
  asked(client.written());
  const Json rest{{"requestState", state}, {"inputResponses", {{"form", accepted}}}};
  Json other = rest;
  other["name"] = "other";
  other["arguments"] = {{"a", 1}, {"b", {1, 2}}};
  EXPECT_EQ(client.code(call(other)), -32602);
  other = rest;
  other["arguments"] = {{"a", 2}, {"b", {1, 2}}};
  EXPECT_EQ(client.code(call(other)), -32602);
  EXPECT_EQ(client.code(call(rest)), -32602);
  other["name"] = "keep";
  other["arguments"] = {{"a", 1}, {"b", {1, 2}}};
  EXPECT_EQ(client.code(client.ask_modern("prompts/get", other)), -32602);
  // Other spaces are no other arguments.
  const std::string meta = test::modern_meta(test::all_capabilities()).dump();
  client.peer.line(R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"_meta":)" + meta +
                   R"(,"name":"keep","arguments": { "a" : 1, "b" : [ 1 ,2] },"requestState":")" +
                   state + R"(","inputResponses":{"form":{"action":"decline"}}}})");
  EXPECT_THAT(client.written(), IsEmpty());
  EXPECT_EQ(client.role->calls_under_way(), 1U);
}

TEST_F(Rounds, AStateExpires) {
  call();
  const auto reply = ask_form();
  int cancelled = 0;
  client.kept[0]->on_cancel = [&cancelled] { ++cancelled; };
  asked(client.written());
  const auto deadline = client.role->next_deadline();
  ASSERT_TRUE(deadline);
  client.role->on_tick(*deadline - std::chrono::seconds(1));
  EXPECT_EQ(reply->count, 0);
  client.role->on_tick(*deadline);
  EXPECT_EQ(reply->count, 1);
  EXPECT_TRUE(reply->reply.result.empty());
  EXPECT_EQ(cancelled, 1);
  EXPECT_TRUE(client.kept[0]->cancelled());
  EXPECT_FALSE(client.role->next_deadline());
  EXPECT_EQ(client.code(again({{"form", accepted}})), -32602);
  finish_with(client.kept[0]);
  EXPECT_THAT(client.written(), IsEmpty());
}

TEST_F(Rounds, NothingIsToldWhileSuspended) {
  call({{"_meta", {{"progressToken", 1}, {"io.modelcontextprotocol/logLevel", "debug"}}}});
  client.kept[0]->progress(5, std::nullopt, "");
  client.written();
  ask_form();
  asked(client.written());
  client.kept[0]->progress(6, std::nullopt, "");
  client.kept[0]->log(LogLevel::error, "l", "1");
  client.role->log(LogLevel::error, "l", "1");
  EXPECT_THAT(client.written(), IsEmpty());
  call({{"requestState", state},
        {"inputResponses", {{"form", accepted}}},
        {"_meta", {{"progressToken", 2}}}},
       2);
  client.kept[0]->progress(7, std::nullopt, "");
  client.kept[0]->log(LogLevel::error, "l", "1");
  const Json progress = client.only(client.written());
  EXPECT_EQ(progress["params"]["progressToken"], 2);
  EXPECT_EQ(progress["params"]["progress"], 7);
}

TEST_F(Rounds, AResultWhileSuspendedIsKeptForTheNextRound) {
  for (const bool is_error : {false, true}) {
    call();
    const auto reply = ask_form();
    asked(client.written());
    if (is_error) {
      client.kept.back()->error(0, "no", "[1]");
    } else {
      client.kept.back()->result(Payload(R"({"x":)", RawJson{"1", {}}, "}"));
    }
    finish_with(client.kept.back(), R"({"late":1})");
    client.kept.clear();
    EXPECT_EQ(reply->count, 1);
    EXPECT_THAT(client.written(), IsEmpty());
    const Json answer = client.only(again({{"form", accepted}}));
    EXPECT_EQ(answer["id"], 2);
    if (is_error) {
      EXPECT_EQ(answer["error"], Json::parse(R"({"code":0,"message":"no","data":[1]})"));
    } else {
      EXPECT_EQ(answer["result"]["x"], 1);
      EXPECT_EQ(answer["result"]["resultType"], "complete");
    }
    EXPECT_EQ(client.role->calls_under_way(), 0U);
  }
}

TEST_F(Rounds, ARequestDroppedWhileSuspendedIsAnErrorAfterwards) {
  call();
  client.kept[0]->ask("form", "elicitation/create", form_params.dump(), [](QuestionReply) {});
  asked(client.written());
  const std::weak_ptr<Request> dropped = client.kept[0];
  client.kept.clear();
  EXPECT_FALSE(dropped.expired());
  EXPECT_EQ(client.code(again({{"form", accepted}})), -32603);
  EXPECT_TRUE(dropped.expired());
}

TEST_F(Rounds, ACancellationComesTooLateForASuspendedRequest) {
  call();
  const auto reply = ask_form();
  asked(client.written());
  // That one has been answered.
  client.notify("notifications/cancelled", {{"requestId", 1}});
  EXPECT_FALSE(client.kept[0]->cancelled());
  again({{"form", accepted}});
  EXPECT_TRUE(is(reply, accepted));
  client.notify("notifications/cancelled", {{"requestId", 2}});
  EXPECT_TRUE(client.kept[0]->cancelled());
  finish_with(client.kept[0]);
  EXPECT_THAT(client.written(), IsEmpty());
}

TEST_F(Rounds, ACancelledRequestAsksNothingMore) {
  call();
  const auto before = ask_form();
  client.notify("notifications/cancelled", {{"requestId", 1}});
  EXPECT_EQ(before->count, 1);
  EXPECT_THAT(before->reply.message, HasSubstr("cancelled"));
  const auto after = ask_form();
  EXPECT_THAT(client.written(), IsEmpty());
  EXPECT_EQ(after->count, 1);
  EXPECT_TRUE(after->reply.result.empty());
}

TEST_F(Rounds, TheEndOfTheServerEndsWhatIsSuspended) {
  call();
  const auto reply = ask_form();
  asked(client.written());
  const std::weak_ptr<Request> request = client.kept[0];
  client.kept.clear();
  client.role->close();
  EXPECT_EQ(reply->count, 1);
  EXPECT_TRUE(request.expired());
  EXPECT_THAT(client.written(), IsEmpty());
}

TEST_F(Rounds, QuestionsMayBeWithdrawn) {
  call();
  const auto before = ask_form("before");
  client.kept[0]->withdraw(number);
  EXPECT_THAT(client.written(), IsEmpty());
  const auto suspended = ask_form("suspended");
  const std::uint64_t first = number;
  const auto kept = ask_form("kept");
  asked(client.written());
  client.kept[0]->withdraw(first);
  client.kept[0]->withdraw(first);
  client.kept[0]->withdraw(12345);
  again({{"suspended", accepted}, {"kept", accepted}});
  EXPECT_TRUE(is(kept, accepted));
  EXPECT_EQ(before->count, 0);
  EXPECT_EQ(suspended->count, 0);
}

TEST_F(Rounds, WhoeverHearsOfTheEndMayWithdrawTheRest) {
  for (const bool is_cancelled : {false, true}) {
    call();
    const std::shared_ptr<Request> request = client.kept.back();
    std::uint64_t second = 0;
    int first_replies = 0;
    int second_replies = 0;
    request->ask("a", "elicitation/create", form_params.dump(), [&](QuestionReply) {
      ++first_replies;
      request->withdraw(second);
    });
    second = request->ask("b", "elicitation/create", form_params.dump(),
                          [&second_replies](QuestionReply) { ++second_replies; });
    if (is_cancelled) {
      client.notify("notifications/cancelled", {{"requestId", 1}});
    } else {
      finish_with(request);
    }
    client.written();
    client.kept.clear();
    EXPECT_EQ(first_replies, 1);
    EXPECT_EQ(second_replies, 0);
  }
}

TEST_F(Rounds, AfterAResultNothingIsAsked) {
  call();
  ask_form();
  asked(client.written());
  finish_with(client.kept[0]);
  const auto late = ask_form("late");
  EXPECT_THAT(client.written(), IsEmpty());
  EXPECT_EQ(late->count, 1);
  EXPECT_EQ(client.result(again({{"form", accepted}}))["resultType"], "complete");
}

TEST_F(Rounds, AQuestionOfASuspendedRequestGoesOutInTheNextRound) {
  call();
  const auto first = ask_form("first");
  asked(client.written());
  const auto second = ask_form("second");
  EXPECT_THAT(client.written(), IsEmpty());
  const Json requests = asked(again({{"first", accepted}}));
  EXPECT_TRUE(is(first, accepted));
  EXPECT_EQ(requests.size(), 1U);
  again({{"second", accepted}}, 3);
  EXPECT_TRUE(is(second, accepted));
}

TEST_F(Rounds, OnlyWhatTheClientDeclaredIsAsked) {
  call(Json::object(), 1, {{"roots", Json::object()}});
  const auto form = ask_form();
  const auto roots = ask(client.kept[0], "roots", "roots/list", Json::object());
  const Json requests = asked(client.written());
  EXPECT_EQ(requests.size(), 1U);
  EXPECT_TRUE(requests.contains("roots"));
  EXPECT_EQ(form->count, 1);
  EXPECT_EQ(form->reply.code, -32601);
  // The next round's client can do less.
  EXPECT_THAT(again(Json::object(), 2, Json::object()), IsEmpty());
  EXPECT_EQ(roots->count, 1);
  EXPECT_EQ(roots->reply.code, -32601);
  EXPECT_EQ(client.role->calls_under_way(), 1U);
}

TEST_F(Rounds, AKeyIsForOneQuestionAtATime) {
  call();
  const auto named = ask_form("q2");
  const auto numbered = ask_form("");
  const auto repeated = ask_form("q2");
  const Json requests = asked(client.written());
  EXPECT_EQ(requests.size(), 2U);
  EXPECT_EQ(repeated->count, 1);
  EXPECT_TRUE(repeated->reply.result.empty());
  Json answers = Json::object();
  for (const auto& [key, request] : requests.items())
    answers[key] = accepted;
  again(answers);
  EXPECT_TRUE(is(named, accepted));
  EXPECT_TRUE(is(numbered, accepted));
  // Once answered the key is free.
  ask_form("q2");
  EXPECT_TRUE(asked(client.written()).contains("q2"));
}

TEST_F(Rounds, ThereIsALimitToWhatMayBeSuspended) {
  for (int id = 0; id < 256; ++id) {
    call(Json::object(), id);
    ask_form();
    asked(client.written());
  }
  call(Json::object(), 256);
  const auto reply = ask_form();
  EXPECT_THAT(client.written(), IsEmpty());
  EXPECT_EQ(reply->count, 1);
  EXPECT_THAT(reply->reply.message, HasSubstr("too many"));
  EXPECT_EQ(client.role->calls_under_way(), 1U);
}

TEST_F(Rounds, AnIdThatIsTakenUsesNoStateUp) {
  call();
  ask_form();
  asked(client.written());
  client.ask_modern("tools/call", {{"name", "other"}}, 9);
  EXPECT_EQ(client.code(again({{"form", accepted}}, 9)), -32600);
  EXPECT_THAT(again({{"form", accepted}}, 10), IsEmpty());
}

TEST_F(Rounds, PromptsMayAskToo) {
  client.ask_modern("prompts/get", {{"name", "keep"}});
  const auto reply = ask_form();
  asked(client.written());
  client.ask_modern(
      "prompts/get",
      {{"name", "keep"}, {"requestState", state}, {"inputResponses", {{"form", accepted}}}}, 2);
  EXPECT_TRUE(is(reply, accepted));
  finish_with(client.kept[0], R"({"messages":[]})");
  EXPECT_EQ(client.result(client.written())["messages"], Json::array());
}

// --- the legacy era ---

struct Requests : Asking {
  Requests() { client.greet(); }
  std::shared_ptr<Reply> ask_in_call(const Json& id = 1) {
    client.ask("tools/call", {{"name", "keep"}}, id);
    return ask_form();
  }
  void answer(const Json& question, const Json& result) {
    client.send({{"jsonrpc", "2.0"}, {"id", question["id"]}, {"result", result}});
  }
};

TEST_F(Requests, AQuestionIsARequestOfOurs) {
  const auto reply = ask_in_call();
  const Json question = client.only(client.written());
  EXPECT_EQ(question["method"], "elicitation/create");
  EXPECT_EQ(question["params"], form_params);
  EXPECT_EQ(client.role->calls_under_way(), 1U);
  answer(question, accepted);
  EXPECT_TRUE(is(reply, accepted));
  answer(question, accepted);
  EXPECT_EQ(reply->count, 1);
  client.kept[0]->result(std::string_view("{}"));
  EXPECT_EQ(client.only(client.written())["id"], 1);
}

TEST_F(Requests, SeveralAreOpenAtOnce) {
  client.ask("tools/call", {{"name", "keep"}});
  const auto form = ask_form();
  const auto roots = ask(client.kept[0], "", "roots/list", Json::object());
  const std::vector<Json> questions = client.written();
  ASSERT_EQ(questions.size(), 2U);
  answer(questions[1], rooted);
  EXPECT_TRUE(is(roots, rooted));
  EXPECT_EQ(form->count, 0);
  answer(questions[0], accepted);
  EXPECT_TRUE(is(form, accepted));
}

TEST_F(Requests, ARefusalIsPassedOn) {
  const auto reply = ask_in_call();
  const Json question = client.only(client.written());
  client.send({{"jsonrpc", "2.0"},
               {"id", question["id"]},
               {"error", {{"code", -7}, {"message", "no \"way\""}}}});
  EXPECT_EQ(reply->count, 1);
  EXPECT_EQ(reply->reply.code, -7);
  EXPECT_EQ(reply->reply.message, "no \"way\"");
}

TEST_F(Requests, AnAnswerWithoutTheFormOfOneIsAnError) {
  for (const Json& bad : {Json::object(), Json(7), Json::array(), rooted}) {
    const auto reply = ask_in_call();
    answer(client.only(client.written()), bad);
    EXPECT_EQ(reply->count, 1);
    EXPECT_EQ(reply->reply.code, -32602);
    EXPECT_THAT(reply->reply.message, HasSubstr("elicitation/create"));
    client.kept.back()->result(std::string_view("{}"));
    client.written();
  }
}

TEST_F(Requests, NobodyWaitsForEver) {
  const auto reply = ask_in_call();
  const Json question = client.only(client.written());
  ASSERT_TRUE(client.peer.core().next_deadline());
  client.peer.core().on_tick(*client.peer.core().next_deadline());
  EXPECT_EQ(reply->count, 1);
  EXPECT_THAT(reply->reply.message, HasSubstr("in time"));
  const Json cancelled = client.only(client.written());
  EXPECT_EQ(cancelled["method"], "notifications/cancelled");
  EXPECT_EQ(cancelled["params"]["requestId"], question["id"]);
}

TEST_F(Requests, AWithdrawnQuestionIsCancelled) {
  const auto reply = ask_in_call();
  const Json question = client.only(client.written());
  client.kept[0]->withdraw(number);
  EXPECT_EQ(client.only(client.written())["params"]["requestId"], question["id"]);
  answer(question, accepted);
  EXPECT_EQ(reply->count, 0);
}

TEST_F(Requests, ACancelledRequestTakesItsQuestionsWithIt) {
  const auto reply = ask_in_call();
  const Json question = client.only(client.written());
  client.notify("notifications/cancelled", {{"requestId", 1}});
  EXPECT_EQ(reply->count, 1);
  const Json cancelled = client.only(client.written());
  EXPECT_EQ(cancelled["method"], "notifications/cancelled");
  EXPECT_EQ(cancelled["params"]["requestId"], question["id"]);
}

TEST_F(Requests, AnAnsweredRequestTakesItsQuestionsWithIt) {
  const auto reply = ask_in_call();
  const Json question = client.only(client.written());
  client.kept[0]->result(std::string_view("{}"));
  EXPECT_EQ(reply->count, 1);
  const std::vector<Json> told = client.written();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0]["id"], 1);
  EXPECT_EQ(told[1]["params"]["requestId"], question["id"]);
}

TEST_F(Requests, TheEndOfTheConnectionAnswersAll) {
  const auto reply = ask_in_call();
  client.written();
  const std::weak_ptr<Request> request = client.kept[0];
  client.kept.clear();
  client.peer.core().close(Errc::shutting_down);
  EXPECT_EQ(reply->count, 1);
  EXPECT_TRUE(reply->reply.result.empty());
  EXPECT_TRUE(request.expired());
}

TEST_F(Requests, OnlyWhatTheClientDeclaredIsAsked) {
  client.greet({{"roots", Json::object()}});
  client.written();
  const auto reply = ask_in_call();
  EXPECT_THAT(client.written(), IsEmpty());
  EXPECT_EQ(reply->count, 1);
  EXPECT_EQ(reply->reply.code, -32601);
  EXPECT_THAT(reply->reply.message, HasSubstr("has not declared"));
}

TEST_F(Requests, TheWordsOfTheModernEraMeanNothing) {
  client.ask("tools/call",
             {{"name", "keep"}, {"requestState", "x"}, {"inputResponses", {{"form", accepted}}}});
  ASSERT_EQ(client.kept.size(), 1U);
  const auto reply = ask_form();
  EXPECT_EQ(client.only(client.written())["method"], "elicitation/create");
  EXPECT_EQ(reply->count, 0);
}

}  // namespace
}  // namespace headrace::engine::mcp
