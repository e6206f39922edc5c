// The timers behind Event.
#include <headrace/engine/event.hpp>

#include <utility>

namespace headrace::engine {

Event::Event(Executor executor)
    : executor_(std::move(executor)), state_(std::make_shared<State>()) {}

void Event::set() {
  state_->set = true;
  for (asio::steady_timer* timer : state_->waiters)
    timer->cancel();
}

asio::awaitable<bool> Event::async_wait(Deadline deadline) {
  return wait(executor_, state_, deadline);
}

asio::awaitable<bool> Event::wait(Executor executor, std::shared_ptr<State> state,
                                  Deadline deadline) {
  if (state->set) co_return true;
  asio::steady_timer timer(executor, deadline.at());
  // A coroutine that is destroyed while it waits must not leave its timer behind.
  struct Registration {
    State& state;
    asio::steady_timer* timer;
    ~Registration() { std::erase(state.waiters, timer); }
  };
  state->waiters.push_back(&timer);
  Registration registration{*state, &timer};
  co_await timer.async_wait(use_tuple);
  co_return state->set;
}

}  // namespace headrace::engine
