// From a completion handler with all that Asio associates with it to a plain callable.
#pragma once

#include <headrace/engine/asio.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace headrace::engine {

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
    auto complete = [handler = std::move(handler),
                     values =
                         std::make_tuple(std::forward<decltype(results)>(results)...)]() mutable {
      std::apply(
          [&handler](auto&&... value) {
            std::move(handler)(std::forward<decltype(value)>(value)...);
          },
          std::move(values));
    };
    asio::dispatch(executor, std::move(complete));
  };
}

}  // namespace headrace::engine
