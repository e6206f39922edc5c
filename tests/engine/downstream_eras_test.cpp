// Downstream with servers of either era: how it finds out, what it answers, what it hears.
#include <algorithm>
#include <cstdlib>

#include "downstream_fixture.hpp"

namespace headrace::engine::mcp {
namespace {

using test::Downstreams;
using test::Ended;
using test::run_until;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Eras : Downstreams {
  Downstream& make_era(std::vector<std::string> mode) {
    LaunchSpec spec = launch({});
    spec.argv.back() = HEADRACE_FAKE_MODERN_SERVER;
    spec.argv.insert(spec.argv.end(), mode.begin(), mode.end());
    options.memory = memory;
    key = EraMemory::key(spec.argv, spec.cwd);
    return make_from(std::move(spec));
  }
  Downstream& make_legacy() {
    options.protocol = ProtocolChoice::legacy;
    return make_era({"dual"});
  }

  void set_hooks(DownstreamHooks& hooks) override {
    hooks.on_notification = [this](std::string_view method, std::string_view) {
      notified.emplace_back(method);
    };
    hooks.on_resource_updated = [this](std::string_view uri) { updated.emplace_back(uri); };
    if (!can_ask) return;
    hooks.capabilities = [this] { return offered; };
    hooks.on_question = [this](Question question, ReplyCallback reply) -> std::uint64_t {
      questions.push_back(std::move(question));
      if (answer_at_once) {
        reply({R"({"action":"accept","content":{}})", 0, {}});
        return 0;
      }
      replies.push_back(std::move(reply));
      return replies.size();
    };
    hooks.cancel_question = [this](std::uint64_t number) { cancelled.push_back(number); };
  }

  Ended call_with(std::string_view tool, CallContext extra, std::string_view arguments = "{}") {
    return await(begin_with(tool, std::move(extra), arguments));
  }
  std::shared_ptr<Ended> begin_with(std::string_view tool, CallContext extra,
                                    std::string_view arguments = "{}", Deadline deadline = {}) {
    auto ended = std::make_shared<Ended>();
    last_ticket =
        server->call_tool(tool, RawJson{arguments, {}}, deadline, std::move(extra), keep(ended));
    return ended;
  }
  void await_questions(std::size_t count) {
    EXPECT_TRUE(run_until(context, [&] { return questions.size() >= count; })) << "nobody asked";
  }
  ListPages list(ListKind kind) {
    std::optional<ListPages> result;
    server->list(kind, {}, [&result](ListPages pages) { result = std::move(pages); });
    EXPECT_TRUE(run_until(context, [&result] { return result.has_value(); }));
    return result ? std::move(*result) : ListPages{};
  }

  void expect_modern_alive() {
    const Ended ended = call("echo", R"({"n":1})");
    EXPECT_FALSE(ended.error) << ended.message;
    EXPECT_THAT(ended.body, HasSubstr(R"("echo":{"n":1})"));
  }

  bool can_ask = true;
  bool answer_at_once = false;
  std::string offered = R"({"elicitation":{"form":{}},"sampling":{}})";
  std::shared_ptr<EraMemory> memory = std::make_shared<EraMemory>();
  std::string key;
  std::vector<Question> questions;
  std::vector<ReplyCallback> replies;
  std::vector<std::uint64_t> cancelled;
  std::vector<std::string> notified;
  std::vector<std::string> updated;
};

// --- which era it is ---

TEST_F(Eras, AModernServerIsSpokenToInItsWay) {
  make_era({"modern"});
  EXPECT_EQ(call("echo", R"({"a": 1})").body, R"({"resultType":"complete","echo":{"a":1}})");
  EXPECT_EQ(server->facts().era, Era::modern);
  EXPECT_EQ(server->facts().protocol_version, "2026-07-28");
  EXPECT_EQ(server->facts().instructions, "use it");
  EXPECT_EQ(server->facts().implementation.version, std::to_string(server->pid()));
  EXPECT_EQ(memory->find(key), Era::modern);
  const std::string meta = call("meta").body;
  EXPECT_THAT(meta, HasSubstr(R"("io.modelcontextprotocol/protocolVersion":"2026-07-28")"));
  EXPECT_THAT(meta, HasSubstr(R"("io.modelcontextprotocol/clientInfo":{"name":)"));
  EXPECT_THAT(meta, HasSubstr(R"("io.modelcontextprotocol/clientCapabilities":)"
                              R"({"sampling":{},"elicitation":{"form":{}},)"
                              R"("extensions":{"io.modelcontextprotocol/tasks":{}}})"));
  EXPECT_THAT(meta, Not(HasSubstr("progressToken")));
  EXPECT_THAT(call("seen").body,
              HasSubstr(R"(["server/discover","subscriptions/listen","tools/call")"));
}

TEST_F(Eras, ADualServerIsSpokenToInTheNewerWay) {
  make_era({"dual"});
  EXPECT_FALSE(call("echo").error);
  EXPECT_EQ(server->facts().era, Era::modern);
}

TEST_F(Eras, ALegacyServerThatRefusesTheProbe) {
  make_era({"legacy"});
  EXPECT_FALSE(call("echo").error);
  EXPECT_EQ(server->facts().era, Era::legacy);
  EXPECT_EQ(memory->find(key), Era::legacy);
}

TEST_F(Eras, ALegacyServerThatIsSilentAboutTheProbe) {
  options.silence_limit = std::chrono::milliseconds(1);
  make_era({"silent_legacy"});
  EXPECT_FALSE(call("echo").error);
  EXPECT_EQ(server->facts().era, Era::legacy);
  EXPECT_EQ(server->starts(), 1);
}

TEST_F(Eras, AModernServerThatAnswersLate) {
  options.silence_limit = std::chrono::milliseconds(1);
  make_era({"late_modern"});
  EXPECT_FALSE(call("echo").error);
  EXPECT_EQ(server->facts().era, Era::modern);
}

TEST_F(Eras, OneThatExitsOnTheProbeIsStartedAgainAndRemembered) {
  make_era({"exits_on_discover"});
  EXPECT_FALSE(call("echo").error);
  EXPECT_EQ(server->starts(), 1) << "no failed start";
  EXPECT_EQ(log, "");
  EXPECT_EQ(memory->find(key), Era::legacy);
  EXPECT_THAT(call("seen").body, HasSubstr(R"(["initialize","notifications/initialized")"));
  call("die");
  EXPECT_THAT(call("seen").body, HasSubstr(R"(["initialize","notifications/initialized")"));
}

TEST_F(Eras, OneThatSpeaksOnlyANewerVersionIsExplained) {
  make_era({"newer"});
  const Ended ended = call("echo");
  EXPECT_EQ(ended.error, Errc::server_unavailable);
  EXPECT_THAT(ended.message, AllOf(HasSubstr("it speaks protocol version 2031-01-01"),
                                   HasSubstr("we speak 2026-07-28, 2025-11-25")));
  EXPECT_EQ(memory->size(), 0U);
}

TEST_F(Eras, OneThatOffersOnlyAnOlderVersionIsInitialized) {
  make_era({"only_old"});
  EXPECT_FALSE(call("echo").error);
  EXPECT_EQ(server->facts().era, Era::legacy);
}

TEST_F(Eras, OneThatRefusesBothIsExplained) {
  make_era({"refuses_both"});
  EXPECT_THAT(call("echo").message, HasSubstr("unsupported: this server speaks 2026-07-28"));
}

TEST_F(Eras, AnEraThatChangesIsFoundOutAgain) {
  for (const bool was_legacy : {true, false}) {
    memory = std::make_shared<EraMemory>();
    make_era({was_legacy ? "modern" : "legacy"});
    memory->remember(key, was_legacy ? Era::legacy : Era::modern);
    EXPECT_FALSE(call("echo").error);
    EXPECT_EQ(server->facts().era, was_legacy ? Era::modern : Era::legacy);
    EXPECT_EQ(memory->find(key), server->facts().era);
    close();
  }
}

TEST_F(Eras, AChosenEraIsNotProbed) {
  make_legacy();
  EXPECT_THAT(call("seen").body, HasSubstr(R"(["initialize","notifications/initialized")"));
  close();
  options.protocol = ProtocolChoice::modern;
  make_era({"legacy"});
  EXPECT_THAT(call("echo").message, AllOf(HasSubstr("refused 'server/discover'")));
}

// --- questions of the modern era ---

TEST_F(Eras, QuestionsAreAskedAllAtOnceAndTheAnswersGoBack) {
  make_era({"modern"});
  CallContext context_of_call;
  context_of_call.tag = 42;
  const auto call = begin_with("ask", context_of_call);
  await_questions(2);
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_EQ(questions[0].method, "elicitation/create");
  EXPECT_THAT(questions[0].params, HasSubstr(R"("message":"one")"));
  EXPECT_EQ(questions[0].call_tag, 42U);
  expect_modern_alive();
  replies[1]({R"({"action":"decline"})", 0, {}});
  replies[0]({R"({"action":"accept","content":{"x":1}})", 0, {}});
  const Ended ended = await(call);
  EXPECT_THAT(ended.body, HasSubstr(R"({"one":{"action":"accept","content":{"x":1}},)"
                                    R"("two":{"action":"decline"}})"));
  EXPECT_THAT(ended.body, HasSubstr(R"("state":"opaque \u00e4 \"state\"")"));
}

TEST_F(Eras, AnswersMayComeAtOnce) {
  answer_at_once = true;
  make_era({"modern"});
  EXPECT_THAT(call("ask").body, HasSubstr(R"("given":{"one":)"));
}

TEST_F(Eras, AServerThatNeverStopsAskingIsGivenUp) {
  answer_at_once = true;
  make_era({"modern"});
  const Ended ended = call("ask_forever");
  EXPECT_EQ(ended.error, Errc::question_failed);
  EXPECT_THAT(ended.message, HasSubstr("server 'fake' still asks after 10 rounds"));
  EXPECT_EQ(questions.size(), 10U);
}

TEST_F(Eras, WhatWasNotDeclaredIsNotAsked) {
  can_ask = false;
  make_era({"modern"});
  const Ended ended = call("ask");
  EXPECT_EQ(ended.error, Errc::question_failed);
  EXPECT_THAT(ended.message, HasSubstr("elicitation/create"));
  EXPECT_TRUE(questions.empty());
}

TEST_F(Eras, ARefusedQuestionEndsTheCallAndTheOthers) {
  make_era({"modern"});
  const auto call = begin("ask");
  await_questions(2);
  replies[1]({{}, -1, "the client is gone"});
  const Ended ended = await(call);
  EXPECT_EQ(ended.error, Errc::question_failed);
  EXPECT_THAT(ended.message, HasSubstr("the client is gone"));
  EXPECT_THAT(cancelled, ElementsAre(1));
}

TEST_F(Eras, ACancelledCallTakesItsQuestionsBack) {
  make_era({"modern"});
  const auto call = begin("ask");
  await_questions(2);
  server->cancel(last_ticket, "");
  EXPECT_EQ(await(call).error, Errc::cancelled);
  EXPECT_EQ(cancelled.size(), 2U);
  replies[0]({"{}", 0, {}});
  EXPECT_EQ(call->times, 1);
}

TEST_F(Eras, AnsweringTakesNothingFromTheCallsTime) {
  make_era({"modern"});
  expect_modern_alive();
  const auto deadline = Deadline::after(std::chrono::milliseconds(300));
  const auto call = begin("ask", "{}", deadline);
  await_questions(2);
  // Time has to pass for this; that it is enough is certain, not how much it is.
  asio::steady_timer timer(context, deadline.at() + std::chrono::milliseconds(50));
  bool passed = false;
  timer.async_wait([&passed](std::error_code) { passed = true; });
  EXPECT_TRUE(run_until(context, [&passed] { return passed; }));
  EXPECT_EQ(call->times, 0);
  server->cancel(last_ticket, "");
  EXPECT_EQ(await(call).error, Errc::cancelled);
}

TEST_F(Eras, AnotherCallThatIsGivenUpTakesNoQuestionBack) {
  make_era({"modern"});
  const auto call = begin("ask");
  await_questions(2);
  const auto silent = begin("silent");
  server->cancel(last_ticket, "");
  EXPECT_EQ(await(silent).error, Errc::cancelled);
  EXPECT_TRUE(cancelled.empty());
  replies[0]({R"({"action":"accept"})", 0, {}});
  replies[1]({R"({"action":"accept"})", 0, {}});
  EXPECT_FALSE(await(call).error) << call->message;
}

TEST_F(Eras, AServerThatDiesWhileItAsksFailsTheCallAndTakesBackTheQuestion) {
  make_era({"modern"});
  const auto call = begin("ask");
  await_questions(2);
  begin("die");
  const Ended ended = await(call);
  EXPECT_EQ(ended.error, Errc::peer_closed);
  EXPECT_THAT(ended.message, HasSubstr("exited with status 3"));
  EXPECT_EQ(cancelled.size(), 2U);
}

TEST_F(Eras, RootsComeFromTheIdentity) {
  options.identity.roots.push_back({"file:///r", "r"});
  make_era({"modern"});
  EXPECT_THAT(call("ask_roots").body,
              HasSubstr(R"({"r":{"roots":[{"uri":"file:///r","name":"r"}]}})"));
}

TEST_F(Eras, OneThatWantsToBeAskedLaterIs) {
  make_era({"modern"});
  EXPECT_THAT(call("later").body, HasSubstr(R"("rounds":2)"));
}

TEST_F(Eras, PromptsAskToo) {
  answer_at_once = true;
  make_era({"modern"});
  auto ended = std::make_shared<Ended>();
  const std::string params = get_prompt_params("p", {});
  server->call("prompts/get", std::string_view(params), {}, keep(ended));
  EXPECT_THAT(await(ended).body, HasSubstr(R"("given":{"k":{"action":"accept")"));
}

TEST_F(Eras, WhatIsDeclaredMayChange) {
  make_era({"modern"});
  EXPECT_THAT(call("meta").body, HasSubstr(R"("elicitation":{"form":{}})"));
  offered = R"({"elicitation":{"form":{},"url":{}}})";
  server->capabilities_changed();
  EXPECT_THAT(call("meta").body, AllOf(HasSubstr(R"("elicitation":{"form":{},"url":{}})"),
                                       Not(HasSubstr("sampling"))));
}

// --- questions of the legacy era ---

TEST_F(Eras, ALegacyQuestionIsAnswered) {
  make_legacy();
  const auto call = begin("elicit");
  await_questions(1);
  EXPECT_EQ(questions[0].call_tag, 0U);
  replies[0]({R"({"action":"accept"})", 0, {}});
  EXPECT_THAT(await(call).body, HasSubstr(R"("answer":{"action":"accept"})"));
}

TEST_F(Eras, ALegacyQuestionThatFailsIsAnsweredWithAnError) {
  make_legacy();
  const auto call = begin("elicit");
  await_questions(1);
  replies[0]({{}, -7, "no"});
  EXPECT_THAT(await(call).body, HasSubstr(R"("answer":{"code":-7,"message":"no"})"));
}

TEST_F(Eras, ALegacyQuestionThatWasNotDeclaredIsRefusedAtOnce) {
  make_legacy();
  EXPECT_THAT(call("elicit_url").body, HasSubstr(R"("answer":{"code":-32602)"));
  close();
  can_ask = false;
  make_legacy();
  EXPECT_THAT(call("elicit").body, HasSubstr(R"("answer":{"code":-32601)"));
  EXPECT_TRUE(questions.empty());
}

TEST_F(Eras, AQuestionThatNobodyAnswersIsEnded) {
  options.question_limit = std::chrono::milliseconds(1);
  make_legacy();
  EXPECT_THAT(call("elicit").body, HasSubstr("nobody answered in time"));
  EXPECT_THAT(cancelled, ElementsAre(1));
}

TEST_F(Eras, ALegacyServersDeadlinesStandStillWhileItAsks) {
  make_legacy();
  EXPECT_FALSE(call("echo").error);
  const auto deadline = Deadline::after(std::chrono::milliseconds(200));
  const auto asking = begin("elicit", "{}", deadline);
  const auto beside = begin("silent", "{}", deadline);
  await_questions(1);
  const auto meanwhile = begin("silent", "{}", Deadline::after(std::chrono::milliseconds(1)));
  asio::steady_timer timer(context, deadline.at() + std::chrono::milliseconds(50));
  bool passed = false;
  timer.async_wait([&passed](std::error_code) { passed = true; });
  EXPECT_TRUE(run_until(context, [&passed] { return passed; }));
  EXPECT_EQ(asking->times + beside->times + meanwhile->times, 0);
  replies[0]({R"({"action":"accept"})", 0, {}});
  EXPECT_FALSE(await(asking).error);
  EXPECT_EQ(await(beside).error, Errc::timed_out);
  EXPECT_EQ(await(meanwhile).error, Errc::timed_out);
}

TEST_F(Eras, SoDoThoseOfTasksThatArePolledMeanwhile) {
  make_legacy();
  EXPECT_FALSE(call("echo").error);
  CallContext with;
  with.as_task = true;
  constexpr const char* endless = R"({"kind":"endless"})";
  const auto deadline = Deadline::after(std::chrono::milliseconds(200));
  const auto before = begin_with("task", with, endless, deadline);
  const auto asking = begin("elicit");
  await_questions(1);
  const auto meanwhile =
      begin_with("task", with, endless, Deadline::after(std::chrono::milliseconds(1)));
  asio::steady_timer timer(context, deadline.at() + std::chrono::milliseconds(50));
  bool passed = false;
  timer.async_wait([&passed](std::error_code) { passed = true; });
  EXPECT_TRUE(run_until(context, [&passed] { return passed; }));
  EXPECT_EQ(before->times + meanwhile->times, 0);
  replies[0]({R"({"action":"accept"})", 0, {}});
  EXPECT_FALSE(await(asking).error);
  EXPECT_EQ(await(before).error, Errc::timed_out);
  EXPECT_EQ(await(meanwhile).error, Errc::timed_out);
}

TEST_F(Eras, AQuestionThatIsTakenBackIsForgotten) {
  make_legacy();
  EXPECT_FALSE(call("take_back").error);
  EXPECT_THAT(cancelled, ElementsAre(1));
  EXPECT_FALSE(call("echo").error);
}

TEST_F(Eras, AQuestionOfAServerThatDiesIsTakenBack) {
  make_legacy();
  EXPECT_EQ(call("ask_and_die").error, Errc::peer_closed);
  EXPECT_THAT(cancelled, ElementsAre(1));
  EXPECT_FALSE(call("echo").error) << "deadlines and all are as before";
}

TEST_F(Eras, AQuestionWhoseCallWasGivenUpIsTakenBack) {
  make_legacy();
  const auto call = begin("elicit");
  await_questions(1);
  server->cancel(last_ticket, "");
  EXPECT_EQ(await(call).error, Errc::cancelled);
  EXPECT_THAT(cancelled, ElementsAre(1));
}

TEST_F(Eras, OpenQuestionsAreAnsweredAtTheEnd) {
  make_legacy();
  const auto call = begin("elicit");
  await_questions(1);
  close();
  EXPECT_EQ(call->times, 1);
  EXPECT_THAT(cancelled, ElementsAre(1));
}

// --- progress ---

TEST_F(Eras, ProgressReachesTheCallItBelongsTo) {
  for (const bool legacy : {false, true}) {
    options.protocol = legacy ? ProtocolChoice::legacy : ProtocolChoice::automatic;
    make_era({"dual"});
    std::vector<ProgressUpdate> updates;
    CallContext with;
    with.on_progress = [&updates](const ProgressUpdate& update) { updates.push_back(update); };
    EXPECT_THAT(call_with("progress", with).body, HasSubstr(R"("token":true)"));
    EXPECT_FALSE(call("echo").error);
    ASSERT_EQ(updates.size(), 2U) << "and none after the answer";
    EXPECT_EQ(updates[0].progress, 1);
    EXPECT_EQ(updates[0].total, 3);
    EXPECT_EQ(updates[0].message, "one");
    EXPECT_EQ(updates[1].progress, 2.5);
    EXPECT_EQ(updates[1].total, std::nullopt);
    EXPECT_THAT(call("progress").body, HasSubstr(R"("token":false)")) << "not asked for";
    close();
  }
}

// --- tasks ---

TEST_F(Eras, AToolIsCalledAsATaskInBothEras) {
  answer_at_once = true;
  for (const bool legacy : {false, true}) {
    options.protocol = legacy ? ProtocolChoice::legacy : ProtocolChoice::automatic;
    make_era({"dual"});
    CallContext with;
    with.as_task = true;
    with.tag = 7;
    const Ended plain = call_with("task", with);
    EXPECT_FALSE(plain.error) << plain.message;
    EXPECT_THAT(plain.body, HasSubstr(R"("content":[])"));
    EXPECT_THAT(plain.body, Not(HasSubstr("taskId")));
    const Ended asks = call_with("task", with, R"({"kind":"asks"})");
    EXPECT_FALSE(asks.error) << asks.message;
    EXPECT_THAT(asks.body, HasSubstr(R"("action":"accept")"));
    ASSERT_FALSE(questions.empty());
    EXPECT_EQ(questions.back().call_tag, 7U);
    close();
  }
}

TEST_F(Eras, ATaskThatFailsHasItsError) {
  make_era({"modern"});
  const Ended ended = call("task", R"({"kind":"fails"})");
  EXPECT_EQ(ended.error, Errc::remote_error);
  EXPECT_EQ(ended.message, "it broke");
}

TEST_F(Eras, ATaskThatIsGivenUpIsCancelledAtTheServer) {
  for (const bool legacy : {false, true}) {
    options.protocol = legacy ? ProtocolChoice::legacy : ProtocolChoice::automatic;
    make_era({"dual"});
    EXPECT_FALSE(call("echo").error);
    CallContext with;
    with.as_task = true;
    const auto endless = begin_with("task", with, R"({"kind":"endless"})",
                                    Deadline::after(std::chrono::milliseconds(250)));
    EXPECT_EQ(await(endless).error, Errc::timed_out);
    EXPECT_THAT(call("await_cancel").body, HasSubstr("t-"));
    close();
  }
}

TEST_F(Eras, AToolThatNeedsATaskAndGetsNoneSaysSo) {
  make_legacy();
  EXPECT_EQ(call("task").error, Errc::remote_error);
}

TEST_F(Eras, ARealServersTaskIsFollowedThroughItsQuestion) {
  const char* const modules = std::getenv("HEADRACE_TEST_NODE_MODULES");
  if (modules == nullptr) GTEST_SKIP() << "without the test environment";
  // Timers for its tasks keep it from ending by itself.
  stop_quickly = true;
  answer_at_once = true;
  LaunchSpec spec = launch({});
  spec.argv = {"node",
               std::string(modules) + "/@modelcontextprotocol/server-everything/dist/index.js",
               "stdio"};
  make_from(std::move(spec));
  EXPECT_FALSE(list(ListKind::tools).error);
  EXPECT_EQ(server->facts().era, Era::legacy);
  EXPECT_TRUE(server->facts().tool_tasks);
  EXPECT_FALSE(list(ListKind::resource_templates).pages.empty());
  CallContext with;
  with.tag = 3;
  constexpr const char* arguments = R"({"topic":"python","ambiguous":true})";
  with.as_task = true;
  const Ended ended = call_with("simulate-research-query", with, arguments);
  EXPECT_FALSE(ended.error) << ended.message;
  EXPECT_THAT(ended.body, HasSubstr("python"));
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(questions[0].call_tag, 3U);
}

// --- what it tells ---

TEST_F(Eras, ChangesOfListsAreToldOnceAtATime) {
  options.list_change_pause = std::chrono::milliseconds(20);
  make_era({"modern"});
  EXPECT_FALSE(call("changes").error);
  EXPECT_GE(tools_changed, 1);
  EXPECT_TRUE(run_until(context, [this] { return tools_changed == 2; }));
  EXPECT_EQ(others_changed, 1);
  EXPECT_THAT(updated, ElementsAre("file:///x"));
  EXPECT_THAT(notified, testing::Contains("notifications/elicitation/complete"));
  expect_modern_alive();
  EXPECT_EQ(tools_changed, 2) << "seven at once are two";
}

TEST_F(Eras, WhatEndsItsNotificationsIsAskedForThemAgain) {
  options.listen_pause = std::chrono::milliseconds(1);
  make_era({"modern"});
  for (const char* tool : {"end_listening", "cancel_listening"}) {
    const int before = tools_changed;
    EXPECT_FALSE(call(tool).error);
    EXPECT_TRUE(run_until(context, [&] { return tools_changed > before; }))
        << "what changed meanwhile was not heard";
    const std::string seen = call("seen").body;
    EXPECT_NE(seen.find("subscriptions/listen"), seen.rfind("subscriptions/listen"));
  }
}

TEST_F(Eras, AllListsAreRead) {
  make_era({"modern"});
  const ListPages tools = list(ListKind::tools);
  EXPECT_FALSE(tools.error) << tools.message;
  EXPECT_EQ(tools.pages.size(), 1U);
  EXPECT_EQ(tools.time_to_live, std::chrono::milliseconds(5000));
  const ListPages prompts = list(ListKind::prompts);
  ASSERT_EQ(prompts.pages.size(), 1U);
  EXPECT_THAT(prompts.pages[0], HasSubstr(R"("name":"p")"));
  EXPECT_EQ(prompts.time_to_live, std::nullopt);
  EXPECT_EQ(list(ListKind::resources).error, Errc::remote_error) << "declared, and refused";
}

TEST_F(Eras, ListsThatAServerDoesNotHaveAreEmpty) {
  make_legacy();
  const ListPages cold = list(ListKind::resource_templates);
  EXPECT_FALSE(cold.error) << cold.message;
  EXPECT_TRUE(cold.pages.empty());
  const ListPages warm = list(ListKind::prompts);
  EXPECT_FALSE(warm.error);
  EXPECT_TRUE(warm.pages.empty());
  EXPECT_THAT(call("seen").body, Not(HasSubstr("prompts/list"))) << "known not to be there";
}

TEST_F(Eras, AnErrorThatWantsAPageOpenedIsPassedOn) {
  make_legacy();
  const Ended ended = call("refused");
  EXPECT_EQ(ended.error, Errc::remote_error);
  EXPECT_THAT(ended.body, HasSubstr(R"("code":-32042)"));
}

// --- silence ---

TEST_F(Eras, AModernServerThatHangsIsStartedAgainForTheNextCall) {
  stop_quickly = true;
  probe_limit = std::chrono::milliseconds(20);
  make_era({"modern"});
  expect_modern_alive();
  EXPECT_EQ(call("hang", "{}", Deadline::after(std::chrono::milliseconds(20))).error,
            Errc::timed_out);
  expect_modern_alive();
  EXPECT_EQ(server->starts(), 2);
}

TEST_F(Eras, AModernServerThatIsSilentAboutACallIsNot) {
  make_era({"modern"});
  expect_modern_alive();
  EXPECT_EQ(call("silent", "{}", Deadline::after(std::chrono::milliseconds(5))).error,
            Errc::timed_out);
  expect_modern_alive();
  EXPECT_EQ(server->starts(), 1);
  EXPECT_THAT(call("seen").body, Not(HasSubstr("ping")));
}

}  // namespace
}  // namespace headrace::engine::mcp
