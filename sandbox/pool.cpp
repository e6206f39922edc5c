// Filling, handing out and emptying the pool.
#include <headrace/sandbox/pool.hpp>

namespace headrace::sandbox {

Pool::Pool(engine::Executor executor, PoolOptions options, std::shared_ptr<Launcher> launcher,
           engine::Logger logger)
    : executor_(std::move(executor)),
      options_(options),
      launcher_(std::move(launcher)),
      logger_(std::move(logger)) {}

void Pool::prepare() {}

asio::awaitable<std::unique_ptr<Interpreter>> Pool::async_take(engine::Diagnostics& diagnostics,
                                                               Launcher::Progress progress) {
  const std::shared_ptr<Pool> self = shared_from_this();
  std::unique_ptr<Interpreter> next =
      co_await launcher_->async_start(diagnostics, std::move(progress));
  co_return next;
}

asio::awaitable<void> Pool::async_close() {
  co_return;
}

}  // namespace headrace::sandbox
