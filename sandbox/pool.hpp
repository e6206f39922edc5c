// Interpreters that are started before anybody needs them.
#pragma once

#include <headrace/engine/deadline.hpp>
#include <headrace/sandbox/launcher.hpp>

#include <memory>

namespace headrace::sandbox {

struct PoolOptions {
  /// How many wait to be taken; 0: every interpreter is started when it is asked for.
  std::size_t size = 1;
  /// A spare that nobody has taken for so long is shut down; the next use brings one back.
  engine::Clock::duration idle_limit = std::chrono::seconds(300);
};

/// Not thread-safe. Held by shared_ptr: its coroutines keep it alive.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(engine::Executor executor, PoolOptions options, std::shared_ptr<Launcher> launcher,
       engine::Logger logger);

  /// Begins to fill, a moment later, so that a client that is gone by then costs nothing.
  void prepare();

  /// A spare one, at once; else one that is started now. Null, with a sentence for the user, when
  /// there can be none. Afterwards the pool is filled again.
  asio::awaitable<std::unique_ptr<Interpreter>> async_take(engine::Diagnostics& diagnostics,
                                                           Launcher::Progress progress = {});

  /// Ends what waits. For good.
  asio::awaitable<void> async_close();

 private:
  engine::Executor executor_;
  PoolOptions options_;
  std::shared_ptr<Launcher> launcher_;
  engine::Logger logger_;
};

}  // namespace headrace::sandbox
