// Coroutines that run beside whoever begins them.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/event.hpp>

#include <memory>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

namespace headrace::server {

/// Ends when each has ended, whatever its end is: what one throws is lost. To be run to its end.
asio::awaitable<void> run_all(engine::Executor executor, std::vector<asio::awaitable<void>> parts);

template <class Closable>
asio::awaitable<void> close_and_tell(std::shared_ptr<Closable> closable,
                                     std::shared_ptr<engine::Event> closed) {
  co_await closable->async_close();
  closed->set();
}

/// Begins its async_close(); the event is set when that is over, for whoever waits so long.
template <class Closable>
std::shared_ptr<engine::Event> begin_close(const engine::Executor& executor,
                                           std::shared_ptr<Closable> closable) {
  const auto closed = std::make_shared<engine::Event>(executor);
  asio::awaitable<void> closing = close_and_tell(std::move(closable), closed);
  asio::co_spawn(executor, std::move(closing), asio::detached);
  return closed;
}

}  // namespace headrace::server
