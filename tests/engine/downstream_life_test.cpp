// Downstream's beginnings and ends: servers that never start, and closing in every phase.
#include <sys/wait.h>

#include "downstream_fixture.hpp"

namespace headrace::engine::mcp {
namespace {

using test::Downstreams;
using test::Ended;
using test::run_until;
using testing::AllOf;
using testing::HasSubstr;

bool is_gone(pid_t pid) {
  return ::kill(pid, 0) != 0;
}

// --- servers that never start ---

TEST_F(Downstreams, AMissingCommandIsExplained) {
  LaunchSpec spec = launch({});
  spec.argv = {"no-such-server"};
  make_from(std::move(spec));
  const Ended ended = call("echo");
  EXPECT_EQ(ended.error, Errc::server_unavailable);
  EXPECT_THAT(ended.message, AllOf(HasSubstr("server 'fake' could not be started"),
                                   HasSubstr("'no-such-server' is not on PATH")));
  EXPECT_THAT(log, HasSubstr("error server 'fake'"));
  EXPECT_EQ(server->phase(), Phase::idle);
}

TEST_F(Downstreams, AMissingWorkingDirectoryIsExplained) {
  LaunchSpec spec = launch({});
  spec.cwd = "/no/such/folder";
  make_from(std::move(spec));
  EXPECT_THAT(call("echo").message, HasSubstr("'/no/such/folder'"));
}

TEST_F(Downstreams, OneThatExitsAtOnceIsExplained) {
  make({"exit"});
  const Ended ended = call("echo");
  EXPECT_EQ(ended.error, Errc::server_unavailable);
  EXPECT_THAT(ended.message,
              AllOf(HasSubstr("exited with status 7 before it answered 'initialize'"),
                    HasSubstr("can't find my configuration")));
}

TEST_F(Downstreams, OneThatNeverAnswersIsGivenUp) {
  stop_quickly = true;
  options.start_limit = std::chrono::milliseconds(200);
  make({"mute"});
  const Ended ended = call("echo");
  EXPECT_EQ(ended.error, Errc::server_unavailable);
  EXPECT_THAT(ended.message,
              HasSubstr("did not answer 'server/discover' or 'initialize' within 0.2 s"));
  EXPECT_EQ(server->pid(), -1);
}

TEST_F(Downstreams, WhatItSaysInsteadOfHelloIsExplained) {
  const std::pair<const char*, const char*> cases[] = {{"refuse", "no licence"},
                                                       {"unknown_version", "'1999-01-01'"},
                                                       {"not_an_object", "not a JSON object"},
                                                       {"unreadable", "can't be read"}};
  for (const auto& [mode, words] : cases) {
    make({mode});
    const Ended ended = call("echo");
    EXPECT_EQ(ended.error, Errc::server_unavailable) << mode;
    EXPECT_THAT(ended.message, HasSubstr(words)) << mode;
    close();
  }
}

TEST_F(Downstreams, AFailedStartIsRememberedForAWhile) {
  options.policy.first_delay = std::chrono::hours(1);
  options.policy.longest_delay = std::chrono::hours(1);
  make({"exit"});
  const auto first = begin("echo");
  const auto second = begin("echo");
  EXPECT_EQ(await(first).error, Errc::server_unavailable);
  EXPECT_EQ(await(second).error, Errc::server_unavailable);
  const Ended third = call("echo");
  EXPECT_EQ(third.error, Errc::server_unavailable);
  EXPECT_THAT(third.message, AllOf(HasSubstr("exited with status 7"), HasSubstr("tried again")));
  EXPECT_EQ(server->starts(), 1);
}

TEST_F(Downstreams, AFailedStartIsTriedAgainLater) {
  const engine::test::TemporaryFolder folder;
  options.protocol = ProtocolChoice::legacy;
  options.policy.first_delay = std::chrono::milliseconds(0);
  make({"exit_first", folder / "mark"});
  EXPECT_EQ(call("echo").error, Errc::server_unavailable);
  expect_alive();
  EXPECT_EQ(server->starts(), 2);
}

TEST_F(Downstreams, ACallMadeFromTheNewsOfAFailedStartIsServed) {
  const engine::test::TemporaryFolder folder;
  options.protocol = ProtocolChoice::legacy;
  options.policy.first_delay = std::chrono::milliseconds(0);
  make({"exit_first", folder / "mark"});
  std::shared_ptr<Ended> second;
  server->call_tool("echo", RawJson{"{}", {}}, {}, [&](Outcome outcome) {
    EXPECT_TRUE(outcome.error);
    second = begin("echo", R"({"n":2})");
  });
  ASSERT_TRUE(run_until(context, [&second] { return second != nullptr; }));
  EXPECT_EQ(await(second).body, R"({"echo":{"n":2}})");
}

// --- calls that wait for the start ---

TEST_F(Downstreams, ACallThatWaitsHasItsDeadline) {
  stop_quickly = true;
  make({"mute"});
  const auto patient = begin("echo");
  const Ended ended = call("echo", "{}", Deadline::after(std::chrono::milliseconds(20)));
  EXPECT_EQ(ended.error, Errc::timed_out);
  EXPECT_THAT(ended.message, HasSubstr("was not ready"));
  EXPECT_EQ(patient->times, 0);
  close();
  EXPECT_EQ(patient->error, Errc::shutting_down);
}

TEST_F(Downstreams, DeadlinesOfThoseThatWaitPassInAnyOrder) {
  stop_quickly = true;
  make({"mute"});
  const auto later = begin("echo", "{}", Deadline::after(std::chrono::milliseconds(60)));
  const auto sooner = begin("echo", "{}", Deadline::after(std::chrono::milliseconds(20)));
  const auto never = begin("echo");
  EXPECT_EQ(await(sooner).error, Errc::timed_out);
  EXPECT_EQ(await(later).error, Errc::timed_out);
  EXPECT_EQ(never->times, 0);
}

TEST_F(Downstreams, ACallThatWaitsCanBeCancelled) {
  stop_quickly = true;
  make({"mute"});
  const auto first = begin("echo");
  const auto ticket = last_ticket;
  const auto second = begin("echo");
  server->cancel(ticket, "");
  EXPECT_EQ(await(first).error, Errc::cancelled);
  server->cancel(ticket, "");
  EXPECT_EQ(second->times, 0);
}

// --- closing ---

TEST_F(Downstreams, ClosedBeforeTheStart) {
  make();
  close();
  EXPECT_EQ(call("echo").error, Errc::shutting_down);
  server->warm_up();
  EXPECT_EQ(server->starts(), 0);
  close();
}

TEST_F(Downstreams, ClosedRightAfterTheFirstCall) {
  make();
  const auto waiting = begin("echo");
  close();
  EXPECT_EQ(waiting->times, 1);
  EXPECT_EQ(waiting->error, Errc::shutting_down);
}

TEST_F(Downstreams, ClosedWhileItStarts) {
  stop_quickly = true;
  make({"mute"});
  const auto waiting = begin("echo");
  ASSERT_TRUE(run_until(context, [this] { return server->pid() > 0; }));
  const pid_t pid = server->pid();
  close();
  EXPECT_TRUE(is_gone(pid));
  EXPECT_EQ(waiting->times, 1);
  EXPECT_EQ(waiting->error, Errc::shutting_down);
}

TEST_F(Downstreams, ClosedWhenReady) {
  make();
  expect_alive();
  const pid_t pid = server->pid();
  close();
  EXPECT_TRUE(is_gone(pid));
  EXPECT_EQ(call("echo").error, Errc::shutting_down);
  EXPECT_EQ(log, "") << "an orderly end is no news";
}

TEST_F(Downstreams, ClosedWithCallsUnderWay) {
  make();
  expect_alive();
  const auto silent = begin("silent");
  const auto other = begin("silent");
  close();
  EXPECT_EQ(silent->times, 1);
  EXPECT_TRUE(silent->error);
  EXPECT_EQ(other->times, 1);
}

TEST_F(Downstreams, ClosedForAReasonThatEachCallIsTold) {
  using Mode = std::vector<std::string>;
  for (const Mode& mode : {Mode{}, Mode{"ignores_eof"}, Mode{"mute"}}) {
    stop_quickly = !mode.empty();
    make(mode);
    if (mode != Mode{"mute"}) expect_alive();
    const auto silent = begin("silent");
    server->set_end_reason("nobody wants it");
    close();
    EXPECT_EQ(silent->times, 1);
    EXPECT_EQ(silent->message, "server 'fake' was ended: nobody wants it");
    EXPECT_EQ(call("echo").message, "server 'fake' was ended: nobody wants it");
  }
}

TEST_F(Downstreams, ClosedThoughItIgnoresEverything) {
  stop_quickly = true;
  make({"ignores_eof"});
  expect_alive();
  const pid_t pid = server->pid();
  close();
  EXPECT_TRUE(is_gone(pid));
}

TEST_F(Downstreams, ClosedWhileItWaitsToBeTriedAgain) {
  options.policy.free_restarts = 0;
  options.policy.first_delay = std::chrono::hours(1);
  options.policy.longest_delay = std::chrono::hours(1);
  make();
  EXPECT_TRUE(call("die").error);
  ASSERT_TRUE(run_until(context, [this] { return server->phase() == Phase::idle; }));
  const auto waiting = begin("echo");
  context.restart();
  context.poll();
  EXPECT_EQ(waiting->times, 0);
  close();
  EXPECT_EQ(waiting->error, Errc::shutting_down);
}

TEST_F(Downstreams, ClosedTwiceAtOnce) {
  make();
  expect_alive();
  int closed = 0;
  auto closing = [&]() -> asio::awaitable<void> {
    co_await server->async_close();
    ++closed;
  };
  asio::co_spawn(context, closing(), asio::detached);
  asio::co_spawn(context, closing(), asio::detached);
  EXPECT_TRUE(run_until(context, [&closed] { return closed == 2; }));
  EXPECT_EQ(server->phase(), Phase::closed);
}

TEST_F(Downstreams, ClosedFromTheNewsOfADeath) {
  make();
  expect_alive();
  bool closed = false;
  auto closing = [&]() -> asio::awaitable<void> {
    co_await server->async_close();
    closed = true;
  };
  server->call_tool("die", RawJson{"{}", {}}, {},
                    [&](Outcome) { asio::co_spawn(context, closing(), asio::detached); });
  EXPECT_TRUE(run_until(context, [&closed] { return closed; }));
}

// --- going with the context ---

struct Abandoned : testing::TestWithParam<const char*> {};

TEST_P(Abandoned, WithTheContextAtEachStage) {
  const std::string mode = GetParam();
  for (int stage = 0; stage < 4; ++stage) {
    int ended = 0;
    int listed = 0;
    {
      asio::io_context context;
      LaunchSpec spec;
      spec.name = "fake";
      spec.argv = {"python3", "-B", "-S", HEADRACE_FAKE_SERVER, mode};
      spec.environment = engine::test::basic_environment();
      const auto server =
          Downstream::make(context.get_executor(), std::move(spec), {}, nullptr, Logger());
      auto count = [&ended](Outcome) { ++ended; };
      server->call_tool("silent", RawJson{"{}", {}}, {}, count);
      server->list(ListKind::tools, {}, [&listed](const ListPages&) { ++listed; });
      // One that holds the server while it waits for it.
      auto holder = [](std::shared_ptr<Downstream> held) -> asio::awaitable<void> {
        const RawJson arguments{"{}", {}};
        co_await held->async_call_tool("silent", arguments, Deadline(), use_tuple);
      };
      asio::co_spawn(context, holder(server), asio::detached);
      const bool starts = mode == "normal";
      if (stage == 1) context.poll();
      if (stage == 2) run_until(context, [&server] { return server->pid() > 0; });
      if (stage == 3 && starts) {
        run_until(context, [&server] { return server->phase() == Phase::ready; });
      }
    }
    EXPECT_LE(ended, 1);
    const bool ran = stage == 1 || stage == 2 || (stage == 3 && mode == "normal");
    EXPECT_EQ(listed, ran ? 1 : 0) << stage;
  }
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

INSTANTIATE_TEST_SUITE_P(Downstream, Abandoned, testing::Values("normal", "mute"));

// --- rest ---

TEST_F(Downstreams, OneThatRestsIsStartedAgainByTheNextCall) {
  make();
  server->rest();
  EXPECT_EQ(server->phase(), Phase::idle) << "there was nothing to end";
  expect_alive();
  const pid_t first = server->pid();
  server->rest();
  EXPECT_TRUE(run_until(context, [this] { return server->phase() == Phase::idle; }));
  EXPECT_TRUE(is_gone(first));
  EXPECT_EQ(log, "") << "nothing went wrong";
  expect_alive();
  EXPECT_EQ(server->starts(), 2);
  EXPECT_EQ(restarts, 1);
}

TEST_F(Downstreams, ACallThatComesAsItLiesDownStartsItAgain) {
  make();
  expect_alive();
  server->rest();
  server->rest();
  const auto second = begin("echo", R"({"n":2})");
  EXPECT_EQ(await(second).body, R"({"echo":{"n":2}})");
  EXPECT_EQ(server->starts(), 2);
}

TEST_F(Downstreams, NoneRestsWhileACallIsUnderWay) {
  make();
  const auto waiting = begin("silent");
  server->rest();
  expect_alive();
  server->rest();
  expect_alive();
  EXPECT_EQ(waiting->times, 0);
  EXPECT_EQ(server->starts(), 1);
}

TEST_F(Downstreams, OneThatNobodyStartedJustGoes) {
  make();
  server.reset();
  context.run();
}

}  // namespace
}  // namespace headrace::engine::mcp
