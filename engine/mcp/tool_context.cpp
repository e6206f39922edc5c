// Questions to the client as coroutines, on Request::ask().
#include <headrace/engine/event.hpp>
#include <headrace/engine/mcp/tool_context.hpp>
#include <headrace/framing/json_writer.hpp>

#include <system_error>

namespace headrace::engine::mcp {
namespace {

using framing::JsonWriter;

std::string text_of(const JsonValue& object, std::string_view key) {
  const JsonValue* member = object.find(key);
  const std::string* text = member != nullptr ? member->get<std::string>() : nullptr;
  return text != nullptr ? *text : std::string();
}

// Errors, in the words that a handler sees; false when there is an answer to be read.
template <class T>
bool is_refused(const QuestionReply& answer, Reply<T>& reply, JsonValue& json) {
  if (!answer.result.empty()) return !read_json(answer.result, json, reply.message);
  reply.outcome = answer.code == method_not_found ? Asked::not_supported : Asked::failed;
  reply.message = answer.message;
  return true;
}

Reply<RawValue> read_elicited(const QuestionReply& answer) {
  Reply<RawValue> reply;
  JsonValue json;
  if (is_refused(answer, reply, json)) return reply;
  const std::string action = text_of(json, "action");
  if (action == "accept") {
    const JsonValue* content = json.find("content");
    reply.outcome = Asked::answered;
    reply.value.emplace().json = content != nullptr ? content->to_json() : "{}";
    return reply;
  }
  reply.outcome = action == "decline" ? Asked::declined : Asked::dismissed;
  reply.message = action == "decline" ? "the user declined" : "the user gave no answer";
  return reply;
}

void add_text(std::string& text, const JsonValue& block) {
  if (text_of(block, "type") == "text") text += text_of(block, "text");
}

Reply<Sample> read_sample(const QuestionReply& answer) {
  Reply<Sample> reply;
  JsonValue json;
  if (is_refused(answer, reply, json)) return reply;
  Sample sample;
  sample.model = text_of(json, "model");
  sample.stop_reason = text_of(json, "stopReason");
  sample.result.json = answer.result;
  if (const JsonValue* content = json.find("content")) {
    add_text(sample.text, *content);
    if (const auto* blocks = content->get<JsonValue::Items>()) {
      for (const JsonValue& block : *blocks)
        add_text(sample.text, block);
    }
  }
  reply.outcome = Asked::answered;
  reply.value = std::move(sample);
  return reply;
}

Reply<std::vector<Root>> read_roots(const QuestionReply& answer) {
  Reply<std::vector<Root>> reply;
  JsonValue json;
  if (is_refused(answer, reply, json)) return reply;
  std::vector<Root>& roots = reply.value.emplace();
  const JsonValue* list = json.find("roots");
  const auto* items = list != nullptr ? list->get<JsonValue::Items>() : nullptr;
  if (items != nullptr) {
    for (const JsonValue& item : *items)
      roots.push_back({text_of(item, "uri"), text_of(item, "name")});
  }
  reply.outcome = Asked::answered;
  return reply;
}

// One question on its way; who stops waiting, for whatever reason, takes it back.
struct Question {
  Question(std::shared_ptr<Request> from, const Executor& executor)
      : request(std::move(from)), answer(std::make_shared<Answered>(executor)) {}
  ~Question() {
    if (!answer->event.is_set()) request->withdraw(number);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  struct Answered {
    explicit Answered(const Executor& executor) : event(executor) {}
    Event event;
    QuestionReply reply;
  };
  std::shared_ptr<Request> request;
  std::shared_ptr<Answered> answer;
  std::uint64_t number = 0;
};

}  // namespace

void ToolContext::log(LogLevel level, std::string_view text, std::string_view logger) const {
  std::string data;
  JsonWriter(data).value(text);
  request_->log(level, logger, data);
}

asio::awaitable<QuestionReply> ToolContext::ask_raw(Call request, std::string method,
                                                    std::string params, std::string key) {
  const Executor executor = co_await asio::this_coro::executor;
  Question question(request, executor);
  ReplyCallback done = [answer = question.answer](QuestionReply reply) {
    answer->reply = std::move(reply);
    answer->event.set();
  };
  question.number = request->ask(key, method, params, std::move(done));
  const bool answered = co_await question.answer->event.async_wait();
  if (!answered || request->cancelled()) throw std::system_error(asio::error::operation_aborted);
  co_return std::move(question.answer->reply);
}

asio::awaitable<Reply<RawValue>> ToolContext::ask_user(Call request, std::string params) {
  std::string method = "elicitation/create";
  std::string key;
  const QuestionReply answer =
      co_await ask_raw(request, std::move(method), std::move(params), std::move(key));
  co_return read_elicited(answer);
}

asio::awaitable<Reply<RawValue>> ToolContext::ask_form(Call request, std::string message,
                                                       RawValue schema) {
  std::string params;
  JsonWriter writer(params);
  writer.begin_object().member("message", std::string_view(message));
  writer.raw_member("requestedSchema", schema.json).end_object();
  return ask_user(std::move(request), std::move(params));
}

asio::awaitable<Reply<RawValue>> ToolContext::ask_url(Call request, std::string message,
                                                      std::string url) {
  std::string params;
  JsonWriter writer(params);
  writer.begin_object().member("mode", "url").member("message", std::string_view(message));
  writer.member("url", std::string_view(url)).end_object();
  return ask_user(std::move(request), std::move(params));
}

asio::awaitable<Reply<Sample>> ToolContext::sample(SampleRequest request) const {
  std::string params;
  JsonWriter writer(params);
  writer.begin_object().key("messages").begin_array();
  for (const PromptMessage& message : request.messages)
    writer.raw(message.to_json());
  writer.end_array().member("maxTokens", request.max_tokens);
  if (!request.system_prompt.empty())
    writer.member("systemPrompt", std::string_view(request.system_prompt));
  if (request.temperature) writer.member("temperature", *request.temperature);
  if (!request.stop_sequences.empty()) {
    writer.key("stopSequences").begin_array();
    for (const std::string& sequence : request.stop_sequences)
      writer.value(std::string_view(sequence));
    writer.end_array();
  }
  writer.end_object();
  return ask_model(request_, std::move(params));
}

asio::awaitable<Reply<Sample>> ToolContext::ask_model(Call request, std::string params) {
  std::string method = "sampling/createMessage";
  std::string key;
  const QuestionReply answer =
      co_await ask_raw(request, std::move(method), std::move(params), std::move(key));
  co_return read_sample(answer);
}

asio::awaitable<Reply<std::vector<Root>>> ToolContext::ask_roots(Call request) {
  std::string method = "roots/list";
  std::string params;
  std::string key;
  const QuestionReply answer =
      co_await ask_raw(request, std::move(method), std::move(params), std::move(key));
  co_return read_roots(answer);
}

}  // namespace headrace::engine::mcp
