// PeerCore: lines that are passed on to another peer, and who has to wait for whom.
#include <algorithm>

#include <gmock/gmock.h>

#include "core_harness.hpp"

namespace headrace::engine {
namespace {

using framing::Envelope;
using framing::Frame;
using framing::Kind;
using test::CoreHarness;
using testing::ElementsAre;
using testing::IsEmpty;

/// Passes all that `from` reads on to `to`, and counts what else it hears of.
struct Passing {
  Passing(CoreHarness& from, CoreHarness& to) {
    from.hooks.on_line = [this, &to](const Envelope& envelope, const Frame& frame) {
      kinds.push_back(envelope.kind);
      to.core().pass_on(frame);
    };
    from.hooks.on_request = [this](Responder, const Message&) { ++others; };
    from.hooks.on_notification = [this](const Message&) { ++others; };
    from.hooks.on_invalid = [this](const Envelope&) { ++others; };
    from.hooks.on_noise = [this](std::string_view) { ++others; };
  }
  std::vector<Kind> kinds;
  int others = 0;
};

TEST(PeerCorePassing, EveryLineComesOutAsItWentIn) {
  CoreHarness from;
  CoreHarness to;
  Passing passing(from, to);
  const std::vector<std::string> lines{
      R"( {"method" : "m", "id":1, "jsonrpc":"2.0", "more":[1, 2]} )",
      R"({"jsonrpc":"2.0","method":"n"})", R"({"jsonrpc":"2.0","id":"x","result":{}})", "not JSON",
      R"({"jsonrpc":"2.0","id":"long","result":")" + std::string(100'000, 'x') + "\"}"};
  for (const std::string& line : lines)
    from.feed(line + "\n", 1000);
  EXPECT_EQ(to.written(), lines);
  EXPECT_THAT(passing.kinds, ElementsAre(Kind::request, Kind::notification, Kind::result,
                                         Kind::invalid, Kind::result));
  EXPECT_EQ(passing.others, 0);
  EXPECT_EQ(to.core().stats().frames_out, 5u);
}

TEST(PeerCorePassing, LineEndingsBecomeOne) {
  CoreHarness from;
  CoreHarness to;
  const Passing passing(from, to);
  from.feed("{\"a\":1}\r\n\n{\"b\":" + std::string(5000, '1') + "}\r\n{\"last\":1}");
  from.core().on_read_end(asio::error::eof);
  EXPECT_THAT(to.written(), ElementsAre(R"({"a":1})", R"({"b":)" + std::string(5000, '1') + "}",
                                        R"({"last":1})"));
}

TEST(PeerCorePassing, ALongLineIsNotCopied) {
  CoreHarness from;
  CoreHarness to;
  const char* where = nullptr;
  from.hooks.on_line = [&](const Envelope&, const Frame& frame) {
    where = frame.text.data();
    to.core().pass_on(frame);
  };
  from.line("{\"text\":\"" + std::string(10'000, 'x') + "\"}");
  const BufferView view = to.core().output().prepare();
  ASSERT_EQ(view.end() - view.begin(), 1);
  EXPECT_EQ(view.begin()->data(), static_cast<const void*>(where));
}

TEST(PeerCorePassing, AnAnswerOverTheLimitIsToldOfToo) {
  PeerOptions options;
  options.frame_limit = 1000;
  CoreHarness from(options);
  CoreHarness to;
  const Passing passing(from, to);
  std::vector<std::string> ids;
  from.hooks.on_oversize = [&](const framing::LineSplitter::Oversize& line) {
    if (line.is_response) ids.push_back(line.id);
  };
  from.line(R"({"jsonrpc":"2.0","id":7,"result":")" + std::string(2000, 'x') + "\"}");
  from.line("{}");
  EXPECT_THAT(ids, ElementsAre("7"));
  EXPECT_THAT(to.written(), ElementsAre("{}"));
}

TEST(PeerCorePassing, ReadingIsHeldUntilItIsReleased) {
  CoreHarness peer;
  int wakes = 0;
  peer.core().wake = [&] { ++wakes; };
  peer.core().hold_reading(true);
  EXPECT_TRUE(peer.core().read_paused());
  EXPECT_EQ(wakes, 0);
  peer.core().hold_reading(false);
  EXPECT_FALSE(peer.core().read_paused());
  EXPECT_EQ(wakes, 1);
  peer.core().hold_reading(false);
  EXPECT_EQ(wakes, 1);
}

TEST(PeerCorePassing, SaysWhenThereIsRoomAgain) {
  PeerOptions options;
  options.write_high_water = 1000;
  CoreHarness from;
  CoreHarness to(options);
  const Passing passing(from, to);
  int drained = 0;
  to.hooks.on_drained = [&] { ++drained; };
  from.line("\"" + std::string(500, 'x') + "\"");
  to.written();
  EXPECT_EQ(drained, 0) << "there was room all the time";
  for (int i = 0; i < 3; ++i)
    from.line("\"" + std::string(500, 'x') + "\"");
  to.write(400);
  EXPECT_EQ(drained, 0);
  to.write(400);
  EXPECT_EQ(drained, 1);
  to.written();
  EXPECT_EQ(drained, 1);
}

TEST(PeerCorePassing, ABrokenStreamHoldsNobodyUp) {
  PeerOptions options;
  options.write_high_water = 1000;
  CoreHarness from;
  CoreHarness to(options);
  const Passing passing(from, to);
  int drained = 0;
  to.hooks.on_drained = [&] { ++drained; };
  from.line("\"" + std::string(5000, 'x') + "\"");
  to.core().on_write_error(asio::error::broken_pipe);
  EXPECT_EQ(drained, 1);
  from.line("{}");
  EXPECT_TRUE(to.core().output().empty());
}

TEST(PeerCorePassing, WhoNeverReadsIsGivenUp) {
  PeerOptions options;
  options.write_high_water = 1000;
  options.write_limit = 10'000;
  CoreHarness from;
  CoreHarness to(options);
  const Passing passing(from, to);
  std::error_code ended;
  to.hooks.on_end = [&](std::error_code error) { ended = error; };
  for (int i = 0; i < 30; ++i)
    from.line("\"" + std::string(1000, 'x') + "\"");
  EXPECT_FALSE(ended);
  to.core().on_tick(Clock::now());
  EXPECT_EQ(ended, Errc::peer_stalled);
}

}  // namespace
}  // namespace headrace::engine
