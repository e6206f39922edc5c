// From a completion handler with all that Asio associates with it to a plain callable.
#pragma once

#include <headrace/engine/asio.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

#include <asio/associated_allocator.hpp>

namespace headrace::engine {

/// A handler with its results, on its way to its executor.
template <class Handler, class... Results>
struct BoundCompletion {
  using allocator_type = asio::associated_allocator_t<Handler>;
  allocator_type get_allocator() const noexcept { return asio::get_associated_allocator(handler); }
  void operator()() {
    auto call = [this](auto&&... values) {
      std::move(handler)(std::forward<decltype(values)>(values)...);
    };
    std::apply(call, std::move(results));
  }

  Handler handler;
  std::tuple<Results...> results;
};

/// A callable that completes `handler` through its associated executor (else `fallback`), keeps
/// that executor busy until then, and lets go of its cancellation slot first. To be called once,
/// never from inside the initiation.
template <class Handler>
auto as_callback(Handler&& handler, const Executor& fallback) {
  auto slot = asio::get_associated_cancellation_slot(handler);
  auto work = asio::make_work_guard(asio::get_associated_executor(handler, fallback));
  return [handler = std::decay_t<Handler>(std::forward<Handler>(handler)), work = std::move(work),
          slot](auto&&... results) mutable {
    if (slot.is_connected()) slot.clear();
    auto executor = work.get_executor();
    BoundCompletion<std::decay_t<Handler>, std::decay_t<decltype(results)>...> complete{
        std::move(handler), {std::forward<decltype(results)>(results)...}};
    asio::dispatch(executor, std::move(complete));
  };
}

}  // namespace headrace::engine
