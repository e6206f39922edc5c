// Peer::async_call with every kind of completion token, over sockets and pipes.
#include <memory>
#include <optional>

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/use_future.hpp>

#include "peer_pair.hpp"
#include "support.hpp"
#if __has_include(<asio/deferred.hpp>)
#include <asio/deferred.hpp>
#else
#include <asio/experimental/deferred.hpp>
#endif
#include <gmock/gmock.h>

namespace headrace::engine {
namespace {

using test::patience;
using test::PeerPair;
using test::run_until;
using testing::HasSubstr;

#if __has_include(<asio/deferred.hpp>)
constexpr auto deferred = asio::deferred;
#else
constexpr auto deferred = asio::experimental::deferred;
#endif

struct Tokens : testing::TestWithParam<bool> {
  asio::io_context context;
  PeerPair pair{context.get_executor(), GetParam()};

  /// Until the far peer has got the call.
  void await_held(std::size_t count = 1) {
    ASSERT_TRUE(run_until(context, [this, count] { return pair.held.size() == count; }));
  }
};

INSTANTIATE_TEST_SUITE_P(Peer, Tokens, testing::Bool(),
                         [](const auto& which) { return which.param ? "Sockets" : "Pipes"; });

TEST_P(Tokens, ACallback) {
  std::string body;
  bool inside = true;
  pair.near.async_call("echo", std::string_view("[1]"), {},
                       [&](std::error_code error, const Answer& answer) {
                         EXPECT_FALSE(error);
                         EXPECT_FALSE(inside) << "completed before it was begun";
                         body = answer.body;
                       });
  inside = false;
  EXPECT_TRUE(run_until(context, [&body] { return !body.empty(); }));
  EXPECT_EQ(body, "[1]");
}

TEST_P(Tokens, ACallbackThatCanOnlyBeMoved) {
  bool done = false;
  pair.near.async_call("echo", {}, {},
                       [&done, owned = std::make_unique<int>(1)](std::error_code, const Answer&) {
                         done = *owned == 1;
                       });
  EXPECT_TRUE(run_until(context, [&done] { return done; }));
}

TEST_P(Tokens, Awaited) {
  auto body = [this]() -> asio::awaitable<void> {
    const Payload params(std::string_view("[1]"));
    auto [error, answer] = co_await pair.near.async_call("echo", params, CallOptions(), use_tuple);
    EXPECT_FALSE(error);
    EXPECT_EQ(answer.body, "[1]");
    bool thrown = false;
    try {
      co_await pair.near.async_call("refuse", params, CallOptions(), asio::use_awaitable);
    } catch (const std::system_error& failure) {
      thrown = failure.code() == Errc::remote_error;
    }
    EXPECT_TRUE(thrown);
  };
  test::run(context, body());
}

TEST_P(Tokens, Deferred) {
  std::string body;
  const std::string params = "[1]";
  const Payload payload{std::string_view(params)};
  auto operation = pair.near.async_call("echo", payload, CallOptions(), deferred);
  context.poll();
  EXPECT_EQ(pair.near.calls_pending(), 0U) << "it was begun before it was launched";
  std::move(operation)([&body](std::error_code, const Answer& answer) { body = answer.body; });
  EXPECT_TRUE(run_until(context, [&body] { return !body.empty(); }));
  EXPECT_EQ(body, "[1]");
}

TEST_P(Tokens, AFuture) {
  std::future<Answer> answer =
      pair.near.async_call("echo", std::string_view("[1]"), {}, asio::use_future);
  std::future<Answer> refused = pair.near.async_call("refuse", {}, {}, asio::use_future);
  EXPECT_TRUE(run_until(context, [&] {
    return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready &&
           refused.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }));
  EXPECT_EQ(answer.get().body, "[1]");
  EXPECT_THROW(refused.get(), std::system_error);
}

TEST_P(Tokens, AHandlerRunsOnItsOwnExecutor) {
  asio::io_context other;
  bool done = false;
  auto handler = [&](std::error_code, const Answer&) {
    EXPECT_TRUE(other.get_executor().running_in_this_thread());
    done = true;
  };
  pair.near.async_call("echo", {}, {}, asio::bind_executor(other.get_executor(), handler));
  EXPECT_TRUE(run_until(context, [this] { return pair.near.calls_pending() == 0; }));
  EXPECT_FALSE(done);
  // It had work to do all along.
  other.run();
  EXPECT_TRUE(done);
}

/// Counts what it hands out.
template <class T>
struct CountingAllocator {
  using value_type = T;
  explicit CountingAllocator(int* counter) : count(counter) {}
  template <class U>
  CountingAllocator(const CountingAllocator<U>& other) : count(other.count) {}  // NOLINT: rebinds
  T* allocate(std::size_t n) {
    ++*count;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* at, std::size_t n) { std::allocator<T>().deallocate(at, n); }
  template <class U>
  bool operator==(const CountingAllocator<U>& other) const {
    return count == other.count;
  }
  int* count;
};

struct AllocatingHandler {
  using allocator_type = CountingAllocator<void>;
  using executor_type = asio::io_context::executor_type;
  allocator_type get_allocator() const noexcept { return allocator; }
  executor_type get_executor() const noexcept { return executor; }
  void operator()(std::error_code, const Answer&) { *done = true; }
  allocator_type allocator;
  executor_type executor;
  bool* done;
};

TEST_P(Tokens, AHandlersAllocatorIsUsedOnTheWayToItsExecutor) {
  asio::io_context other;
  int count = 0;
  bool done = false;
  pair.near.async_call(
      "echo", {}, {},
      AllocatingHandler{CountingAllocator<void>(&count), other.get_executor(), &done});
  EXPECT_TRUE(run_until(context, [this] { return pair.near.calls_pending() == 0; }));
  other.run();
  EXPECT_TRUE(done);
  EXPECT_GT(count, 0);
}

// --- cancellation ---

TEST_P(Tokens, EachKindOfCancellationEndsTheWaitingAndTellsTheOtherEnd) {
  for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                          asio::cancellation_type::total, asio::cancellation_type::all}) {
    pair.held.clear();
    pair.told.clear();
    asio::cancellation_signal signal;
    int times = 0;
    std::error_code end;
    auto handler = [&](std::error_code error, const Answer&) {
      ++times;
      end = error;
    };
    pair.near.async_call("hold", {}, {}, asio::bind_cancellation_slot(signal.slot(), handler));
    await_held();
    signal.emit(type);
    EXPECT_TRUE(run_until(context, [this] { return !pair.told.empty(); }));
    EXPECT_EQ(end, Errc::cancelled);
    EXPECT_THAT(pair.told[0], HasSubstr("notifications/cancelled"));
    EXPECT_FALSE(signal.slot().has_handler());
    signal.emit(type);
    EXPECT_EQ(times, 1);
    pair.held.clear();
  }
}

TEST_P(Tokens, AnAnsweredCallLetsGoOfItsSlot) {
  asio::cancellation_signal signal;
  bool done = false;
  auto handler = [&done](std::error_code error, const Answer&) {
    EXPECT_FALSE(error);
    done = true;
  };
  pair.near.async_call("echo", {}, {}, asio::bind_cancellation_slot(signal.slot(), handler));
  EXPECT_TRUE(run_until(context, [&done] { return done; }));
  EXPECT_FALSE(signal.slot().has_handler());
}

TEST_P(Tokens, ASlotMayOutliveThePeer) {
  asio::cancellation_signal signal;
  std::error_code end;
  auto handler = [&end](std::error_code error, const Answer&) { end = error; };
  pair.near.async_call("hold", {}, {}, asio::bind_cancellation_slot(signal.slot(), handler));
  await_held();
  pair.near = Peer();
  EXPECT_TRUE(run_until(context, [&end] { return bool(end); }));
  EXPECT_EQ(end, Errc::shutting_down);
  signal.emit(asio::cancellation_type::terminal);
  pair.held.clear();
}

TEST_P(Tokens, ATimerCancelsTheCallBesideIt) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT: that is what they are for
  auto body = [this]() -> asio::awaitable<void> {
    const Payload params;
    asio::steady_timer timer(context);
    for (int i = 0; i < 3; ++i) {
      timer.expires_after(std::chrono::milliseconds(1));
      const auto winner =
          co_await (pair.near.async_call("hold", params, CallOptions(), asio::use_awaitable) ||
                    timer.async_wait(asio::use_awaitable));
      EXPECT_EQ(winner.index(), 1U);
      timer.expires_after(patience);
      const auto other =
          co_await (pair.near.async_call("echo", params, CallOptions(), asio::use_awaitable) ||
                    timer.async_wait(asio::use_awaitable));
      EXPECT_EQ(other.index(), 0U);
    }
  };
  test::run(context, body());
  EXPECT_EQ(pair.near.calls_pending(), 0U);
  EXPECT_TRUE(run_until(context, [this] { return pair.told.size() == 3; }));
  pair.held.clear();
}

// --- ends ---

TEST_P(Tokens, TheOtherEndsCloseFailsTheCall) {
  std::error_code end;
  pair.near.async_call("hold", {}, {},
                       [&end](std::error_code error, const Answer&) { end = error; });
  await_held();
  pair.far.close();
  EXPECT_TRUE(run_until(context, [&end] { return bool(end); }));
  EXPECT_EQ(end, Errc::peer_closed);
  EXPECT_TRUE(run_until(context, [this] { return pair.near_ended; }));
  EXPECT_FALSE(pair.far_ended) << "it closed itself, nobody has to tell it";
  pair.held.clear();
}

TEST_P(Tokens, FinishIsSeenAtTheOtherEndAndAnswersStillCome) {
  std::string body;
  pair.near.async_call("hold", {}, {},
                       [&body](std::error_code, const Answer& answer) { body = answer.body; });
  pair.near.finish();
  await_held();
  EXPECT_TRUE(run_until(context, [this] { return pair.far_ended; }));
  pair.held[0].result(std::string_view("5"));
  EXPECT_TRUE(run_until(context, [&body] { return body == "5"; }));
}

TEST_P(Tokens, LargeFramesBothWaysAtOnceDoNotBlockEachOther) {
  const std::string large = "\"" + std::string(3 << 20, 'x') + "\"";
  int done = 0;
  auto check = [&](std::error_code error, const Answer& answer) {
    EXPECT_FALSE(error);
    EXPECT_EQ(answer.body.size(), large.size());
    ++done;
  };
  for (int i = 0; i < 8; ++i)
    pair.near.async_call("echo", std::string_view(large), {}, check);
  EXPECT_TRUE(run_until(context, [&done] { return done == 8; }));
}

TEST_P(Tokens, ContextsCanGoWithCallsOfEveryKindUnderWay) {
  for (int stage = 0; stage < 3; ++stage) {
    auto own = std::make_unique<asio::io_context>();
    auto peers = std::make_unique<PeerPair>(own->get_executor(), GetParam());
    auto awaiting = [&peers]() -> asio::awaitable<void> {
      const Payload params;
      co_await peers->near.async_call("hold", params, CallOptions(), use_tuple);
    };
    asio::co_spawn(*own, awaiting(), asio::detached);
    peers->near.async_call("hold", {}, {},
                           [owned = std::make_unique<int>(1)](std::error_code, const Answer&) {});
    std::future<Answer> future = peers->near.async_call("hold", {}, {}, asio::use_future);
    if (stage > 0) own->poll();
    if (stage == 2) run_until(*own, [&peers] { return peers->held.size() == 3; });
    peers->held.clear();
    peers.reset();
    own.reset();
    EXPECT_THROW(future.get(), std::exception);
  }
}

TEST_P(Tokens, ThePeersExecutorIsTheOneItWasGiven) {
  static_assert(std::is_same_v<Peer::executor_type, Executor>);
  EXPECT_EQ(pair.near.get_executor(), Executor(context.get_executor()));
}

}  // namespace
}  // namespace headrace::engine
