// A latch that coroutines wait for: once set, everybody goes on.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/deadline.hpp>

#include <memory>
#include <vector>

namespace headrace::engine {

/// Awaited by any number of coroutines. Not thread-safe: use it on its executor.
class Event {
 public:
  explicit Event(Executor executor);

  void set();
  void reset() noexcept { state_->set = false; }
  bool is_set() const noexcept { return state_->set; }

  /// True when it was set, false when the deadline passed first. On cancellation of any kind the
  /// waiting ends early and the answer is what is_set() says. The event may be gone by then.
  asio::awaitable<bool> async_wait(Deadline deadline = {});

 private:
  struct State {
    bool set = false;
    std::vector<asio::steady_timer*> waiters;
  };
  static asio::awaitable<bool> wait(Executor executor, std::shared_ptr<State> state,
                                    Deadline deadline);

  Executor executor_;
  std::shared_ptr<State> state_;
};

}  // namespace headrace::engine
