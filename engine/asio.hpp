// The one place that knows which Asio this is: names that moved between 1.22 and the newest.
#pragma once

// Asio 1.22 asks libstdc++ whether there is an aligned allocation, and hears "no" before the first
// standard header: two files with different answers would free what the other allocated.
#include <version>

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/version.hpp>

// `as_tuple` left the experimental namespace in 1.23; 1.33 dropped the old name.
#if ASIO_VERSION >= 102300
#include <asio/as_tuple.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#endif

namespace headrace::engine {

using Executor = asio::any_io_executor;

#if ASIO_VERSION >= 102300
using asio::as_tuple;
#else
using asio::experimental::as_tuple;
#endif

/// Awaits an operation and yields its results as a tuple, the error first: nothing is thrown.
inline constexpr auto use_tuple = as_tuple(asio::use_awaitable);

}  // namespace headrace::engine
