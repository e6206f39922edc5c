// Downstream with servers that misbehave while calls are under way.
#include <algorithm>
#include <numeric>
#include <random>

#include "downstream_fixture.hpp"

namespace headrace::engine::mcp {
namespace {

using test::Downstreams;
using test::Ended;
using test::patience;
using test::run_until;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST_F(Downstreams, StartOnTheFirstCall) {
  make();
  EXPECT_EQ(server->phase(), Phase::idle);
  EXPECT_EQ(server->pid(), -1);
  const auto first = begin("echo", R"({"a": "b"})");
  EXPECT_EQ(server->phase(), Phase::starting);
  const auto second = begin("echo", "{}");
  EXPECT_EQ(await(first).body, R"({"echo":{"a":"b"}})");
  EXPECT_EQ(await(second).body, R"({"echo":{}})");
  EXPECT_EQ(server->phase(), Phase::ready);
  EXPECT_EQ(server->starts(), 1);
  EXPECT_EQ(server->facts().implementation.name, "fake");
  EXPECT_EQ(server->facts().implementation.version, std::to_string(server->pid()));
}

TEST_F(Downstreams, CanBeWarmedUp) {
  make();
  server->warm_up();
  server->warm_up();
  EXPECT_TRUE(run_until(context, [this] { return server->phase() == Phase::ready; }));
  server->warm_up();
  expect_alive();
  EXPECT_EQ(server->starts(), 1);
}

TEST_F(Downstreams, ACallWithoutArgumentsHasAnEmptyObject) {
  make();
  EXPECT_EQ(call("echo", "").body, R"({"echo":{}})");
  EXPECT_EQ(call("echo", "").body, R"({"echo":{}})");
}

TEST_F(Downstreams, AnErrorOfTheServerIsPassedOn) {
  make();
  const Ended ended = call("refused");
  EXPECT_EQ(ended.error, Errc::remote_error);
  EXPECT_EQ(ended.message, "bad arguments");
  EXPECT_EQ(read_remote_error(ended.body).code, -32602);
  expect_alive();
}

TEST_F(Downstreams, AnyMethodCanBeCalled) {
  make();
  auto ended = std::make_shared<Ended>();
  server->call("ping", {}, {}, keep(ended));
  EXPECT_EQ(await(ended).body, "{}");
}

// --- dying ---

TEST_F(Downstreams, OneThatExitsInACallIsExplained) {
  make();
  expect_alive();
  const auto other = begin("silent");
  const Ended ended = call("die", R"({"code":23})");
  EXPECT_EQ(ended.error, Errc::peer_closed);
  EXPECT_THAT(ended.message, AllOf(HasSubstr("server 'fake'"), HasSubstr("exited with status 23"),
                                   HasSubstr("last words")));
  EXPECT_EQ(await(other).error, Errc::peer_closed);
  EXPECT_THAT(log, HasSubstr("warning server 'fake': exited with status 23"));
}

TEST_F(Downstreams, OneThatIsKilledIsExplained) {
  make();
  EXPECT_THAT(call("killed").message, HasSubstr("was killed by signal 9"));
}

TEST_F(Downstreams, OneThatDiedIsStartedAgainByTheNextCall) {
  make();
  for (int start = 1; start <= 3; ++start) {
    expect_alive();
    EXPECT_EQ(server->starts(), start);
    EXPECT_TRUE(call("die").error);
    EXPECT_TRUE(run_until(context, [this] { return server->phase() == Phase::idle; }));
  }
  EXPECT_EQ(restarts, 2) << "the list of a new process may be another one";
}

TEST_F(Downstreams, ACallMadeFromTheNewsOfADeathStartsItAgain) {
  make();
  expect_alive();
  std::shared_ptr<Ended> second;
  server->call_tool("die", RawJson{"{}", {}}, {},
                    [&](Outcome) { second = begin("echo", R"({"n":2})"); });
  ASSERT_TRUE(run_until(context, [&second] { return second != nullptr; }));
  EXPECT_EQ(await(second).body, R"({"echo":{"n":2}})");
  EXPECT_EQ(server->starts(), 2);
  // One supervisor, not two: closing has to wait for the one that runs.
  close();
  EXPECT_EQ(server->starts(), 2);
}

TEST_F(Downstreams, ACallCancelledInTheNewsOfADeathLeavesNothingStuck) {
  make();
  expect_alive();
  std::shared_ptr<Ended> second;
  server->call_tool("die", RawJson{"{}", {}}, {}, [&](Outcome) {
    second = begin("echo", R"({"n":2})");
    server->cancel(last_ticket, "");
  });
  ASSERT_TRUE(run_until(context, [&second] { return second != nullptr; }));
  EXPECT_EQ(await(second).error, Errc::cancelled);
  expect_alive();
}

TEST_F(Downstreams, OneThatCantBeWrittenToIsGivenUp) {
  stop_quickly = true;
  make();
  EXPECT_FALSE(call("half_close").error);
  const Ended ended = call("echo");
  EXPECT_EQ(ended.error, Errc::peer_closed);
  EXPECT_THAT(ended.message, HasSubstr("server 'fake'"));
  expect_alive();
  EXPECT_EQ(server->starts(), 2);
}

TEST_F(Downstreams, HalfAnAnswerIsNone) {
  make();
  const Ended ended = call("half_then_exit");
  EXPECT_TRUE(ended.error);
  EXPECT_EQ(ended.times, 1);
  expect_alive();
}

TEST_F(Downstreams, HalfAnAnswerAndThenNothingRunsIntoTheDeadline) {
  stop_quickly = true;
  make();
  expect_alive();
  const Ended ended = call("half_then_stop", "{}", Deadline::after(std::chrono::milliseconds(50)));
  EXPECT_EQ(ended.error, Errc::timed_out);
}

// --- silence ---

TEST_F(Downstreams, ADeadlineIsToldToTheServer) {
  make();
  expect_alive();
  const Ended ended = call("silent", "{}", Deadline::after(std::chrono::milliseconds(20)));
  EXPECT_EQ(ended.error, Errc::timed_out);
  EXPECT_THAT(ended.message, HasSubstr("did not answer in time"));
  EXPECT_THAT(call("await_cancel", R"({"count":1})").body, StartsWith(R"({"cancelled":[)"));
}

TEST_F(Downstreams, ACancelledCallIsToldToTheServer) {
  make();
  expect_alive();
  const auto silent = begin("silent");
  const auto ticket = last_ticket;
  const auto watch = begin("await_cancel", R"({"count":1})");
  server->cancel(ticket, "not needed");
  server->cancel(ticket, "again");
  EXPECT_EQ(await(silent).error, Errc::cancelled);
  EXPECT_FALSE(await(watch).error);
  EXPECT_EQ(silent->times, 1);
  expect_alive();
}

TEST_F(Downstreams, ACallThatHadToWaitIsCancelledByItsTicketAllTheSame) {
  make();
  const auto silent = begin("silent");
  const auto ticket = last_ticket;
  expect_alive();
  EXPECT_EQ(silent->times, 0);
  server->cancel(ticket, "");
  EXPECT_EQ(await(silent).error, Errc::cancelled);
  EXPECT_FALSE(call("await_cancel", R"({"count":1})").error);
  server->cancel(ticket, "");
}

TEST_F(Downstreams, ATicketOfAnotherLifeCancelsNothing) {
  make();
  expect_alive();
  const auto first = begin("silent");
  const auto ticket = last_ticket;
  EXPECT_TRUE(call("die").error);
  await(first);
  expect_alive();
  const auto second = begin("silent");
  server->cancel(ticket, "");
  server->cancel(0, "");
  server->cancel(UINT64_MAX, "");
  expect_alive();
  EXPECT_EQ(second->times, 0);
  EXPECT_EQ(first->times, 1);
}

TEST_F(Downstreams, OneThatHangsIsStartedAgainForTheNextCall) {
  stop_quickly = true;
  probe_limit = std::chrono::milliseconds(20);
  make();
  expect_alive();
  const auto beside = begin("silent");
  const Ended hung = call("hang", "{}", Deadline::after(std::chrono::milliseconds(20)));
  EXPECT_EQ(hung.error, Errc::timed_out);
  EXPECT_EQ(server->starts(), 1) << "nobody is waiting for it yet";
  expect_alive();
  EXPECT_EQ(server->starts(), 2);
  EXPECT_THAT(log, HasSubstr("has stopped answering"));
  EXPECT_EQ(await(beside).error, Errc::peer_closed);
  EXPECT_THAT(beside->message, HasSubstr("while the call was under way"));
}

TEST_F(Downstreams, OneThatIsSilentAboutACallIsNotStartedAgain) {
  make();
  expect_alive();
  for (int i = 0; i < 3; ++i) {
    const Ended ended = call("silent", "{}", Deadline::after(std::chrono::milliseconds(5)));
    EXPECT_EQ(ended.error, Errc::timed_out);
    expect_alive();
  }
  EXPECT_EQ(server->starts(), 1);
}

// --- noise ---

TEST_F(Downstreams, AFloodOfStderrIsDrained) {
  make();
  EXPECT_FALSE(call("flood").error);
  expect_alive();
}

TEST_F(Downstreams, BannersBlankLinesAndGarbageAreSkipped) {
  make({"banner"});
  expect_alive();
  EXPECT_EQ(call("noise").body, R"({"ok": true})");
  expect_alive();
  EXPECT_THAT(log, HasSubstr("Fake server 1.0"));
  EXPECT_THAT(log, Not(HasSubstr("Welcome")));
}

TEST_F(Downstreams, AnswersToNobodyAreIgnored) {
  make();
  EXPECT_EQ(call("wrong_id").body, R"({"ok":true})");
  const auto twice = begin("twice");
  EXPECT_EQ(await(twice).body, R"({"n":1})");
  expect_alive();
  EXPECT_EQ(twice->times, 1);
}

TEST_F(Downstreams, AnUnreadableAnswerFailsItsCallOnly) {
  make();
  const Ended ended = call("unreadable");
  EXPECT_EQ(ended.error, Errc::invalid_answer);
  EXPECT_THAT(ended.message, HasSubstr("server 'fake'"));
  expect_alive();
}

TEST_F(Downstreams, WhatTheServerTellsIsHeard) {
  make();
  EXPECT_FALSE(call("tell").error);
  EXPECT_THAT(log, HasSubstr("error server 'fake': from the server"));
  EXPECT_EQ(tools_changed, 1);
}

TEST_F(Downstreams, EachOfItsRequestsIsAnswered) {
  make();
  EXPECT_EQ(call("ask").body,
            R"({"q-ping":{},"q-roots/list":-32601,"q-sampling/createMessage":-32601,)"
            R"("q-elicitation/create":-32601,"q-x/y":-32601})");
}

TEST_F(Downstreams, RootsAreToldWhereThereAreAny) {
  options.identity.roots.push_back({"file:///data", "data"});
  make();
  EXPECT_THAT(call("ask").body,
              HasSubstr(R"("q-roots/list":{"roots":[{"uri":"file:///data","name":"data"}]})"));
}

// --- many and large ---

TEST_F(Downstreams, AThousandAnswersInAnyOrderReachTheRightCallers) {
  make();
  constexpr int many = 1000;
  std::vector<std::shared_ptr<Ended>> all;
  for (int i = 0; i < many; ++i)
    all.push_back(begin("hold", R"({"of":1000,"n":)" + std::to_string(i) + "}"));
  for (int i = 0; i < many; ++i) {
    const Ended ended = await(all[static_cast<std::size_t>(i)]);
    ASSERT_FALSE(ended.error) << ended.message;
    ASSERT_EQ(ended.body, R"({"of":1000,"n":)" + std::to_string(i) + "}");
    ASSERT_EQ(ended.times, 1);
  }
}

TEST_F(Downstreams, ALargeResultArrivesWhole) {
  make();
  constexpr std::size_t size = 32 << 20;
  const Ended ended = call("big", R"({"size":)" + std::to_string(size) + "}");
  ASSERT_FALSE(ended.error) << ended.message;
  ASSERT_EQ(ended.body.size(), size + 11);
  const std::string_view text = std::string_view(ended.body).substr(9, size);
  bool right = true;
  for (std::size_t i = 0; i < size; ++i)
    right = right && text[i] == "0123456789abcdef"[i % 16];
  EXPECT_TRUE(right);
}

TEST_F(Downstreams, AResultOverTheLimitFailsItsCallOnly) {
  make();
  const auto before = begin("hold", R"({"of":2,"n":1})");
  const Ended ended = call("big", R"({"size":)" + std::to_string(65 << 20) + "}");
  EXPECT_EQ(ended.error, Errc::frame_too_large);
  EXPECT_THAT(ended.message, AllOf(HasSubstr("server 'fake'"), HasSubstr("64 MiB")));
  EXPECT_FALSE(call("hold", R"({"of":2,"n":2})").error);
  EXPECT_FALSE(await(before).error);
  EXPECT_EQ(server->starts(), 1);
}

TEST_F(Downstreams, LargeArgumentsArriveWhole) {
  make();
  const std::string text(3 << 20, 'a');
  EXPECT_EQ(call("echo", "\"" + text + "\"").body, R"({"echo":")" + text + "\"}");
}

// --- lists ---

struct Lists : Downstreams {
  ListPages list(const char* mode) {
    make({mode});
    std::optional<ListPages> result;
    server->list(ListKind::tools, {}, [&result](ListPages pages) { result = std::move(pages); });
    EXPECT_TRUE(run_until(context, [&result] { return result.has_value(); }));
    return result ? std::move(*result) : ListPages{};
  }
};

TEST_F(Lists, AllPagesAreReadAnEmptyCursorIncluded) {
  const ListPages pages = list("pages");
  EXPECT_FALSE(pages.error);
  EXPECT_EQ(pages.message, "");
  ASSERT_EQ(pages.pages.size(), 3U);
  EXPECT_THAT(pages.pages[0], HasSubstr("page of None"));
  EXPECT_THAT(pages.pages[1], HasSubstr("page of ''"));
  EXPECT_THAT(pages.pages[2], HasSubstr("page of 'b'"));
}

TEST_F(Lists, ARepeatedCursorEndsTheListWithAWarning) {
  for (const char* mode : {"same_cursor", "cursor_circle"}) {
    const ListPages pages = list(mode);
    EXPECT_FALSE(pages.error);
    EXPECT_THAT(pages.message, HasSubstr("repeats a cursor"));
    EXPECT_EQ(pages.pages.size(), mode == std::string_view("same_cursor") ? 2U : 3U);
    close();
  }
}

TEST_F(Lists, AnEndlessListIsCut) {
  const ListPages pages = list("endless");
  EXPECT_FALSE(pages.error);
  EXPECT_THAT(pages.message, HasSubstr("cut"));
  EXPECT_EQ(pages.pages.size(), 1000U);
}

TEST_F(Lists, APageThatFailsFailsTheList) {
  const ListPages pages = list("failing_page");
  EXPECT_EQ(pages.error, Errc::remote_error);
  EXPECT_EQ(pages.message, "bad cursor");
}

TEST_F(Lists, AServerThatCantStartHasNone) {
  const ListPages pages = list("exit");
  EXPECT_EQ(pages.error, Errc::server_unavailable);
  EXPECT_THAT(pages.message, HasSubstr("exited with status 7"));
  EXPECT_THAT(pages.pages, IsEmpty());
}

// --- with tokens ---

TEST_F(Downstreams, ACallIsCancelledByItsSlot) {
  make();
  for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                          asio::cancellation_type::total}) {
    // Cold the first time, warm the others.
    asio::cancellation_signal signal;
    std::vector<std::error_code> ends;
    auto on_end = [&ends](std::error_code error, Outcome) { ends.push_back(error); };
    server->async_call_tool("silent", RawJson{"{}", {}}, {},
                            asio::bind_cancellation_slot(signal.slot(), on_end));
    context.restart();
    context.poll();
    signal.emit(type);
    EXPECT_TRUE(run_until(context, [&ends] { return ends.size() == 1; }));
    ASSERT_EQ(ends.size(), 1U);
    EXPECT_EQ(ends[0], Errc::cancelled);
    signal.emit(type);
    expect_alive();
  }
}

TEST_F(Downstreams, CallsAndListsCanBeAwaited) {
  make({"pages"});
  auto body = [this]() -> asio::awaitable<void> {
    const RawJson arguments{R"({"n":1})", {}};
    auto [error, outcome] =
        co_await server->async_call_tool("echo", arguments, Deadline(), use_tuple);
    EXPECT_FALSE(error);
    EXPECT_EQ(outcome.answer.body, R"({"echo":{"n":1}})");
    auto [list_error, pages] = co_await server->async_list(ListKind::tools, Deadline(), use_tuple);
    EXPECT_FALSE(list_error);
    EXPECT_EQ(pages.pages.size(), 3U);
  };
  engine::test::run(context, body());
}

}  // namespace
}  // namespace headrace::engine::mcp
