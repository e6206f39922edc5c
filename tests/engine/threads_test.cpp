// Peers and children on strands of a context that several threads run; for the thread sanitizer.
#include <headrace/engine/child.hpp>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include <asio/strand.hpp>
#include <asio/use_future.hpp>

#include "peer_pair.hpp"
#include "support.hpp"

namespace headrace::engine {
namespace {

using test::PeerPair;

/// A context that four threads run until it is destroyed.
class Threads {
 public:
  Threads() {
    for (int i = 0; i < 4; ++i)
      threads_.emplace_back([this] { context.run(); });
  }
  ~Threads() {
    work_.reset();
    for (std::thread& thread : threads_)
      thread.join();
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  /// Runs something on an executor and waits for it.
  template <class Function>
  void on(const Executor& executor, Function function) {
    std::future<void> done = asio::post(executor, std::packaged_task<void()>(std::move(function)));
    done.get();
  }

  asio::io_context context;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(context);
  std::vector<std::thread> threads_;
};

TEST(Threads, FuturesFromManyThreadsOverOnePeer) {
  Threads threads;
  const Executor strand = asio::make_strand(threads.context);
  std::unique_ptr<PeerPair> pair;
  threads.on(strand, [&] { pair = std::make_unique<PeerPair>(strand, true); });

  std::atomic<int> right = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 200; ++i) {
        const std::string params = std::to_string(caller * 1000 + i);
        std::promise<std::future<Answer>> begun;
        asio::post(strand, [&] {
          begun.set_value(
              pair->near.async_call("echo", std::string_view(params), {}, asio::use_future));
        });
        if (begun.get_future().get().get().body == params) ++right;
      }
    });
  }
  for (std::thread& caller : callers)
    caller.join();
  EXPECT_EQ(right, 800);
  threads.on(strand, [&] { pair.reset(); });
}

TEST(Threads, HandlersOnOtherStrandsThanThePeers) {
  Threads threads;
  const Executor strand = asio::make_strand(threads.context);
  const auto other = asio::make_strand(threads.context);
  std::unique_ptr<PeerPair> pair;
  int answered = 0;  // touched on `other` only
  std::promise<void> all;
  threads.on(strand, [&] {
    pair = std::make_unique<PeerPair>(strand, false);
    for (int i = 0; i < 1000; ++i) {
      auto count = [&](std::error_code error, const Answer&) {
        EXPECT_FALSE(error);
        if (++answered == 1000) all.set_value();
      };
      pair->near.async_call("echo", std::string_view("[1]"), {}, asio::bind_executor(other, count));
    }
  });
  all.get_future().get();
  threads.on(strand, [&] { pair.reset(); });
}

TEST(Threads, ManyPeersOnStrandsOfTheirOwn) {
  Threads threads;
  constexpr int many = 8;
  std::vector<Executor> strands;
  std::vector<std::unique_ptr<PeerPair>> pairs(many);
  std::vector<std::future<void>> done;
  auto conversation = [](PeerPair& pair) -> asio::awaitable<void> {
    const Payload params(std::string_view("{}"));
    for (int i = 0; i < 100; ++i) {
      auto [error, answer] =
          co_await pair.near.async_call("echo", params, CallOptions(), use_tuple);
      EXPECT_FALSE(error);
      CallOptions soon;
      soon.deadline = Deadline::after(std::chrono::microseconds(100));
      auto [late, nothing] = co_await pair.near.async_call("hold", params, soon, use_tuple);
      EXPECT_EQ(late, Errc::timed_out);
    }
  };
  for (std::size_t i = 0; i < many; ++i) {
    strands.emplace_back(asio::make_strand(threads.context));
    threads.on(strands[i],
               [&, i] { pairs[i] = std::make_unique<PeerPair>(strands[i], i % 2 == 0); });
    done.push_back(asio::co_spawn(strands[i], conversation(*pairs[i]), asio::use_future));
  }
  for (std::future<void>& one : done)
    one.get();
  for (std::size_t i = 0; i < many; ++i)
    threads.on(strands[i], [&, i] { pairs[i].reset(); });
}

TEST(Threads, ChildrenOnAStrand) {
  Threads threads;
  const Executor strand = asio::make_strand(threads.context);
  std::vector<std::future<int>> codes;
  auto life = [](Executor executor, int code) -> asio::awaitable<int> {
    SpawnSpec spec;
    spec.argv = {"/bin/sh", "-c", "echo noise >&2; exit " + std::to_string(code)};
    spec.environment = test::basic_environment();
    Diagnostics diagnostics;
    const auto child = Child::start(executor, spec, {}, nullptr, diagnostics);
    co_await child->async_wait();
    co_await child->async_wait_stderr(Deadline::after(test::patience));
    EXPECT_EQ(child->stderr_tail(), "noise\n");
    co_return child->exit_status()->code;
  };
  for (int i = 0; i < 20; ++i)
    codes.push_back(asio::co_spawn(strand, life(strand, i), asio::use_future));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(codes[static_cast<std::size_t>(i)].get(), i);
}

}  // namespace
}  // namespace headrace::engine
