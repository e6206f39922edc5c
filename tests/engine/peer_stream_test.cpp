// Peer over a stream in memory: any size of reads and writes, and a failure at every single step.
#include <headrace/engine/peer.hpp>

#include <gmock/gmock.h>

#include "core_harness.hpp"
#include "support.hpp"
#include "test_stream.hpp"

namespace headrace::engine {
namespace {

using test::result_of;
using test::run_until;
using test::StreamScript;
using test::SyncTestStream;
using test::TestStream;
using testing::ElementsAre;
using testing::HasSubstr;

template <class Stream>
struct Streams : testing::Test {
  Peer make(PeerHooks hooks = {}, PeerOptions options = {}) {
    Stream stream(context.get_executor(), script);
    return Peer(context.get_executor(), std::move(stream), std::move(options), std::move(hooks));
  }
  asio::io_context context;
  std::shared_ptr<StreamScript> script = std::make_shared<StreamScript>();
};
using BothStreams = testing::Types<TestStream, SyncTestStream>;
TYPED_TEST_SUITE(Streams, BothStreams);

/// A conversation with a bit of everything. The far end answers our calls in pairs, the later one
/// first, and asks and tells us something in between.
class Conversation {
 public:
  explicit Conversation(std::shared_ptr<StreamScript> script) : script_(std::move(script)) {
    script_->on_line = [this](std::string_view line) { hear(line); };
  }

  PeerHooks hooks() {
    PeerHooks hooks;
    hooks.on_request = [this](Responder responder, const Message& message) {
      ++requests;
      const std::string echo(message.params);
      responder.result(std::string_view(echo));
    };
    hooks.on_notification = [this](const Message&) { ++notifications; };
    hooks.on_end = [this](std::error_code) { ++ends; };
    return hooks;
  }

  void begin(Peer& peer) {
    for (std::size_t i = 0; i < ended.size(); ++i) {
      const std::string params = "[" + std::to_string(i) + ",\"" + std::string(i * 50, 'p') + "\"]";
      Completion completion = [this, i](std::error_code error, Answer answer) {
        ++ended[i];
        if (!error) {
          ++succeeded;
          EXPECT_EQ(answer.body, std::to_string(i + 1));
        }
      };
      peer.call("m", std::string_view(params), {}, std::move(completion));
    }
  }

  void expect_all_ended_once() const {
    for (const int count : ended)
      EXPECT_EQ(count, 1);
  }

  std::array<int, 4> ended{};
  int succeeded = 0;
  int requests = 0;
  int notifications = 0;
  int ends = 0;
  int answers_heard = 0;

 private:
  void hear(std::string_view line) {
    EXPECT_TRUE(line.starts_with("{\"jsonrpc\":\"2.0\",") && line.ends_with("}")) << line;
    if (line.find("\"result\"") != std::string_view::npos) {
      ++answers_heard;
      if (answers_heard == 2) script_->end();
      return;
    }
    ++calls_heard_;
    if (calls_heard_ % 2 == 1) {
      script_->send("{\"jsonrpc\":\"2.0\",\"id\":\"q" + std::to_string(calls_heard_) +
                    "\",\"method\":\"ask\",\"params\":{\"a\":1}}\n");
      return;
    }
    script_->send(result_of(calls_heard_, std::to_string(calls_heard_)) + "\r\n");
    script_->send("{\"jsonrpc\":\"2.0\",\"method\":\"tell\"}\nnoise\n");
    script_->send(result_of(calls_heard_ - 1, std::to_string(calls_heard_ - 1)) + "\n");
  }

  std::shared_ptr<StreamScript> script_;
  unsigned calls_heard_ = 0;
};

TYPED_TEST(Streams, WorkWhateverIsReadAndWrittenAtATime) {
  for (const std::size_t read_size : {1UL, 2UL, 3UL, 7UL, 64UL, 4096UL}) {
    for (const std::size_t write_size : {1UL, 2UL, 5UL, 31UL, 4096UL}) {
      this->script = std::make_shared<StreamScript>();
      this->script->read_size = read_size;
      this->script->write_size = write_size;
      Conversation conversation(this->script);
      Peer peer = this->make(conversation.hooks());
      peer.start();
      conversation.begin(peer);
      ASSERT_TRUE(run_until(this->context, [&] { return conversation.ends == 1; }));
      conversation.expect_all_ended_once();
      EXPECT_EQ(conversation.succeeded, 4);
      EXPECT_EQ(conversation.requests, 2);
      EXPECT_EQ(conversation.notifications, 2);
      EXPECT_EQ(conversation.answers_heard, 2);
    }
  }
}

TYPED_TEST(Streams, SurviveAFailureAtEachStep) {
  int step = 0;
  for (bool failed = true; failed; ++step) {
    ASSERT_LT(step, 10000);
    this->script = std::make_shared<StreamScript>();
    this->script->read_size = 16;
    this->script->write_size = 24;
    this->script->fail_at = step;
    Conversation conversation(this->script);
    {
      Peer peer = this->make(conversation.hooks());
      peer.start();
      conversation.begin(peer);
      ASSERT_TRUE(run_until(this->context, [&] { return conversation.ends == 1; }))
          << "failing at step " << step;
      conversation.expect_all_ended_once();
      failed = this->script->steps > step;
    }
    this->context.restart();
    this->context.run();
    EXPECT_EQ(conversation.ends, 1);
  }
  EXPECT_GT(step, 30);
}

TYPED_TEST(Streams, SurviveTheEndOfWritingAtEachStep) {
  int step = 0;
  PeerOptions options;
  options.last_words = std::chrono::milliseconds(1);
  for (bool failed = true; failed; ++step) {
    ASSERT_LT(step, 10000);
    this->script = std::make_shared<StreamScript>();
    this->script->read_size = 16;
    this->script->write_size = 24;
    this->script->fail_write_at = step;
    Conversation conversation(this->script);
    Peer peer = this->make(conversation.hooks(), options);
    peer.start();
    conversation.begin(peer);
    // Reading goes on for ever: the end has to come by itself.
    ASSERT_TRUE(run_until(this->context, [&] { return conversation.ends == 1; })) << step;
    conversation.expect_all_ended_once();
    failed = this->script->steps > step;
  }
  EXPECT_GT(step, 30);
}

TYPED_TEST(Streams, CanBeClosedAtEachStep) {
  for (int step = 0; step < 60; ++step) {
    this->script = std::make_shared<StreamScript>();
    this->script->read_size = 16;
    this->script->write_size = 24;
    Conversation conversation(this->script);
    {
      Peer peer = this->make(conversation.hooks());
      peer.start();
      conversation.begin(peer);
      this->context.restart();
      for (int i = 0; i < step; ++i)
        this->context.poll_one();
    }
    conversation.expect_all_ended_once();
    const int ends = conversation.ends;
    this->context.restart();
    this->context.run();
    EXPECT_EQ(conversation.ends, ends) << "a hook was called after the end";
  }
}

TYPED_TEST(Streams, TheContextCanGoWithEverythingUnderWay) {
  for (int step = 0; step < 60; ++step) {
    const auto own_script = std::make_shared<StreamScript>();
    own_script->read_size = 16;
    own_script->write_size = 24;
    Conversation conversation(own_script);
    auto own_context = std::make_unique<asio::io_context>();
    {
      Peer peer(own_context->get_executor(), TypeParam(own_context->get_executor(), own_script),
                PeerOptions(), conversation.hooks());
      peer.start();
      conversation.begin(peer);
      for (int i = 0; i < step; ++i)
        own_context->poll_one();
    }
    // What an operation under way holds goes with the context, the script's part included.
    own_context.reset();
    conversation.expect_all_ended_once();
    own_script->on_line = nullptr;
  }
}

TYPED_TEST(Streams, ReadingGoesOnWhileTheOtherEndDoesNotRead) {
  this->script->blocked = true;
  PeerHooks hooks;
  int requests = 0;
  hooks.on_request = [&requests](Responder responder, const Message&) {
    ++requests;
    responder.result(std::string_view("\"" + std::string(10000, 'x') + "\""));
  };
  Peer peer = this->make(std::move(hooks));
  peer.start();
  for (int i = 0; i < 500; ++i)
    this->script->send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}\n");
  EXPECT_TRUE(run_until(this->context, [&] { return requests == 500; }));
  EXPECT_EQ(this->script->output, "");
  this->script->unblock();
  EXPECT_TRUE(run_until(this->context, [&] { return peer.unwritten() == 0; }));
  EXPECT_EQ(test::lines_of(this->script->output).size(), 500U);
}

TYPED_TEST(Streams, ReadingPausesWhileTooMuchIsUnanswered) {
  PeerOptions options;
  options.inbound_requests = 10;
  std::vector<Responder> kept;
  PeerHooks hooks;
  hooks.on_request = [&kept](Responder responder, const Message&) {
    kept.push_back(std::move(responder));
  };
  // One message at a time.
  const std::string request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}\n";
  this->script->read_size = request.size();
  Peer peer = this->make(std::move(hooks), std::move(options));
  peer.start();
  for (int i = 0; i < 100; ++i)
    this->script->send(request);
  this->context.restart();
  this->context.poll();
  EXPECT_EQ(kept.size(), 10U);
  kept.pop_back();
  EXPECT_TRUE(run_until(this->context, [&] { return kept.size() == 10; }));
  std::size_t answered = 1;
  while (answered < 100 && run_until(this->context, [&] { return !kept.empty(); })) {
    kept.pop_back();
    ++answered;
  }
  EXPECT_EQ(answered, 100U);
  kept.clear();
}

TYPED_TEST(Streams, FinishWritesWhatIsQueuedAndReadsOn) {
  this->script->blocked = true;
  std::string body;
  Peer peer = this->make();
  peer.start();
  peer.call("m", std::string_view("\"" + std::string(50000, 'x') + "\""), {},
            [&body](std::error_code, Answer answer) { body = answer.body; });
  peer.finish();
  std::error_code refused;
  peer.call("m", {}, {}, [&refused](std::error_code error, Answer) { refused = error; });
  EXPECT_TRUE(run_until(this->context, [&] { return bool(refused); }));
  EXPECT_EQ(refused, Errc::shutting_down);
  this->script->write_size = 1000;
  this->script->unblock();
  EXPECT_TRUE(run_until(this->context, [&] { return this->script->output.ends_with("\n"); }));
  this->script->send(result_of(1, "7") + "\n");
  EXPECT_TRUE(run_until(this->context, [&] { return !body.empty(); }));
  EXPECT_EQ(body, "7");
}

TYPED_TEST(Streams, FinishCanBeAwaited) {
  this->script->blocked = true;
  this->script->write_size = 1000;
  Peer peer = this->make();
  peer.start();
  peer.write_raw("before the conversation\n");
  peer.notify("n", std::string_view("\"" + std::string(20000, 'x') + "\""));
  std::vector<bool> finished;
  auto finishing = [&](Deadline deadline) -> asio::awaitable<void> {
    const bool all_written = co_await peer.async_finish(deadline);
    finished.push_back(all_written);
  };
  test::run(this->context, finishing(Deadline::after(std::chrono::milliseconds(5))));
  EXPECT_THAT(finished, ElementsAre(false)) << "nothing could be written yet";
  this->script->unblock();
  test::run(this->context, finishing(Deadline()));
  EXPECT_THAT(finished, ElementsAre(false, true));
  EXPECT_TRUE(this->script->output.starts_with("before the conversation\n{\"jsonrpc\""));
  EXPECT_TRUE(this->script->output.ends_with("}\n"));
}

TYPED_TEST(Streams, FinishEndsWhenNothingCanBeWritten) {
  this->script->fail_write_at = 0;
  Peer peer = this->make();
  peer.start();
  peer.notify("n", {});
  bool ended = false;
  auto finishing = [&]() -> asio::awaitable<void> {
    co_await peer.async_finish(Deadline());
    ended = true;
  };
  test::run(this->context, finishing());
  EXPECT_TRUE(ended);
}

TYPED_TEST(Streams, AStalledPeerEnds) {
  this->script->blocked = true;
  PeerOptions options;
  options.write_limit = 10000;
  PeerHooks hooks;
  std::error_code end;
  hooks.on_end = [&end](std::error_code error) { end = error; };
  Peer peer = this->make(std::move(hooks), std::move(options));
  peer.start();
  std::error_code failure;
  peer.call("m", {}, {}, [&failure](std::error_code error, Answer) { failure = error; });
  for (int i = 0; i < 1000; ++i)
    peer.notify_always("n", std::string_view("\"0123456789012345678901234567890\""));
  EXPECT_TRUE(run_until(this->context, [&] { return bool(end); }));
  EXPECT_EQ(end, Errc::peer_stalled);
  EXPECT_EQ(failure, Errc::peer_closed);
  EXPECT_FALSE(peer.is_open());
}

TYPED_TEST(Streams, DeadlinesPassInTheirOrder) {
  Peer peer = this->make();
  peer.start();
  std::vector<int> order;
  for (const int ms : {40, 10, 30, 20}) {
    CallOptions options;
    options.deadline = Deadline::after(std::chrono::milliseconds(ms));
    peer.call("m", {}, options, [&order, ms](std::error_code error, Answer) {
      EXPECT_EQ(error, Errc::timed_out);
      order.push_back(ms);
    });
  }
  EXPECT_TRUE(run_until(this->context, [&] { return order.size() == 4; }));
  EXPECT_THAT(order, ElementsAre(10, 20, 30, 40));
  EXPECT_TRUE(run_until(this->context, [&] { return peer.unwritten() == 0; }));
  EXPECT_THAT(this->script->output, HasSubstr(R"("requestId":4)"));
}

TYPED_TEST(Streams, ACompletionMayDestroyThePeer) {
  auto peer = std::make_unique<Peer>(this->make());
  int completions = 0;
  for (int i = 0; i < 3; ++i) {
    peer->call("m", {}, {}, [&](std::error_code, Answer) {
      ++completions;
      peer.reset();
    });
  }
  // Never started, so that nothing but the peer holds what is inside it.
  peer->close();
  EXPECT_EQ(completions, 3);
  EXPECT_EQ(peer, nullptr);
  this->context.run();
}

TYPED_TEST(Streams, AHookMayDestroyThePeer) {
  std::unique_ptr<Peer> peer;
  PeerHooks hooks;
  hooks.on_notification = [&peer](const Message&) { peer.reset(); };
  peer = std::make_unique<Peer>(this->make(std::move(hooks)));
  peer->start();
  this->script->send(
      "{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n{\"jsonrpc\":\"2.0\",\"method\":\"b\"}\n");
  this->context.run();
  EXPECT_EQ(peer, nullptr);
}

TYPED_TEST(Streams, OnceTheFarEndIsGoneNoDeadlineKeepsTheContextBusy) {
  Peer peer = this->make();
  peer.start();
  CallOptions options;
  options.deadline = Deadline::after(std::chrono::hours(24));
  std::error_code error;
  Completion completion = [&error](std::error_code why, const Answer&) { error = why; };
  peer.call("m", {}, options, std::move(completion));
  asio::post(this->context, [script = this->script] { script->end(); });
  // Or it would run for a day.
  this->context.run();
  EXPECT_EQ(error, Errc::peer_closed);
}

}  // namespace
}  // namespace headrace::engine
