// PeerCore: what the other end asks of us, and what it sends that is no message.
#include <gmock/gmock.h>

#include "core_harness.hpp"

namespace headrace::engine {
namespace {

using test::CoreHarness;
using test::result_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Keeps every request unanswered until the test says so.
struct Kept {
  explicit Kept(CoreHarness& peer) {
    peer.hooks.on_request = [this](Responder responder, const Message& message) {
      methods.emplace_back(message.method);
      params.emplace_back(message.params);
      responders.push_back(std::move(responder));
    };
  }
  std::vector<Responder> responders;
  std::vector<std::string> methods;
  std::vector<std::string> params;
};

TEST(PeerCoreRequests, AreAnsweredUnderTheirIdByteForByte) {
  CoreHarness peer;
  Kept kept(peer);
  for (const char* id : {"0", "-7", "1.50", "\"text\"", "\"\\u0041\"", "123456789012345678901"})
    peer.line(std::string(R"({"jsonrpc":"2.0","id":)") + id + R"(,"method":"m","params":[1]})");
  ASSERT_EQ(kept.responders.size(), 6U);
  EXPECT_EQ(kept.params[0], "[1]");
  for (Responder& responder : kept.responders)
    responder.result(std::string_view("1"));
  EXPECT_THAT(peer.written(),
              ElementsAre(R"({"jsonrpc":"2.0","id":0,"result":1})",
                          R"({"jsonrpc":"2.0","id":-7,"result":1})",
                          R"({"jsonrpc":"2.0","id":1.50,"result":1})",
                          R"({"jsonrpc":"2.0","id":"text","result":1})",
                          R"({"jsonrpc":"2.0","id":"\u0041","result":1})",
                          R"({"jsonrpc":"2.0","id":123456789012345678901,"result":1})"));
}

TEST(PeerCoreRequests, WithoutAHookThereIsNoSuchMethod) {
  CoreHarness peer;
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m"})");
  peer.line(R"({"jsonrpc":"2.0","method":"n"})");
  EXPECT_THAT(peer.written(), ElementsAre(HasSubstr(R"("code":-32601)")));
}

TEST(PeerCoreRequests, ErrorsOfAllKinds) {
  CoreHarness peer;
  Kept kept(peer);
  for (int i = 0; i < 3; ++i)
    peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m"})");
  kept.responders[0].error(-1, "say \"no\"");
  kept.responders[1].error(-2, "with data", "[1]");
  kept.responders[2].raw_error(std::string_view(R"({"code":5})"));
  EXPECT_THAT(
      peer.written(),
      ElementsAre(
          R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"say \"no\""}})",
          R"({"jsonrpc":"2.0","id":1,"error":{"code":-2,"message":"with data","data":[1]}})",
          R"({"jsonrpc":"2.0","id":1,"error":{"code":5}})"));
}

TEST(PeerCoreRequests, AnEmptyResultIsNull) {
  CoreHarness peer;
  Kept kept(peer);
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m"})");
  kept.responders[0].result({});
  EXPECT_THAT(peer.written(), ElementsAre(R"({"jsonrpc":"2.0","id":1,"result":null})"));
}

TEST(PeerCoreRequests, AreAnsweredOnceAtMost) {
  CoreHarness peer;
  Kept kept(peer);
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m"})");
  Responder& responder = kept.responders[0];
  EXPECT_TRUE(responder);
  responder.result(std::string_view("1"));
  EXPECT_FALSE(responder);
  responder.result(std::string_view("2"));
  responder.error(-1, "no");
  responder.discard();
  kept.responders.clear();
  EXPECT_EQ(peer.written().size(), 1U);
}

TEST(PeerCoreRequests, OneThatIsDroppedIsAnsweredWithAnError) {
  CoreHarness peer;
  Kept kept(peer);
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m"})");
  kept.responders.clear();
  EXPECT_THAT(peer.written(), ElementsAre(HasSubstr(R"("id":1,"error":{"code":-32603)")));
}

TEST(PeerCoreRequests, OneThatIsAssignedOverIsDropped) {
  CoreHarness peer;
  Kept kept(peer);
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m"})");
  peer.line(R"({"jsonrpc":"2.0","id":2,"method":"m"})");
  kept.responders[0] = std::move(kept.responders[1]);
  EXPECT_THAT(peer.written(), ElementsAre(HasSubstr(R"("id":1,"error":{"code":-32603)")));
  EXPECT_EQ(kept.responders[0].id(), "2");
  kept.responders[0].result(std::string_view("2"));
  kept.responders[0] = Responder();
  kept.responders.clear();
  EXPECT_THAT(peer.written(), ElementsAre(HasSubstr(R"("id":2,"result":2)")));
}

TEST(PeerCoreRequests, OneThatIsDiscardedIsNotAnswered) {
  CoreHarness peer;
  Kept kept(peer);
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m"})");
  kept.responders[0].discard();
  kept.responders.clear();
  EXPECT_THAT(peer.written(), IsEmpty());
}

TEST(PeerCoreRequests, MayBeAnsweredAfterTheEnd) {
  CoreHarness peer;
  Kept kept(peer);
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m"})");
  peer.line(R"({"jsonrpc":"2.0","id":2,"method":"m"})");
  peer.core().on_read_end(asio::error::eof);
  kept.responders[0].result(std::string_view("1"));
  EXPECT_EQ(peer.written().size(), 1U) << "the other end may have closed its writing side only";
  peer.core().close(Errc::shutting_down);
  kept.responders[1].result(std::string_view("1"));
  EXPECT_THAT(peer.written(), IsEmpty());
}

TEST(PeerCoreRequests, AResponderMayOutliveThePeer) {
  std::vector<Responder> outliving;
  {
    CoreHarness peer;
    peer.hooks.on_request = [&outliving](Responder responder, const Message&) {
      outliving.push_back(std::move(responder));
    };
    peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m"})");
  }
  outliving[0].result(std::string_view("1"));
  EXPECT_FALSE(outliving[0]);
}

TEST(PeerCoreRequests, NotificationsAreToldAsTheyCome) {
  CoreHarness peer;
  std::vector<std::string> seen;
  peer.hooks.on_notification = [&seen](const Message& message) {
    seen.push_back(std::string(message.method) + " " + std::string(message.params));
  };
  peer.feed(
      "{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\r\n\r\n\n"
      "{\"jsonrpc\":\"2.0\",\"method\":\"b\",\"params\":{\"x\": 1} }\n",
      3);
  EXPECT_THAT(seen, ElementsAre("a ", "b {\"x\": 1}"));
}

// --- what is no message ---

TEST(PeerCoreRequests, NoiseIsToldOnceAndCounted) {
  CoreHarness peer;
  std::vector<std::string> noise;
  peer.hooks.on_noise = [&noise](std::string_view line) { noise.emplace_back(line); };
  const std::string banner = "Server listening " + std::string(500, '.');
  peer.line(banner);
  peer.line("and more");
  peer.line("{\"jsonrpc\":");
  const auto& call = peer.call("m");
  peer.line(result_of(1, "1"));
  EXPECT_EQ(call.completions, 1);
  EXPECT_THAT(noise, ElementsAre(banner.substr(0, 200)));
  EXPECT_EQ(peer.core().stats().noise_lines, 3U);
}

TEST(PeerCoreRequests, InvalidMessagesReachTheirHook) {
  CoreHarness peer;
  std::vector<std::pair<framing::Fault, std::string>> seen;
  peer.hooks.on_invalid = [&seen](const framing::Envelope& envelope) {
    seen.emplace_back(envelope.fault, envelope.id);
  };
  peer.line("[]");
  peer.line("7");
  peer.line(R"({"jsonrpc":"2.0","id":5})");
  peer.line(R"({"jsonrpc":"2.0","id":{},"method":"m"})");
  peer.line("not json");
  using framing::Fault;
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_EQ(seen[0].first, Fault::batch);
  EXPECT_EQ(seen[1].first, Fault::not_object);
  EXPECT_EQ(seen[2], std::make_pair(Fault::no_kind, std::string("5")));
  EXPECT_EQ(seen[3].first, Fault::bad_id);
  EXPECT_EQ(seen[4].first, Fault::not_json);
  EXPECT_EQ(peer.core().stats().invalid_messages, 4U);
  EXPECT_EQ(peer.core().stats().noise_lines, 1U);
}

TEST(PeerCoreRequests, OneOverTheLimitIsToldWithItsId) {
  PeerOptions options;
  options.frame_limit = 500;
  CoreHarness peer(std::move(options));
  std::vector<framing::LineSplitter::Oversize> seen;
  peer.hooks.on_oversize = [&seen](const framing::LineSplitter::Oversize& line) {
    seen.push_back(line);
  };
  peer.line(R"({"jsonrpc":"2.0","id":"big","method":"m","params":")" + std::string(9000, 'x') +
            "\"}");
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"small"})");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].id, "\"big\"");
  EXPECT_EQ(seen[0].method, "m");
  EXPECT_FALSE(seen[0].is_response);
  EXPECT_THAT(peer.written(), ElementsAre(HasSubstr("-32601")));
}

// --- limits ---

TEST(PeerCoreRequests, AnAnswerOverTheFrameLimitBecomesAnError) {
  PeerOptions options;
  options.frame_limit = 500;
  CoreHarness peer(std::move(options));
  Kept kept(peer);
  peer.line(R"({"jsonrpc":"2.0","id":"x","method":"m"})");
  kept.responders[0].result(std::string_view(std::string(600, '1')));
  const std::vector<std::string> lines = peer.written();
  EXPECT_THAT(lines, ElementsAre(HasSubstr(R"("id":"x","error":{"code":-32603)")));
  EXPECT_THAT(lines[0], HasSubstr("500 bytes"));
}

TEST(PeerCoreRequests, TooManyUnansweredPauseReading) {
  PeerOptions options;
  options.inbound_requests = 3;
  CoreHarness peer(std::move(options));
  Kept kept(peer);
  int woken = 0;
  peer.core().wake = [&woken] { ++woken; };
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(peer.core().read_paused());
    peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m"})");
  }
  EXPECT_TRUE(peer.core().read_paused());
  woken = 0;
  kept.responders[0].discard();
  EXPECT_FALSE(peer.core().read_paused());
  EXPECT_EQ(woken, 1) << "nobody else would start reading again";
}

TEST(PeerCoreRequests, TooManyBytesOfThemPauseReading) {
  PeerOptions options;
  options.inbound_bytes = 10000;
  CoreHarness peer(std::move(options));
  Kept kept(peer);
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m","params":")" + std::string(11000, 'x') + "\"}");
  EXPECT_TRUE(peer.core().read_paused());
  kept.responders.clear();
  EXPECT_FALSE(peer.core().read_paused());
}

PeerOptions with_write_limit(std::size_t limit) {
  PeerOptions options;
  options.write_limit = limit;
  return options;
}

TEST(PeerCoreRequests, LargeAnswersAreReplacedWhenTooMuchWaits) {
  CoreHarness peer(with_write_limit(50000));
  Kept kept(peer);
  for (int i = 1; i <= 4; ++i)
    peer.line(R"({"jsonrpc":"2.0","id":)" + std::to_string(i) + R"(,"method":"m"})");
  const std::string large(30000, '1');
  for (int i = 0; i < 3; ++i)
    kept.responders[static_cast<std::size_t>(i)].result(std::string_view(large));
  kept.responders[3].result(std::string_view("4"));
  const std::vector<std::string> lines = peer.written();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_THAT(lines[1], HasSubstr(R"("id":2,"result")"));
  EXPECT_THAT(lines[2], HasSubstr(R"("id":3,"error":{"code":-32603)"));
  EXPECT_THAT(lines[3], HasSubstr(R"("id":4,"result":4)"));
}

TEST(PeerCoreRequests, APeerThatDoesNotReadIsGivenUp) {
  CoreHarness peer(with_write_limit(1000));
  std::vector<std::error_code> ends;
  peer.hooks.on_end = [&ends](std::error_code error) { ends.push_back(error); };
  const auto& call = peer.call("m");
  for (int i = 0; i < 100; ++i)
    peer.core().notify_always("n", std::string_view("\"0123456789012345678901234567890\""));
  EXPECT_TRUE(ends.empty()) << "no hook is called from inside a call into the peer";
  EXPECT_EQ(call.completions, 0);
  EXPECT_TRUE(peer.core().broken());
  EXPECT_LT(peer.core().output().size(), 4000U) << "nothing more is queued";
  const auto due = peer.core().next_deadline();
  ASSERT_TRUE(due);
  peer.core().on_tick(*due);
  EXPECT_THAT(ends, ElementsAre(make_error_code(Errc::peer_stalled)));
  EXPECT_EQ(call.error, Errc::peer_closed);
}

TEST(PeerCoreRequests, NothingFollowsTheWriteThatWasUnderWayWhenAPeerWasGivenUp) {
  PeerOptions options = with_write_limit(1000);
  options.write_high_water = 10;
  CoreHarness peer(options);
  peer.call("first");
  const auto& waiting = peer.call("waits on our side");
  peer.core().output().prepare();
  while (!peer.core().broken())
    peer.core().notify_always("n", std::string_view("\"0123456789012345678901234567890\""));
  peer.core().on_written();
  EXPECT_TRUE(peer.core().output().empty());
  peer.core().on_tick(Clock::now());
  EXPECT_EQ(waiting.completions, 1);
  EXPECT_EQ(waiting.error, Errc::peer_closed);
}

TEST(PeerCoreRequests, AStallInTheMidstOfReadingSplitsNoLine) {
  CoreHarness peer(with_write_limit(1000));
  std::vector<std::string> order;
  peer.hooks.on_request = [&order](Responder responder, const Message& message) {
    order.emplace_back(message.method);
    responder.result(std::string_view("\"" + std::string(900, 'x') + "\""));
  };
  peer.hooks.on_noise = [&order](std::string_view) { order.emplace_back("noise"); };
  peer.hooks.on_end = [&order](std::error_code) { order.emplace_back("end"); };
  std::string stream;
  for (int i = 0; i < 6; ++i)
    stream += R"({"jsonrpc":"2.0","id":1,"method":"m"})"
              "\n";
  peer.feed(stream + "{\"jsonrpc\"");
  if (const auto due = peer.core().next_deadline()) peer.core().on_tick(*due);
  peer.feed(stream);
  ASSERT_FALSE(order.empty());
  EXPECT_EQ(order.back(), "end") << "nothing is told behind the end";
  EXPECT_EQ(std::count(order.begin(), order.end(), "end"), 1);
  EXPECT_EQ(std::count(order.begin(), order.end(), "m"), 6);
}

TEST(PeerCoreRequests, WakesItsShellForEachKindOfOutput) {
  CoreHarness peer;
  Kept kept(peer);
  peer.line(R"({"jsonrpc":"2.0","id":1,"method":"m"})");
  int woken = 0;
  peer.core().wake = [&woken] { ++woken; };
  peer.call("m");
  EXPECT_EQ(std::exchange(woken, 0), 1);
  peer.core().notify("n", {});
  EXPECT_EQ(std::exchange(woken, 0), 1);
  peer.core().send_error({}, -1, "x");
  EXPECT_EQ(std::exchange(woken, 0), 1);
  kept.responders[0].result(std::string_view("1"));
  EXPECT_EQ(std::exchange(woken, 0), 1);
  peer.core().cancel(1, "");
  EXPECT_EQ(std::exchange(woken, 0), 1);
}

TEST(PeerCoreRequests, ErrorsWithoutARequest) {
  CoreHarness peer;
  peer.core().send_error({}, -32700, "Parse error");
  peer.core().send_error("\"a\"", -32600, "Invalid");
  EXPECT_THAT(
      peer.written(),
      ElementsAre(R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}})",
                  R"({"jsonrpc":"2.0","id":"a","error":{"code":-32600,"message":"Invalid"}})"));
}

TEST(PeerCoreRequests, AHookMayCloseThePeer) {
  CoreHarness peer;
  int seen = 0;
  peer.hooks.on_notification = [&](const Message&) {
    ++seen;
    peer.core().close(Errc::shutting_down);
  };
  peer.feed("{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n{\"jsonrpc\":\"2.0\",\"method\":\"b\"}\n");
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace headrace::engine
