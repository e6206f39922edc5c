// Calls of several requests, step by step: what is sent, and what is made of each answer.
#include <headrace/engine/mcp/call_flow.hpp>

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::engine::mcp {
namespace {

using Step = CallFlow::Step;
using std::chrono::milliseconds;
using testing::HasSubstr;

CallFlow::Options options(Era era) {
  CallFlow::Options options;
  options.era = era;
  options.method = "tools/call";
  options.prefix = R"({"name":"t","arguments":)";
  options.arguments = {R"({"a":1})", {}};
  options.source = "server 'x'";
  if (era == Era::modern) options.meta = R"("v":"m")";
  return options;
}

std::string text_of(const Payload& payload) {
  std::string text;
  for (const RawJson& piece : payload.pieces)
    text.append(piece.text);
  return text;
}

class Flow {
 public:
  explicit Flow(CallFlow::Options with) : flow(std::move(with)) {}
  explicit Flow(Era era) : Flow(options(era)) {}

  Step answer(std::string_view body, std::error_code error = {}) {
    // Frames have readable bytes behind them.
    std::string& kept = bodies_.emplace_back(body);
    kept.reserve(kept.size() + 64);
    return flow.on_answer(error, {kept, {}});
  }
  std::string sent() { return flow.method() + " " + text_of(flow.params()); }

  CallFlow flow;

 private:
  std::deque<std::string> bodies_;
};

QuestionReply reply(std::string result) {
  return {std::move(result), 0, {}};
}

constexpr const char* asks =
    R"({"resultType":"input_required","inputRequests":{"k\"1":{"method":"elicitation/create",)"
    R"("params":{"n":1234567890123456789012345678901234567890}},"r":{"method":"roots/list"}},)"
    R"("requestState":"st\u0061te"})";

// --- rounds of questions ---

TEST(CallFlow, APlainAnswerEndsIt) {
  for (const char* body : {R"({"resultType":"complete","content":[]})", R"({"content":[]})"}) {
    Flow call(Era::modern);
    ASSERT_EQ(call.flow.begin(), Step::send);
    EXPECT_EQ(call.sent(), R"(tools/call {"name":"t","arguments":{"a":1},"_meta":{"v":"m"}})");
    ASSERT_EQ(call.answer(body), Step::done);
    EXPECT_FALSE(call.flow.error());
    EXPECT_EQ(call.flow.take_outcome().body, body);
  }
}

TEST(CallFlow, AnErrorIsPassedOn) {
  Flow call(Era::modern);
  call.flow.begin();
  ASSERT_EQ(call.answer(R"({"code":-32602,"message":"m"})", Errc::remote_error), Step::done);
  EXPECT_EQ(call.flow.error(), Errc::remote_error);
  EXPECT_EQ(call.flow.take_outcome().body, R"({"code":-32602,"message":"m"})");
}

TEST(CallFlow, QuestionsAreAskedAndTheCallIsRepeatedWithTheExactState) {
  Flow call(Era::modern);
  call.flow.begin();
  ASSERT_EQ(call.answer(asks), Step::ask);
  ASSERT_EQ(call.flow.questions().size(), 2U);
  EXPECT_EQ(call.flow.questions()[0].key, "k\"1");
  EXPECT_EQ(call.flow.questions()[0].method, "elicitation/create");
  EXPECT_EQ(call.flow.questions()[0].params, R"({"n":1234567890123456789012345678901234567890})");
  EXPECT_EQ(call.flow.questions()[1].method, "roots/list");
  EXPECT_EQ(call.flow.questions()[1].params, "{}");
  ASSERT_EQ(call.flow.on_replies({reply(R"({"action":"accept"})"), reply(R"({"roots":[]})")}),
            Step::send);
  EXPECT_EQ(call.sent(), R"(tools/call {"name":"t","arguments":{"a":1},)"
                         R"("inputResponses":{"k\"1":{"action":"accept"},"r":{"roots":[]}},)"
                         R"("requestState":"st\u0061te","_meta":{"v":"m"}})");
  EXPECT_EQ(call.answer(R"({"resultType":"complete"})"), Step::done);
}

TEST(CallFlow, NoStateIsSentWhereThereWasNone) {
  Flow call(Era::modern);
  call.flow.begin();
  ASSERT_EQ(call.answer(asks), Step::ask);
  call.flow.on_replies({reply("{}"), reply("{}")});
  // The second round has none: that of the first is not sent again.
  ASSERT_EQ(call.answer(R"({"resultType":"input_required","requestState":null,)"
                        R"("inputRequests":{"k":{"method":"roots/list"}}})"),
            Step::ask);
  ASSERT_EQ(call.flow.on_replies({reply("{}")}), Step::send);
  EXPECT_EQ(call.sent(), R"(tools/call {"name":"t","arguments":{"a":1},)"
                         R"("inputResponses":{"k":{}},"_meta":{"v":"m"}})");
}

TEST(CallFlow, OtherMethodsCarryTheirParams) {
  CallFlow::Options with = options(Era::modern);
  with.method = "prompts/get";
  with.prefix = R"({"name":"p")";
  with.arguments = {};
  Flow call(std::move(with));
  call.flow.begin();
  EXPECT_EQ(call.sent(), R"(prompts/get {"name":"p","_meta":{"v":"m"}})");
  call.answer(asks);
  call.flow.on_replies({reply("{}"), reply("{}")});
  EXPECT_THAT(call.sent(), HasSubstr(R"({"name":"p","inputResponses":)"));

  CallFlow::Options empty = options(Era::modern);
  empty.prefix = "{";
  empty.arguments = {};
  Flow bare(std::move(empty));
  bare.flow.begin();
  EXPECT_EQ(bare.sent(), R"(tools/call {"_meta":{"v":"m"}})");
}

TEST(CallFlow, WithoutQuestionsItIsRepeatedAfterAPauseThatGrows) {
  Flow call(Era::modern);
  call.flow.begin();
  milliseconds last{0};
  for (int round = 1; round <= CallFlow::most_rounds; ++round) {
    ASSERT_EQ(call.answer(R"({"resultType":"input_required","requestState":"s"})"), Step::wait);
    EXPECT_GE(call.flow.pause(), last);
    EXPECT_LE(call.flow.pause(), milliseconds(5000));
    last = call.flow.pause();
    ASSERT_EQ(call.flow.on_waited(), Step::send);
    EXPECT_EQ(call.sent(), R"(tools/call {"name":"t","arguments":{"a":1},)"
                           R"("requestState":"s","_meta":{"v":"m"}})");
  }
  ASSERT_EQ(call.answer(R"({"resultType":"input_required","requestState":"s"})"), Step::fail);
  EXPECT_EQ(call.flow.error(), Errc::question_failed);
  EXPECT_THAT(call.flow.why(), HasSubstr("server 'x' still asks after 10 rounds"));
}

TEST(CallFlow, ARefusedQuestionFailsItInWords) {
  Flow call(Era::modern);
  call.flow.begin();
  call.answer(asks);
  ASSERT_EQ(call.flow.on_replies({reply("{}"), {{}, -1, "the user said no"}}), Step::fail);
  EXPECT_EQ(call.flow.error(), Errc::question_failed);
  EXPECT_EQ(call.flow.why(), "server 'x' asked 'roots/list', without success: the user said no");
}

TEST(CallFlow, WhatTheProtocolDoesNotAllowFailsIt) {
  for (const char* odd :
       {R"({"resultType":"input_required"})",
        R"({"resultType":"input_required","inputRequests":{}})",
        R"({"resultType":"input_required","inputRequests":[]})",
        R"({"resultType":"input_required","inputRequests":{"k":7}})",
        R"({"resultType":"input_required","inputRequests":{"k":{}}})",
        R"({"resultType":"input_required","inputRequests":{"k":{"method":7}}})",
        R"({"resultType":"input_required","inputRequests":{"k":{"method":"m","params":[]}}})",
        R"({"resultType":"odd"})", R"({"resultType":"task"})",
        R"({"resultType":"task","taskId":7})",
        R"({"resultType":"complete","resultType":"task"})"}) {
    Flow call(Era::modern);
    call.flow.begin();
    ASSERT_EQ(call.answer(odd), Step::fail) << odd;
    EXPECT_EQ(call.flow.error(), Errc::invalid_answer);
    EXPECT_THAT(call.flow.why(), HasSubstr("server 'x' "));
  }
}

TEST(CallFlow, TooManyQuestionsAreNoSensibleRequest) {
  std::string requests;
  for (int i = 0; i < 1000; ++i)
    requests += (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":{"method":"roots/list"})";
  Flow call(Era::modern);
  call.flow.begin();
  EXPECT_EQ(call.answer(R"({"resultType":"input_required","inputRequests":{)" + requests + "}}"),
            Step::fail);
}

TEST(CallFlow, AnswersThatAreNoObjectsArePassedOn) {
  for (const char* odd : {"7", "[]", "null", "\"input_required\""}) {
    Flow call(Era::modern);
    call.flow.begin();
    EXPECT_EQ(call.answer(odd), Step::done) << odd;
  }
}

TEST(CallFlow, ArgumentsAreKeptThoughNobodyOwnsThem) {
  auto text = std::make_unique<std::string>(R"({"long":"argument of more than a few bytes"})");
  CallFlow::Options with = options(Era::modern);
  with.arguments = {*text, {}};
  Flow call(std::move(with));
  text->assign(text->size(), 'x');
  text.reset();
  call.flow.begin();
  EXPECT_THAT(call.sent(), HasSubstr("argument of more than a few bytes"));
}

// --- tasks of the legacy era ---

Flow legacy_task() {
  CallFlow::Options with = options(Era::legacy);
  with.task_ttl = milliseconds(60000);
  with.meta = R"("progressToken":5)";
  return Flow(std::move(with));
}

TEST(CallFlow, ALegacyTaskIsPolledUntilItsEnd) {
  Flow call = legacy_task();
  call.flow.begin();
  EXPECT_EQ(call.sent(), R"(tools/call {"name":"t","arguments":{"a":1},)"
                         R"("task":{"ttl":60000},"_meta":{"progressToken":5}})");
  EXPECT_EQ(call.flow.cancel_params(), "");
  ASSERT_EQ(call.answer(
                R"({"task":{"taskId":"i\"d","status":"working","pollInterval":1500,"ttl":null}})"),
            Step::wait);
  EXPECT_EQ(call.flow.pause(), milliseconds(1500));
  EXPECT_EQ(call.flow.task_id(), "i\"d");
  EXPECT_EQ(call.flow.cancel_params(), R"({"taskId":"i\"d"})");
  ASSERT_EQ(call.flow.on_waited(), Step::send);
  EXPECT_EQ(call.sent(), R"(tasks/get {"taskId":"i\"d"})");
  ASSERT_EQ(call.answer(R"({"taskId":"i\"d","status":"working","pollInterval":1})"), Step::wait);
  EXPECT_EQ(call.flow.pause(), milliseconds(100)) << "not faster than this";
  call.flow.on_waited();
  ASSERT_EQ(call.answer(R"({"taskId":"i\"d","status":"completed"})"), Step::send);
  EXPECT_EQ(call.sent(), R"(tasks/result {"taskId":"i\"d"})");
  ASSERT_EQ(call.answer(R"({"content":[]})"), Step::done);
  EXPECT_EQ(call.flow.take_outcome().body, R"({"content":[]})");
  EXPECT_EQ(call.flow.cancel_params(), "");
}

TEST(CallFlow, ALegacyTaskThatAsksIsFetchedSoThatItCan) {
  for (const char* status : {"input_required", "failed", "cancelled"}) {
    Flow call = legacy_task();
    call.flow.begin();
    ASSERT_EQ(call.answer(R"({"task":{"taskId":"t","status":")" + std::string(status) + "\"}}"),
              Step::send);
    EXPECT_EQ(call.sent(), R"(tasks/result {"taskId":"t"})");
    EXPECT_EQ(call.flow.cancel_params(), R"({"taskId":"t"})");
    ASSERT_EQ(call.answer(R"({"code":1,"message":"m"})", Errc::remote_error), Step::done);
    EXPECT_EQ(call.flow.error(), Errc::remote_error);
  }
}

TEST(CallFlow, AServerThatMakesNoTaskHasAnswered) {
  for (const char* body :
       {R"({"content":[]})", R"({"task":7})", R"({"task":{"taskId":""}})", "7"}) {
    Flow call = legacy_task();
    call.flow.begin();
    ASSERT_EQ(call.answer(body), Step::done) << body;
    EXPECT_EQ(call.flow.take_outcome().body, body);
  }
}

TEST(CallFlow, AnotherTaskThanTheOneAskedForIsNone) {
  Flow call = legacy_task();
  call.flow.begin();
  call.answer(R"({"task":{"taskId":"t","status":"working"}})");
  call.flow.on_waited();
  ASSERT_EQ(call.answer(R"({"taskId":"u","status":"completed"})"), Step::fail);
  EXPECT_EQ(call.flow.error(), Errc::invalid_answer);
  EXPECT_EQ(call.flow.cancel_params(), R"({"taskId":"t"})");
}

// --- tasks of the modern era ---

TEST(CallFlow, AModernTaskIsPolledAskedAndItsResultTakenOut) {
  Flow call(Era::modern);
  call.flow.begin();
  ASSERT_EQ(call.answer(R"({"resultType":"task","taskId":"t","status":"working",)"
                        R"("pollIntervalMs":99999,"ttlMs":null})"),
            Step::wait);
  EXPECT_EQ(call.flow.pause(), milliseconds(5000)) << "not slower than this";
  call.flow.on_waited();
  EXPECT_EQ(call.sent(), R"(tasks/get {"taskId":"t","_meta":{"v":"m"}})");
  const std::string wants = R"({"resultType":"complete","taskId":"t","status":"input_required",)"
                            R"("inputRequests":{"k":{"method":"roots/list"}}})";
  ASSERT_EQ(call.answer(wants), Step::ask);
  ASSERT_EQ(call.flow.on_replies({reply(R"({"roots":[]})")}), Step::send);
  EXPECT_EQ(call.sent(), R"(tasks/update {"taskId":"t",)"
                         R"("inputResponses":{"k":{"roots":[]}},"_meta":{"v":"m"}})");
  ASSERT_EQ(call.answer(R"({"resultType":"complete"})"), Step::wait);
  call.flow.on_waited();
  ASSERT_EQ(call.answer(wants), Step::wait) << "the same is not asked twice";
  call.flow.on_waited();
  ASSERT_EQ(call.answer(R"({"resultType":"complete","taskId":"t","status":"completed",)"
                        R"("result":{"content":[1]}})"),
            Step::done);
  EXPECT_FALSE(call.flow.error());
  EXPECT_EQ(call.flow.take_outcome().body, R"({"content":[1]})");
  EXPECT_EQ(call.flow.cancel_params(), "");
}

TEST(CallFlow, AModernTaskThatFailsHasItsError) {
  Flow call(Era::modern);
  call.flow.begin();
  ASSERT_EQ(call.answer(R"({"resultType":"task","taskId":"t","status":"failed"})"), Step::send);
  EXPECT_EQ(call.sent(), R"(tasks/get {"taskId":"t","_meta":{"v":"m"}})");
  ASSERT_EQ(call.answer(R"({"taskId":"t","status":"failed","error":{"code":-1,"message":"m"}})"),
            Step::done);
  EXPECT_EQ(call.flow.error(), Errc::remote_error);
  EXPECT_EQ(call.flow.take_outcome().body, R"({"code":-1,"message":"m"})");
}

TEST(CallFlow, AModernTaskThatWasCancelledFailsInWords) {
  for (const char* status : {"cancelled", "completed", "failed"}) {
    Flow call(Era::modern);
    call.flow.begin();
    call.answer(R"({"resultType":"task","taskId":"t","status":"working"})");
    call.flow.on_waited();
    ASSERT_EQ(call.answer(R"({"taskId":"t","statusMessage":"by hand","status":")" +
                          std::string(status) + "\"}"),
              Step::fail);
    EXPECT_EQ(call.flow.why(),
              "server 'x' ended the task as '" + std::string(status) + "': by hand");
    EXPECT_EQ(call.flow.cancel_params(), "");
  }
}

TEST(CallFlow, ATaskThatNeverStopsAskingIsGivenUp) {
  Flow call(Era::modern);
  call.flow.begin();
  call.answer(R"({"resultType":"task","taskId":"t","status":"working"})");
  Step step = Step::wait;
  for (int round = 0; round <= CallFlow::most_rounds; ++round) {
    call.flow.on_waited();
    step = call.answer(R"({"taskId":"t","status":"input_required","inputRequests":{")" +
                       std::to_string(round) + R"(":{"method":"roots/list"}}})");
    if (step != Step::ask) break;
    call.flow.on_replies({reply("{}")});
    call.answer("{}");
  }
  ASSERT_EQ(step, Step::fail);
  EXPECT_EQ(call.flow.error(), Errc::question_failed);
  EXPECT_EQ(call.flow.cancel_params(), R"({"taskId":"t"})") << "it is still there";
}

}  // namespace
}  // namespace headrace::engine::mcp
