// Runs the functions behind tools and prompts: plain ones at once, coroutines on the server's
// executor with the client's cancellation; what they throw becomes an answer.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/mcp/described.hpp>
#include <headrace/engine/mcp/request.hpp>
#include <headrace/engine/mcp/tool_context.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace headrace::engine::mcp::detail {

template <class Function, class Args>
inline constexpr bool takes_context = std::is_invocable_v<Function&, const Args&, ToolContext>;

template <class Function, class Args>
decltype(auto) invoke_handler(Function& function, const Args& arguments,
                              const ToolContext& context) {
  if constexpr (takes_context<Function, Args>) {
    return std::invoke(function, arguments, context);
  } else {
    static_assert(std::is_invocable_v<Function&, const Args&>,
                  "a handler takes (const Args&) or (const Args&, ToolContext)");
    return std::invoke(function, arguments);
  }
}

template <class R>
struct Awaited {
  using type = R;
  static constexpr bool is_coroutine = false;
};
template <class R>
struct Awaited<asio::awaitable<R>> {
  using type = R;
  static constexpr bool is_coroutine = true;
};

template <class Function, class Args>
using Returned = Awaited<std::remove_cvref_t<decltype(invoke_handler(
    std::declval<Function&>(), std::declval<const Args&>(), std::declval<const ToolContext&>()))>>;
/// What a handler comes to, in the end.
template <class Function, class Args>
using ResultOf = typename Returned<Function, Args>::type;

/// Answers a request for which its handler has failed.
using Failed = void (*)(Request& request, std::string_view why);

/// Starts a handler's coroutine; the client's cancellation ends it.
void spawn_handler(std::shared_ptr<Request> request, asio::awaitable<void> coroutine, Failed fail);
/// Answers with the words of the exception that is being handled, unless the client gave up.
void answer_exception(Request& request, const std::exception_ptr& exception, Failed fail);

// `Answer` writes results: `static void done(Request&)`, `static void done(Request&, const R&)` and
// `static void fail(Request&, std::string_view)`.
template <class Answer, class Args, class Function>
asio::awaitable<void> await_handler(std::shared_ptr<Function> function,
                                    std::shared_ptr<const Args> arguments,
                                    std::shared_ptr<Request> request) {
  const ToolContext context(request);
  if constexpr (std::is_void_v<ResultOf<Function, Args>>) {
    co_await invoke_handler(*function, *arguments, context);
    Answer::done(*request);
  } else {
    const ResultOf<Function, Args> result = co_await invoke_handler(*function, *arguments, context);
    Answer::done(*request, result);
  }
}

template <class Answer, class Args, class Function>
void run_handler(const std::shared_ptr<Function>& function, Args arguments,
                 const std::shared_ptr<Request>& request) {
  try {
    if constexpr (Returned<Function, Args>::is_coroutine) {
      auto kept = std::make_shared<const Args>(std::move(arguments));
      spawn_handler(request, await_handler<Answer, Args>(function, std::move(kept), request),
                    &Answer::fail);
    } else if constexpr (std::is_void_v<ResultOf<Function, Args>>) {
      invoke_handler(*function, arguments, ToolContext(request));
      Answer::done(*request);
    } else {
      Answer::done(*request, invoke_handler(*function, arguments, ToolContext(request)));
    }
  } catch (...) {
    answer_exception(*request, std::current_exception(), &Answer::fail);
  }
}

}  // namespace headrace::engine::mcp::detail
