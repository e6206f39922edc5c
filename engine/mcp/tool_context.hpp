// What a handler can do besides returning: ask the client, tell how far it is, see that it is
// cancelled.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/mcp/content.hpp>
#include <headrace/engine/mcp/described.hpp>
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/engine/mcp/read_value.hpp>
#include <headrace/engine/mcp/request.hpp>
#include <headrace/engine/mcp/schema.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::engine::mcp {

/// How a question to the client ended.
enum class Asked {
  answered,
  declined,       ///< The user said no.
  dismissed,      ///< The user closed it without a choice.
  not_supported,  ///< The client has not declared that it can do this, or says that it can't.
  failed,         ///< No answer in time, or one of the wrong form; the words are beside it.
};

/// An answer of type T, there exactly when it was answered.
template <class T>
struct Reply {
  Asked outcome = Asked::failed;
  std::optional<T> value;
  std::string message;  ///< Why there is no answer.

  explicit operator bool() const noexcept { return value.has_value(); }
};

struct SampleRequest {
  std::vector<PromptMessage> messages;
  int max_tokens = 1000;
  std::string system_prompt;
  std::optional<double> temperature;
  std::vector<std::string> stop_sequences;
};

/// What the client's model said.
struct Sample {
  std::string text;  ///< All blocks of text, one after another.
  std::string model;
  std::string stop_reason;
  RawValue result;  ///< The whole `CreateMessageResult`.
};

/// A handle on the request that is being worked on; cheap to copy. All of it is used on the
/// server's executor.
///
/// The questions are awaited by the coroutine that works on the request. When the client cancels
/// that, they throw std::system_error with asio::error::operation_aborted, as anything does that
/// the coroutine awaits; so it is best not caught. In the modern era a question ends one round of
/// the call, and the answer comes with the next; the coroutine sees no difference.
class ToolContext {
 public:
  explicit ToolContext(std::shared_ptr<Request> request) : request_(std::move(request)) {}

  /// Who asks, and what they can do.
  const ClientContext& client() const noexcept { return request_->client(); }
  /// The client has given up; for handlers that take long without awaiting anything.
  bool cancelled() const noexcept { return request_->cancelled(); }

  /// As Request::progress().
  void progress(double done, std::optional<double> total = {},
                std::string_view message = {}) const {
    request_->progress(done, total, message);
  }
  /// A log message that belongs to this request.
  void log(LogLevel level, std::string_view text, std::string_view logger = {}) const;

  /// Asks the user to fill in a form, made from a described struct of simple fields.
  template <Described T>
  asio::awaitable<Reply<T>> elicit(std::string message) const {
    static_assert(is_form<T>(), "a form has texts, numbers, choices and lists of choices only");
    return read_form<T>(request_, std::move(message));
  }
  /// The same with a raw `requestedSchema`, and the raw object that was filled in.
  asio::awaitable<Reply<RawValue>> elicit(std::string message, RawValue schema) const {
    return ask_form(request_, std::move(message), std::move(schema));
  }
  /// Asks the user to open a page. Answered means that they agreed to, no more.
  asio::awaitable<Reply<RawValue>> elicit_url(std::string message, std::string url) const {
    return ask_url(request_, std::move(message), std::move(url));
  }
  /// Has the client's model say something.
  asio::awaitable<Reply<Sample>> sample(SampleRequest request) const;
  asio::awaitable<Reply<std::vector<Root>>> roots() const { return ask_roots(request_); }

  /// Any question, as Request::ask().
  asio::awaitable<QuestionReply> ask(std::string method, std::string params,
                                     std::string key = {}) const {
    return ask_raw(request_, std::move(method), std::move(params), std::move(key));
  }

 private:
  using Call = std::shared_ptr<Request>;
  // Coroutines that keep all they need, so that they may be started later than they are made.
  static asio::awaitable<QuestionReply> ask_raw(Call request, std::string method,
                                                std::string params, std::string key);
  static asio::awaitable<Reply<RawValue>> ask_form(Call request, std::string message,
                                                   RawValue schema);
  static asio::awaitable<Reply<RawValue>> ask_url(Call request, std::string message,
                                                  std::string url);
  static asio::awaitable<Reply<RawValue>> ask_user(Call request, std::string params);
  static asio::awaitable<Reply<Sample>> ask_model(Call request, std::string params);
  static asio::awaitable<Reply<std::vector<Root>>> ask_roots(Call request);

  template <class T>
  static asio::awaitable<Reply<T>> read_form(Call request, std::string message) {
    RawValue schema;
    schema.json = schema_json<T>();
    const Reply<RawValue> filled = co_await ask_form(request, std::move(message), schema);
    co_return read_filled<T>(filled);
  }
  template <class T>
  static Reply<T> read_filled(const Reply<RawValue>& filled) {
    Reply<T> reply;
    reply.outcome = filled.outcome;
    reply.message = filled.message;
    if (!filled) return reply;
    JsonValue json;
    std::string why;
    T value{};
    if (read_json(filled.value->json, json, why) && read_value(json, value, why)) {
      reply.value = std::move(value);
    } else {
      reply.outcome = Asked::failed;
      reply.message = "the client's answer does not fit the form: " + why;
    }
    return reply;
  }

  Call request_;
};

}  // namespace headrace::engine::mcp
