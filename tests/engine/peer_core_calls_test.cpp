// PeerCore: our calls, and what becomes of them.
#include <functional>
#include <random>

#include <gmock/gmock.h>

#include "core_harness.hpp"

namespace headrace::engine {
namespace {

using test::CallRecord;
using test::CoreHarness;
using test::result_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

Clock::time_point at(int ms) {
  return Clock::time_point(std::chrono::milliseconds(ms));
}

CallOptions until(int ms) {
  CallOptions options;
  options.deadline = Deadline(at(ms));
  return options;
}

TEST(PeerCoreCalls, GoOutAsOneLineEach) {
  CoreHarness peer;
  peer.call("tools/call", R"({"name":"x"})");
  peer.call("ping");
  peer.call("odd \"name\"");
  EXPECT_THAT(peer.written(),
              ElementsAre(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}})",
                          R"({"jsonrpc":"2.0","id":2,"method":"ping"})",
                          R"({"jsonrpc":"2.0","id":3,"method":"odd \"name\""})"));
}

TEST(PeerCoreCalls, APayloadInThreePiecesIsWrittenInOrder) {
  CoreHarness peer;
  framing::BlockRef block = framing::BlockRef::allocate(5000);
  std::memset(block.data(), '7', 5000);
  Completion completion = [](std::error_code, Answer) {};
  std::error_code failure;
  {
    const Payload params(R"({"n":)", RawJson{{block.data(), 5000}, block}, "}");
    peer.core().call("m", params, {}, completion, failure);
  }
  EXPECT_FALSE(block.unique()) << "a large slice is kept, not copied";
  EXPECT_THAT(peer.written(), ElementsAre(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"n":)" +
                                          std::string(5000, '7') + "}}"));
  EXPECT_TRUE(block.unique());
}

TEST(PeerCoreCalls, AnswersFindTheirCallersInAnyOrder) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    std::mt19937 random(seed);
    CoreHarness peer;
    std::vector<std::uint64_t> numbers;
    for (int i = 0; i < 300; ++i)
      numbers.push_back(peer.call("m").number);
    std::shuffle(numbers.begin(), numbers.end(), random);
    std::string stream;
    for (const std::uint64_t number : numbers)
      stream += result_of(number, std::to_string(number * 7)) + "\n";
    peer.feed(stream, 1 + random() % 300);
    for (const auto& call : peer.calls) {
      ASSERT_EQ(call->completions, 1);
      ASSERT_FALSE(call->error);
      ASSERT_EQ(call->body, std::to_string(call->number * 7));
    }
    EXPECT_EQ(peer.core().calls_pending(), 0U);
  }
}

TEST(PeerCoreCalls, AnAnswerMayComeBeforeTheCallIsWritten) {
  CoreHarness peer;
  const CallRecord& call = peer.call("m");
  peer.line(result_of(1, "true"));
  EXPECT_EQ(call.completions, 1);
  EXPECT_EQ(call.body, "true");
}

TEST(PeerCoreCalls, ASecondAnswerIsDroppedAndCounted) {
  CoreHarness peer;
  const CallRecord& call = peer.call("m");
  peer.line(result_of(1, "1"));
  peer.line(result_of(1, "2"));
  EXPECT_EQ(call.completions, 1);
  EXPECT_EQ(call.body, "1");
  EXPECT_EQ(peer.core().stats().late_answers, 1U);
}

TEST(PeerCoreCalls, AnswersToNobodyAreDroppedAndCounted) {
  CoreHarness peer;
  const CallRecord& call = peer.call("m");
  for (const char* id : {"2", "0", "-1", "\"1\"", "1.0", "1e0", "18446744073709551617", "\"x\""})
    peer.line(std::string(R"({"jsonrpc":"2.0","id":)") + id + R"(,"result":1})");
  EXPECT_EQ(call.completions, 0);
  EXPECT_EQ(peer.core().stats().unknown_answers, 8U);
  peer.line(result_of(1, "1"));
  EXPECT_EQ(call.completions, 1);
}

TEST(PeerCoreCalls, ARemoteErrorCarriesItsObject) {
  CoreHarness peer;
  const CallRecord& call = peer.call("m");
  peer.line(
      R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"not \"here\"","data":[1, 2]}})");
  EXPECT_EQ(call.error, Errc::remote_error);
  const RemoteError error = read_remote_error(call.body);
  EXPECT_EQ(error.code, -32601);
  EXPECT_EQ(error.message, "not \"here\"");
  EXPECT_EQ(error.data, "[1, 2]");
}

TEST(PeerCoreCalls, ARemoteErrorOfAnyShapeCanBeRead) {
  for (const char* body :
       {"null", "[]", "\"text\"", "{}", "{\"code\":\"x\",\"message\":7}", "", "{\"code\":1.5}"}) {
    const RemoteError error = read_remote_error(body);
    EXPECT_EQ(error.code, 0) << body;
  }
  EXPECT_EQ(read_remote_error(R"({"message":7})").message, "7");
}

TEST(PeerCoreCalls, AnAnswerOutlivesItsBlocksReuse) {
  CoreHarness peer;
  Answer kept;
  Completion completion = [&kept](std::error_code, Answer answer) { kept = std::move(answer); };
  std::error_code failure;
  peer.core().call("m", {}, {}, completion, failure);
  const std::string body = "\"" + std::string(40000, 'k') + "\"";
  peer.line(result_of(1, body));
  for (int i = 0; i < 50; ++i)
    peer.line(R"({"jsonrpc":"2.0","method":"n","params":")" + std::string(30000, 'z') + "\"}");
  EXPECT_EQ(kept.body, body);
}

TEST(PeerCoreCalls, ABrokenLineWithTheIdOfACallIsItsAnswer) {
  CoreHarness peer;
  const CallRecord& first = peer.call("m");
  const CallRecord& second = peer.call("m");
  const CallRecord& third = peer.call("m");
  peer.line(R"({"jsonrpc":"2.0","id":1,"result":{"broken":})");
  peer.line(R"({"jsonrpc":"2.0","id":2,"result":1,"error":{}})");
  peer.line(R"({"jsonrpc":"2.0","id":3})");
  for (const CallRecord* call : {&first, &second, &third}) {
    EXPECT_EQ(call->completions, 1);
    EXPECT_EQ(call->error, Errc::invalid_answer);
  }
}

TEST(PeerCoreCalls, ABrokenRequestWithTheIdOfACallIsNotItsAnswer) {
  CoreHarness peer;
  const CallRecord& call = peer.call("m");
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"broken":})");
  EXPECT_EQ(call.completions, 0);
}

TEST(PeerCoreCalls, AnAnswerOverTheLimitFailsItsCallOnly) {
  PeerOptions options;
  options.frame_limit = 1000;
  CoreHarness peer(std::move(options));
  const CallRecord& large = peer.call("m");
  const CallRecord& small = peer.call("m");
  peer.feed(result_of(1, "\"" + std::string(5000, 'x') + "\"") + "\n" + result_of(2, "2") + "\n",
            700);
  EXPECT_EQ(large.error, Errc::frame_too_large);
  EXPECT_EQ(large.completions, 1);
  EXPECT_FALSE(small.error);
  EXPECT_EQ(small.body, "2");
  EXPECT_EQ(peer.core().stats().oversize_frames, 1U);
}

TEST(PeerCoreCalls, ACallOverTheLimitIsRefused) {
  PeerOptions options;
  options.frame_limit = 1000;
  CoreHarness peer(std::move(options));
  EXPECT_EQ(peer.call("m", std::string(1001, '1')).refused, Errc::frame_too_large);
  EXPECT_EQ(peer.call(std::string(2000, 'm'), "1").refused, Errc::frame_too_large);
  EXPECT_EQ(peer.call("m", std::string(800, '1')).number, 1U);
  for (const std::string& line : peer.written())
    EXPECT_LE(line.size(), 1000U);
}

// --- deadlines ---

TEST(PeerCoreCalls, ADeadlineEndsTheWaitingAndTellsTheOtherEnd) {
  CoreHarness peer;
  const CallRecord& call = peer.call("m", {}, until(100));
  const CallRecord& other = peer.call("m", {}, until(300));
  EXPECT_EQ(peer.core().next_deadline(), at(100));
  peer.written();
  peer.core().on_tick(at(99));
  EXPECT_EQ(call.completions, 0);
  peer.core().on_tick(at(100));
  EXPECT_EQ(call.error, Errc::timed_out);
  EXPECT_THAT(peer.written(),
              ElementsAre(StartsWith(R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
                                     R"("params":{"requestId":1,)")));
  EXPECT_EQ(peer.core().next_deadline(), at(300));
  peer.line(result_of(1, "1"));
  EXPECT_EQ(call.completions, 1);
  EXPECT_EQ(peer.core().stats().late_answers, 1U);
  EXPECT_EQ(other.completions, 0);
}

TEST(PeerCoreCalls, OneThatTriesAgainTooLateForEverHoldsNobodyUp) {
  CoreHarness peer;
  int tries = 0;
  std::function<void()> again = [&] {
    Completion completion = [&](std::error_code, Answer) {
      ++tries;
      again();
    };
    std::error_code failure;
    if (tries < 1000) peer.core().call("m", {}, until(10), completion, failure);
  };
  again();
  peer.core().on_tick(at(20));
  EXPECT_EQ(tries, 1);
  EXPECT_EQ(peer.core().next_deadline(), at(10));
  again = [] {};
  peer.core().close(Errc::shutting_down);
}

TEST(PeerCoreCalls, HeldDeadlinesStandStillAndGoOnLater) {
  CoreHarness peer;
  const CallRecord& soon = peer.call("a", {}, until(100));
  const CallRecord& late = peer.call("b", {}, until(200));
  peer.core().hold_deadlines(at(50));
  peer.core().hold_deadlines(at(60));
  EXPECT_EQ(peer.core().next_deadline(), std::nullopt);
  peer.core().on_tick(at(5000));
  EXPECT_EQ(soon.completions + late.completions, 0);
  peer.core().release_deadlines(at(1050));
  peer.core().release_deadlines(at(9999));
  EXPECT_EQ(peer.core().next_deadline(), at(1100));
  peer.core().on_tick(at(1099));
  EXPECT_EQ(soon.completions, 0);
  peer.core().on_tick(at(1100));
  EXPECT_EQ(soon.error, Errc::timed_out);
  EXPECT_EQ(late.completions, 0);
  peer.core().on_tick(at(1200));
  EXPECT_EQ(late.error, Errc::timed_out);
}

TEST(PeerCoreCalls, ACallBegunWhileDeadlinesAreHeldHasAllOfItsTime) {
  CoreHarness peer;
  const auto now = Clock::now();
  peer.core().hold_deadlines(now - std::chrono::hours(1));
  CallOptions options;
  options.deadline = Deadline(now + std::chrono::hours(2));
  const CallRecord& call = peer.call("a", {}, options);
  peer.core().release_deadlines(now);
  ASSERT_TRUE(peer.core().next_deadline());
  // Some time has passed since `now` was read, by which it is earlier.
  EXPECT_LE(*peer.core().next_deadline(), now + std::chrono::hours(2));
  EXPECT_GT(*peer.core().next_deadline(), now + std::chrono::hours(1));
  EXPECT_EQ(call.completions, 0);
}

TEST(PeerCoreCalls, AHoldDoesNotKeepAnEndingPeer) {
  CoreHarness peer;
  const CallRecord& call = peer.call("a", {}, until(100));
  peer.core().hold_deadlines(at(50));
  peer.core().on_write_error(asio::error::broken_pipe);
  const auto end = peer.core().next_deadline();
  ASSERT_TRUE(end);
  peer.core().on_tick(*end);
  EXPECT_EQ(call.error, Errc::peer_closed);
}

TEST(PeerCoreCalls, AnAnsweredCallLeavesNoDeadline) {
  CoreHarness peer;
  peer.call("m", {}, until(100));
  peer.line(result_of(1, "1"));
  EXPECT_EQ(peer.core().next_deadline(), std::nullopt);
  peer.core().on_tick(at(1000));
  EXPECT_EQ(peer.calls[0]->completions, 1);
}

// --- cancellation ---

TEST(PeerCoreCalls, CancellingTellsTheOtherEndOnce) {
  CoreHarness peer;
  const CallRecord& call = peer.call("m");
  peer.written();
  peer.core().cancel(1, "not \"needed\"");
  peer.core().cancel(1, "again");
  peer.core().cancel(77, "never was");
  EXPECT_EQ(call.error, Errc::cancelled);
  EXPECT_EQ(call.completions, 1);
  EXPECT_THAT(peer.written(),
              ElementsAre(R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
                          R"("params":{"requestId":1,"reason":"not \"needed\""}})"));
}

TEST(PeerCoreCalls, WhatMustNotBeCancelledIsOnlyAbandoned) {
  CoreHarness peer;
  CallOptions options;
  options.announce_cancel = false;
  peer.call("initialize", {}, options);
  peer.written();
  peer.core().cancel(1, "");
  EXPECT_EQ(peer.calls[0]->error, Errc::cancelled);
  EXPECT_THAT(peer.written(), IsEmpty());
}

TEST(PeerCoreCalls, WithoutACancelMethodNothingIsSaid) {
  PeerOptions options;
  options.cancel_method.clear();
  CoreHarness peer(std::move(options));
  peer.call("m");
  peer.written();
  peer.core().cancel(1, "");
  EXPECT_THAT(peer.written(), IsEmpty());
}

PeerOptions narrow() {
  PeerOptions options;
  options.write_high_water = 100;
  return options;
}

TEST(PeerCoreCalls, AboveTheMarkTheyWaitOnOurSide) {
  CoreHarness peer(narrow());
  peer.call("first", "\"" + std::string(200, 'x') + "\"");
  const std::size_t before = peer.core().output().size();
  peer.call("second");
  peer.call("third");
  EXPECT_EQ(peer.core().output().size(), before);
  EXPECT_FALSE(peer.core().notify("n", {}));
  const std::vector<std::string> lines = peer.written();
  EXPECT_THAT(lines, ElementsAre(HasSubstr("first"), HasSubstr("second"), HasSubstr("third")));
  EXPECT_EQ(peer.core().stats().frames_out, 3U);
}

TEST(PeerCoreCalls, OneThatStillWaitsIsCancelledWithoutAWord) {
  CoreHarness peer(narrow());
  peer.call("first", "\"" + std::string(200, 'x') + "\"");
  const CallRecord& second = peer.call("second");
  peer.call("third");
  peer.core().cancel(second.number, "");
  EXPECT_EQ(second.error, Errc::cancelled);
  EXPECT_THAT(peer.written(), ElementsAre(HasSubstr("first"), HasSubstr("third")));
}

TEST(PeerCoreCalls, OneThatStillWaitsTimesOutWithoutAWord) {
  CoreHarness peer(narrow());
  peer.call("first", "\"" + std::string(200, 'x') + "\"");
  const CallRecord& second = peer.call("second", {}, until(10));
  peer.core().on_tick(at(20));
  EXPECT_EQ(second.error, Errc::timed_out);
  EXPECT_THAT(peer.written(), ElementsAre(HasSubstr("first")));
}

TEST(PeerCoreCalls, OneThatHasWaitedIsCancelledLikeAnyOther) {
  CoreHarness peer(narrow());
  peer.call("first", "\"" + std::string(200, 'x') + "\"");
  peer.call("second");
  peer.written();
  peer.core().cancel(2, "");
  EXPECT_THAT(peer.written(), ElementsAre(HasSubstr(R"("requestId":2)")));
}

// --- the end ---

TEST(PeerCoreCalls, TheEndOfReadingFailsThemAll) {
  CoreHarness peer;
  std::vector<std::error_code> ends;
  peer.hooks.on_end = [&ends](std::error_code error) { ends.push_back(error); };
  for (int i = 0; i < 20; ++i)
    peer.call("m", {}, until(100));
  peer.core().on_read_end(asio::error::eof);
  for (const auto& call : peer.calls) {
    EXPECT_EQ(call->error, Errc::peer_closed);
    EXPECT_EQ(call->completions, 1);
  }
  EXPECT_EQ(peer.core().next_deadline(), std::nullopt);
  peer.core().on_read_end(asio::error::eof);
  EXPECT_THAT(ends, ElementsAre(std::error_code(asio::error::eof)));
  EXPECT_EQ(peer.call("late").refused, Errc::peer_closed);
}

TEST(PeerCoreCalls, ALastLineWithoutItsNewlineStillCounts) {
  CoreHarness peer;
  const CallRecord& call = peer.call("m");
  peer.feed(result_of(1, "5"));
  EXPECT_EQ(call.completions, 0);
  peer.core().on_read_end(asio::error::eof);
  EXPECT_FALSE(call.error);
  EXPECT_EQ(call.body, "5");
}

TEST(PeerCoreCalls, HalfALastLineFailsItsCallOnce) {
  CoreHarness peer;
  const CallRecord& call = peer.call("m");
  peer.feed(R"({"jsonrpc":"2.0","id":1,"result":[1,)");
  peer.core().on_read_end(asio::error::eof);
  EXPECT_EQ(call.completions, 1);
  EXPECT_TRUE(call.error);
}

TEST(PeerCoreCalls, ClosingFailsThemAllAndIsFinal) {
  CoreHarness peer;
  bool ended = false;
  peer.hooks.on_end = [&ended](std::error_code) { ended = true; };
  peer.call("m", {}, until(100));
  peer.core().close(Errc::shutting_down);
  peer.core().close(Errc::peer_closed);
  EXPECT_EQ(peer.calls[0]->error, Errc::shutting_down);
  EXPECT_EQ(peer.calls[0]->completions, 1);
  EXPECT_TRUE(peer.call("m").refused);
  EXPECT_FALSE(peer.core().notify("n", {}));
  peer.core().on_read_end(asio::error::eof);
  peer.core().on_write_error(asio::error::broken_pipe);
  peer.core().on_tick(at(1000));
  EXPECT_FALSE(ended) << "no hook is called once we have closed";
  EXPECT_TRUE(peer.core().output().empty());
}

TEST(PeerCoreCalls, StoppingRefusesNewOnesOnly) {
  CoreHarness peer;
  const CallRecord& call = peer.call("m");
  peer.core().stop_calls();
  EXPECT_EQ(peer.call("m").refused, Errc::shutting_down);
  peer.line(result_of(1, "1"));
  EXPECT_EQ(call.body, "1");
  EXPECT_EQ(peer.written().size(), 1U);
}

TEST(PeerCoreCalls, ManyAreFailedInReasonableTime) {
  CoreHarness peer;
  constexpr int many = 100000;
  for (int i = 0; i < many; ++i)
    peer.call("m");
  peer.core().on_read_end(asio::error::eof);
  int ended = 0;
  for (const auto& call : peer.calls)
    ended += call->completions;
  EXPECT_EQ(ended, many);
}

// --- a stream that can't be written any more ---

TEST(PeerCoreCalls, AfterAWriteErrorThoseNotSentFailAtOnce) {
  CoreHarness peer(narrow());
  const CallRecord& sent = peer.call("first", "\"" + std::string(200, 'x') + "\"");
  const CallRecord& parked = peer.call("second");
  peer.core().on_write_error(asio::error::broken_pipe);
  EXPECT_EQ(parked.error, Errc::peer_closed);
  EXPECT_EQ(peer.call("third").refused, Errc::peer_closed);
  // Its answer may be in the pipe already.
  EXPECT_EQ(sent.completions, 0);
  peer.line(result_of(sent.number, "1"));
  EXPECT_FALSE(sent.error);
  EXPECT_EQ(sent.completions, 1);
}

TEST(PeerCoreCalls, AfterAWriteErrorTheEndComesEvenWhenReadingNeverEnds) {
  CoreHarness peer;
  std::vector<std::error_code> ends;
  peer.hooks.on_end = [&ends](std::error_code error) { ends.push_back(error); };
  const CallRecord& call = peer.call("m");
  peer.core().on_write_error(asio::error::broken_pipe);
  const auto due = peer.core().next_deadline();
  ASSERT_TRUE(due) << "nothing would ever end this call";
  peer.core().on_tick(*due);
  EXPECT_EQ(call.error, Errc::peer_closed);
  EXPECT_THAT(ends, ElementsAre(std::error_code(asio::error::broken_pipe)));
  peer.core().on_read_end(asio::error::eof);
  EXPECT_EQ(ends.size(), 1U);
}

TEST(PeerCoreCalls, OurOwnHalfCloseIsNoError) {
  CoreHarness peer;
  bool ended = false;
  peer.hooks.on_end = [&ended](std::error_code) { ended = true; };
  const CallRecord& call = peer.call("m");
  peer.written();
  peer.core().stop_calls();
  peer.core().on_write_error(asio::error::shut_down);
  EXPECT_EQ(peer.core().next_deadline(), std::nullopt);
  peer.line(result_of(1, "1"));
  EXPECT_EQ(call.body, "1");
  EXPECT_FALSE(ended);
}

// --- re-entrancy ---

TEST(PeerCoreCalls, ACompletionMayCallCancelAndClose) {
  CoreHarness peer;
  int completions = 0;
  std::error_code failure;
  Completion nested = [&](std::error_code, Answer) { ++completions; };
  Completion outer = [&](std::error_code, Answer) {
    ++completions;
    // Enough of them that the table has to grow underneath us.
    for (int i = 0; i < 100; ++i)
      peer.call("nested");
    peer.core().cancel(2, "from inside");
    peer.core().call("last", {}, {}, nested, failure);
    peer.core().close(Errc::shutting_down);
  };
  peer.core().call("outer", {}, {}, outer, failure);
  const CallRecord& other = peer.call("other");
  peer.feed(result_of(1, "1") + "\n" + result_of(3, "1") + "\n");
  EXPECT_EQ(completions, 2);
  EXPECT_EQ(other.error, Errc::cancelled);
  for (const auto& call : peer.calls)
    EXPECT_EQ(call->completions, 1);
}

TEST(PeerCoreCalls, OnesThatFailMayTryAgainAtTheEnd) {
  CoreHarness peer;
  std::error_code refused;
  Completion completion = [&](std::error_code, Answer) { refused = peer.call("again").refused; };
  std::error_code failure;
  peer.core().call("m", {}, {}, completion, failure);
  peer.core().on_read_end(asio::error::eof);
  EXPECT_EQ(refused, Errc::peer_closed);
}

TEST(PeerCoreCalls, OneThatClosesAtTheEndKeepsTheEndToItself) {
  CoreHarness peer;
  bool ended = false;
  peer.hooks.on_end = [&ended](std::error_code) { ended = true; };
  std::error_code failure;
  Completion completion = [&](std::error_code, Answer) { peer.core().close(Errc::shutting_down); };
  peer.core().call("m", {}, {}, completion, failure);
  peer.core().on_read_end(asio::error::eof);
  EXPECT_FALSE(ended) << "no hook is called once we have closed";
}

TEST(PeerCoreCalls, ADeadlineMayCloseThePeerUnderTheOthers) {
  CoreHarness peer;
  std::error_code failure;
  Completion completion = [&](std::error_code, Answer) { peer.core().close(Errc::shutting_down); };
  peer.core().call("m", {}, until(10), completion, failure);
  const CallRecord& other = peer.call("m", {}, until(10));
  peer.core().on_tick(at(10));
  EXPECT_EQ(other.completions, 1);
}

}  // namespace
}  // namespace headrace::engine
