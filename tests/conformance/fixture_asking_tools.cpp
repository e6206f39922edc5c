// Tools that ask the client: one thing or several, at once or in turn, typed or raw.
#include <headrace/engine/mcp/tool.hpp>

#include <array>

#include "fixture.hpp"

namespace fixture {

using mcp::NoArguments;
using mcp::QuestionReply;
using mcp::ToolContext;
using mcp::ToolResult;

namespace {

ToolResult result_of(const QuestionReply& reply, const std::string& text) {
  return reply.result.empty() ? ToolResult::error(reply.message) : ToolResult::text(text);
}

struct Prompt {
  std::string prompt;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("prompt", &Prompt::prompt, "What the model is asked"));
  }
};

asio::awaitable<ToolResult> sample(const Prompt& arguments, ToolContext context) {
  mcp::SampleRequest request;
  request.messages.push_back(mcp::PromptMessage::user(arguments.prompt));
  request.max_tokens = 100;
  const mcp::Reply<mcp::Sample> reply = co_await context.sample(request);
  co_return reply ? ToolResult::text("LLM response: " + reply.value->text)
                  : ToolResult::error(reply.message);
}

struct Message {
  std::string message;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("message", &Message::message, "What the user is shown"));
  }
};

struct User {
  std::string username;
  std::string email;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("username", &User::username, "User's response"),
                       mcp::field("email", &User::email, "User's email address"));
  }
};

enum class Status { active, inactive, pending };
constexpr auto names_of(Status) {
  return std::to_array<mcp::Named<Status>>(
      {{"active", Status::active}, {"inactive", Status::inactive}, {"pending", Status::pending}});
}

struct Defaults {
  std::string name = "John Doe";
  int age = 30;
  double score = 95.5;
  Status status = Status::active;
  bool verified = true;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("name", &Defaults::name, "User name").or_default(),
                       mcp::field("age", &Defaults::age, "User age").or_default(),
                       mcp::field("score", &Defaults::score, "User score").or_default(),
                       mcp::field("status", &Defaults::status, "User status").or_default(),
                       mcp::field("verified", &Defaults::verified, "Verified").or_default());
  }
};

std::string action_of(mcp::Asked outcome) {
  return outcome == mcp::Asked::declined ? "decline" : "cancel";
}

template <class T>
ToolResult elicited(const std::string& what, const mcp::Reply<T>& reply) {
  switch (reply.outcome) {
    case mcp::Asked::answered:
      return ToolResult::text(what + ": action=accept, content=" + mcp::value_json(*reply.value));
    case mcp::Asked::declined:
    case mcp::Asked::dismissed:
      return ToolResult::text(what + ": action=" + action_of(reply.outcome));
    default:
      return ToolResult::error(reply.message);
  }
}

asio::awaitable<ToolResult> elicit(const Message& arguments, ToolContext context) {
  const mcp::Reply<User> reply = co_await context.elicit<User>(arguments.message);
  co_return elicited("User response", reply);
}

asio::awaitable<ToolResult> elicit_defaults(const NoArguments&, ToolContext context) {
  const std::string message = "Please review and update the form fields with defaults";
  const mcp::Reply<Defaults> reply = co_await context.elicit<Defaults>(message);
  co_return elicited("Elicitation completed", reply);
}

asio::awaitable<ToolResult> elicit_choices(const NoArguments&, ToolContext context) {
  const std::string message = "Please select options from the enum fields";
  mcp::RawValue schema;
  schema.json =
      R"({"type":"object","properties":{)"
      R"("untitledSingle":{"type":"string","enum":["option1","option2","option3"]},)"
      R"("titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},)"
      R"({"const":"value2","title":"Second Option"},{"const":"value3","title":"Third Option"}]},)"
      R"("legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],)"
      R"("enumNames":["Option One","Option Two","Option Three"]},)"
      R"("untitledMulti":{"type":"array","minItems":1,"maxItems":3,)"
      R"("items":{"type":"string","enum":["option1","option2","option3"]}},)"
      R"("titledMulti":{"type":"array","minItems":1,"maxItems":3,)"
      R"("items":{"anyOf":[{"const":"value1","title":"First Choice"},)"
      R"({"const":"value2","title":"Second Choice"},{"const":"value3","title":"Third Choice"}]}}}})";
  const mcp::Reply<mcp::RawValue> reply = co_await context.elicit(message, schema);
  co_return elicited("Elicitation completed", reply);
}

asio::awaitable<ToolResult> ask_name(const NoArguments&, ToolContext context) {
  const Question question = form("user_name", "What is your name?", "name", "string");
  const QuestionReply reply = co_await ask(context, question);
  co_return result_of(reply, "Hello, " + answered(reply, "name") + "!");
}

asio::awaitable<ToolResult> ask_model(const NoArguments&, ToolContext context) {
  const Question question = sampling("capital_question", "What is the capital of France?");
  const QuestionReply reply = co_await ask(context, question);
  co_return result_of(reply, "Sampling result: " + answered(reply, "text"));
}

asio::awaitable<ToolResult> ask_roots(const NoArguments&, ToolContext context) {
  const Question question = roots("client_roots");
  const QuestionReply reply = co_await ask(context, question);
  co_return result_of(reply, "Roots: " + reply.result);
}

// Of a call that does not go on where it was, a first round would be repeated.
asio::awaitable<ToolResult> keep_state(const NoArguments&, ToolContext context) {
  const Question question = form("confirm", "Please confirm", "ok", "boolean");
  const QuestionReply reply = co_await ask(context, question);
  co_return result_of(reply, "state-ok: the call went on where it was");
}

asio::awaitable<ToolResult> ask_twice(const NoArguments&, ToolContext context) {
  const Question first = form("step1", "Step 1: What is your name?", "name", "string");
  const Question second = form("step2", "Step 2: What is your favorite color?", "color", "string");
  const QuestionReply name = co_await ask(context, first);
  const QuestionReply color = co_await ask(context, second);
  co_return result_of(color, answered(name, "name") + " likes " + answered(color, "color"));
}

// Questions at one time: all of them are asked in one round, and the last answer is the call's.
void ask_together(const std::shared_ptr<mcp::Request>& request,
                  const std::vector<Question>& questions) {
  auto left = std::make_shared<std::size_t>(questions.size());
  for (const Question& question : questions) {
    mcp::ReplyCallback done = [request, left](QuestionReply reply) {
      if (--*left != 0) return;
      const std::string result = result_of(reply, "All inputs received").to_json();
      request->result(std::string_view(result));
    };
    request->ask(question.key, question.method, question.params, std::move(done));
  }
}

void ask_three(const std::shared_ptr<mcp::Request>& request) {
  ask_together(request, {form("user_name", "What is your name?", "name", "string"),
                         sampling("greeting", "Generate a greeting"), roots("client_roots")});
}

void ask_what_is_possible(const std::shared_ptr<mcp::Request>& request) {
  std::vector<Question> possible;
  for (const Question& question : {form("elicit_input", "Elicitation input", "value", "string"),
                                   sampling("sample_input", "Sample request")}) {
    const auto& client = request->client().capabilities;
    if (mcp::missing_capability(client, question.method, question.params).empty()) {
      possible.push_back(question);
    }
  }
  ask_together(request, possible);
  if (!possible.empty()) return;
  const std::string result = ToolResult::text("No supported capabilities declared").to_json();
  request->result(std::string_view(result));
}

void require_sampling(const std::shared_ptr<mcp::Request>& request) {
  const Question question = sampling("unused", "");
  const std::string missing =
      mcp::missing_capability(request->client().capabilities, question.method, question.params);
  if (!missing.empty()) return request->refuse_for(missing);
  const std::string result = ToolResult::text("Success").to_json();
  request->result(std::string_view(result));
}

// Those that take the request itself are made by hand.
mcp::ToolSpec raw_tool(const std::string& name, const std::string& description,
                       std::function<void(std::shared_ptr<mcp::Request>)> handler) {
  mcp::ToolSpec spec;
  spec.name = name;
  spec.definition = R"({"name":")" + name + R"(","description":")" + description +
                    R"(","inputSchema":{"type":"object"}})";
  spec.handler = std::move(handler);
  return spec;
}

}  // namespace

std::vector<mcp::ToolSpec> tools_that_ask() {
  return {
      mcp::make_tool<Prompt>("test_sampling", "Asks the client's model", sample),
      mcp::make_tool<Message>("test_elicitation", "Asks the user", elicit),
      mcp::make_tool<NoArguments>("test_elicitation_sep1034_defaults", "A form with defaults",
                                  elicit_defaults),
      mcp::make_tool<NoArguments>("test_elicitation_sep1330_enums", "A form with choices",
                                  elicit_choices),
      mcp::make_tool<NoArguments>("test_input_required_result_elicitation", "Asks for a name",
                                  ask_name),
      mcp::make_tool<NoArguments>("test_input_required_result_sampling", "Asks a model", ask_model),
      mcp::make_tool<NoArguments>("test_input_required_result_list_roots", "Asks for roots",
                                  ask_roots),
      mcp::make_tool<NoArguments>("test_input_required_result_request_state", "Keeps its state",
                                  keep_state),
      mcp::make_tool<NoArguments>("test_input_required_result_tampered_state",
                                  "Refuses another state", keep_state),
      mcp::make_tool<NoArguments>("test_input_required_result_multi_round", "Asks twice",
                                  ask_twice),
      raw_tool("test_input_required_result_multiple_inputs", "Asks for three things", ask_three),
      raw_tool("test_input_required_result_capabilities", "Asks what it may", ask_what_is_possible),
      raw_tool("test_missing_capability", "Needs sampling", require_sampling),
      mcp::make_tool<NoArguments>("test_streaming_elicitation", "Asks, and streams nothing else",
                                  ask_name),
  };
}

}  // namespace fixture
