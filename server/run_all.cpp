// Coroutines that run beside whoever begins them.
#include <headrace/server/run_all.hpp>

namespace headrace::server {

asio::awaitable<void> run_all(engine::Executor executor, std::vector<asio::awaitable<void>> parts) {
  const auto left = std::make_shared<std::size_t>(parts.size());
  const auto done = std::make_shared<engine::Event>(executor);
  for (asio::awaitable<void>& part : parts) {
    asio::co_spawn(executor, std::move(part), [left, done](const std::exception_ptr&) {
      if (--*left == 0) done->set();
    });
  }
  if (*left > 0) co_await done->async_wait();
}

}  // namespace headrace::server
