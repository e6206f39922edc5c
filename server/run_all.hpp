// Several coroutines side by side.
#pragma once

#include <headrace/engine/asio.hpp>

#include <vector>

namespace headrace::server {

/// Ends when each has ended, whatever its end is: what one throws is lost. To be run to its end.
asio::awaitable<void> run_all(engine::Executor executor, std::vector<asio::awaitable<void>> parts);

}  // namespace headrace::server
