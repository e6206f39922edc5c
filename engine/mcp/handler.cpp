// The life of a handler's coroutine, from its request to its answer.
#include <headrace/engine/mcp/handler.hpp>

namespace headrace::engine::mcp::detail {

void answer_exception(Request& request, const std::exception_ptr& exception, Failed fail) {
  if (request.cancelled()) return;
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    fail(request, error.what());
  } catch (...) {
    fail(request, "it failed, and did not say why");
  }
}

void spawn_handler(std::shared_ptr<Request> request, asio::awaitable<void> coroutine, Failed fail) {
  const Executor executor = request->get_executor();
  if (!executor) {
    fail(*request, "the server is not connected to an executor, which coroutines need");
    return;
  }
  auto signal = std::make_shared<asio::cancellation_signal>();
  request->on_cancel = [signal] { signal->emit(asio::cancellation_type::terminal); };
  auto ended = [request, signal, fail](const std::exception_ptr& exception) {
    if (exception) answer_exception(*request, exception, fail);
  };
  asio::co_spawn(executor, std::move(coroutine),
                 asio::bind_cancellation_slot(signal->slot(), std::move(ended)));
}

}  // namespace headrace::engine::mcp::detail
