// The server that the conformance suite expects to meet: its tools, resources and prompts, on our
// server role over stdio.
#include <headrace/engine/mcp/prompt.hpp>
#include <headrace/engine/mcp/resource.hpp>
#include <headrace/engine/mcp/server.hpp>
#include <headrace/engine/mcp/tool.hpp>
#include <headrace/engine/stdio.hpp>

#include <array>
#include <csignal>
#include <iostream>

namespace mcp = headrace::engine::mcp;
using headrace::engine::Deadline;
using headrace::engine::LogLevel;
using headrace::engine::ProtocolStdio;
using mcp::Content;
using mcp::JsonValue;
using mcp::NoArguments;
using mcp::QuestionReply;
using mcp::ToolContext;
using mcp::ToolResult;

namespace {

template <class Bytes>
std::string text_of(const Bytes& bytes) {
  return std::string(bytes.begin(), bytes.end());
}

// One red pixel, and one silent sample.
const std::string png = text_of(std::to_array<unsigned char>(
    {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
     0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00,
     0x00, 0x90, 0x77, 0x53, 0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78,
     0xda, 0x63, 0xf8, 0xcf, 0xc0, 0x00, 0x00, 0x03, 0x01, 0x01, 0x00, 0xf7, 0x03, 0x41,
     0x43, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82}));
const std::string wav = text_of(std::to_array<unsigned char>(
    {0x52, 0x49, 0x46, 0x46, 0x26, 0x00, 0x00, 0x00, 0x57, 0x41, 0x56, 0x45, 0x66, 0x6d, 0x74, 0x20,
     0x10, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x40, 0x1f, 0x00, 0x00, 0x80, 0x3e, 0x00, 0x00,
     0x02, 0x00, 0x10, 0x00, 0x64, 0x61, 0x74, 0x61, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00}));

// --- what is asked of the client ---

struct Question {
  std::string key;
  std::string method;
  std::string params;
};

// `properties` is what is between the braces; all of it is required.
Question form(const std::string& key, const std::string& message, const std::string& field,
              const std::string& type) {
  return {key, "elicitation/create",
          R"({"message":")" + message + R"(","requestedSchema":{"type":"object","properties":{")" +
              field + R"(":{"type":")" + type + R"("}},"required":[")" + field + R"("]}})"};
}

Question sampling(const std::string& key, const std::string& prompt) {
  return {key, "sampling/createMessage",
          R"({"messages":[{"role":"user","content":{"type":"text","text":")" + prompt +
              R"("}}],"maxTokens":100})"};
}

Question roots(const std::string& key) {
  return {key, "roots/list", "{}"};
}

asio::awaitable<QuestionReply> ask(const ToolContext& context, const Question& question) {
  return context.ask(question.method, question.params, question.key);
}

// The text at `content.<field>` of an answer.
std::string answered(const QuestionReply& reply, std::string_view field) {
  JsonValue json;
  std::string why;
  if (!mcp::read_json(reply.result, json, why)) return "nothing";
  const JsonValue* content = json.find("content");
  const JsonValue* value = content != nullptr ? content->find(field) : nullptr;
  const std::string* text = value != nullptr ? value->get<std::string>() : nullptr;
  return text != nullptr ? *text : "nothing";
}

ToolResult result_of(const QuestionReply& reply, const std::string& text) {
  return reply.result.empty() ? ToolResult::error(reply.message) : ToolResult::text(text);
}

// --- tools that answer by themselves ---

std::string simple_text(const NoArguments&) {
  return "This is a simple text response for testing.";
}

ToolResult with_content(Content content) {
  ToolResult result;
  result.content.push_back(std::move(content));
  return result;
}

ToolResult image(const NoArguments&) {
  return with_content(Content::image(png, "image/png"));
}

ToolResult audio(const NoArguments&) {
  return with_content(Content::audio(wav, "audio/wav"));
}

ToolResult embedded_resource(const NoArguments&) {
  return with_content(
      Content::text_resource("test://embedded-resource", "This is an embedded resource content."));
}

ToolResult mixed_content(const NoArguments&) {
  ToolResult result = ToolResult::text("Multiple content types test:");
  result.content.push_back(Content::image(png, "image/png"));
  result.content.push_back(Content::text_resource(
      "test://mixed-content-resource", R"({"test":"data","value":123})", "application/json"));
  return result;
}

std::string failing(const NoArguments&) {
  throw std::runtime_error("This tool intentionally returns an error for testing");
}

asio::awaitable<void> rest() {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(50));
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<std::string> with_logging(const NoArguments&, ToolContext context) {
  context.log(LogLevel::info, "Tool execution started");
  co_await rest();
  context.log(LogLevel::info, "Tool processing data");
  co_await rest();
  context.log(LogLevel::info, "Tool execution completed");
  co_return "Tool with logging executed successfully";
}

asio::awaitable<std::string> with_progress(const NoArguments&, ToolContext context) {
  for (const double done : {0.0, 50.0, 100.0}) {
    context.progress(done, 100, "Completed step");
    co_await rest();
  }
  co_return "Tool with progress executed successfully";
}

std::string logging_where_wanted(const NoArguments&, const ToolContext& context) {
  context.log(LogLevel::info, "Looked at the level");
  return "Logging evaluated";
}

// --- tools that ask the client ---

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

constexpr auto schema_2020_12 =
    R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",)"
    R"("$defs":{"address":{"$anchor":"addressDef","type":"object",)"
    R"("properties":{"street":{"type":"string"},"city":{"type":"string"}}}},)"
    R"("properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},)"
    R"("contactMethod":{"type":"string","enum":["phone","email"]},)"
    R"("phone":{"type":"string"},"email":{"type":"string"}},)"
    R"("allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],)"
    R"("if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},)"
    R"("then":{"required":["phone"]},"else":{"required":["email"]},"additionalProperties":false})";

using Link = std::shared_ptr<std::weak_ptr<mcp::Server>>;

std::vector<mcp::ToolSpec> tools(const Link& link) {
  mcp::ToolNotes notes;
  notes.input_schema.emplace().json = schema_2020_12;
  auto echo = [](const mcp::RawValue& arguments) { return "Called with: " + arguments.json; };
  auto change_tools = [link](const NoArguments&) {
    if (const auto server = link->lock()) server->role().tools_changed();
  };
  auto change_prompts = [link](const NoArguments&) {
    if (const auto server = link->lock()) server->role().prompts_changed();
  };
  return {
      mcp::make_tool<NoArguments>("test_simple_text", "Answers with text", simple_text),
      mcp::make_tool<NoArguments>("test_image_content", "Answers with an image", image),
      mcp::make_tool<NoArguments>("test_audio_content", "Answers with a sound", audio),
      mcp::make_tool<NoArguments>("test_embedded_resource", "Answers with a resource",
                                  embedded_resource),
      mcp::make_tool<NoArguments>("test_multiple_content_types", "Answers with three blocks",
                                  mixed_content),
      mcp::make_tool<NoArguments>("test_error_handling", "Fails", failing),
      mcp::make_tool<NoArguments>("test_tool_with_logging", "Logs three times", with_logging),
      mcp::make_tool<NoArguments>("test_tool_with_progress", "Tells its progress", with_progress),
      mcp::make_tool<NoArguments>("test_logging_tool", "Logs once", logging_where_wanted),
      mcp::make_tool<Prompt>("test_sampling", "Asks the client's model", sample),
      mcp::make_tool<Message>("test_elicitation", "Asks the user", elicit),
      mcp::make_tool<NoArguments>("test_elicitation_sep1034_defaults", "A form with defaults",
                                  elicit_defaults),
      mcp::make_tool<NoArguments>("test_elicitation_sep1330_enums", "A form with choices",
                                  elicit_choices),
      mcp::make_tool<mcp::RawValue>("json_schema_2020_12_tool", "Has a schema with all in it", echo,
                                    notes),
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
      mcp::make_tool<NoArguments>("test_trigger_tool_change", "Changes the tools", change_tools),
      mcp::make_tool<NoArguments>("test_trigger_prompt_change", "Changes the prompts",
                                  change_prompts),
  };
}

// --- prompts ---

std::string simple_prompt(const NoArguments&) {
  return "This is a simple prompt for testing.";
}

struct TwoArguments {
  std::string first;
  std::string second;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("arg1", &TwoArguments::first, "First test argument"),
                       mcp::field("arg2", &TwoArguments::second, "Second test argument"));
  }
};

std::string prompt_with_arguments(const TwoArguments& arguments) {
  return "Prompt with arguments: arg1='" + arguments.first + "', arg2='" + arguments.second + "'";
}

struct Embedded {
  std::string uri;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("resourceUri", &Embedded::uri, "URI of the resource to embed"));
  }
};

std::vector<mcp::PromptMessage> prompt_about(Content content, std::string_view text) {
  std::vector<mcp::PromptMessage> messages;
  messages.push_back({mcp::Speaker::user, std::move(content)});
  messages.push_back(mcp::PromptMessage::user(text));
  return messages;
}

std::vector<mcp::PromptMessage> prompt_with_resource(const Embedded& arguments) {
  return prompt_about(
      Content::text_resource(arguments.uri, "Embedded resource content for testing."),
      "Please process the embedded resource above.");
}

std::vector<mcp::PromptMessage> prompt_with_image(const NoArguments&) {
  return prompt_about(Content::image(png, "image/png"), "Please analyze the image above.");
}

asio::awaitable<std::string> prompt_that_asks(const NoArguments&, ToolContext context) {
  const Question question =
      form("user_context", "What context should the prompt use?", "context", "string");
  const QuestionReply reply = co_await ask(context, question);
  co_return "Prompt with context: " + answered(reply, "context");
}

std::vector<mcp::PromptSpec> prompts() {
  return {
      mcp::make_prompt<NoArguments>("test_simple_prompt", "Without arguments", simple_prompt),
      mcp::make_prompt<TwoArguments>("test_prompt_with_arguments", "With two arguments",
                                     prompt_with_arguments),
      mcp::make_prompt<Embedded>("test_prompt_with_embedded_resource", "With a resource",
                                 prompt_with_resource),
      mcp::make_prompt<NoArguments>("test_prompt_with_image", "With an image", prompt_with_image),
      mcp::make_prompt<NoArguments>("test_input_required_result_prompt", "Asks for its context",
                                    prompt_that_asks),
  };
}

mcp::Completions complete(const mcp::CompletionQuery& query) {
  mcp::Completions completions;
  for (const std::string_view word : {"paris", "park", "party"}) {
    if (word.starts_with(query.value)) completions.values.emplace_back(word);
  }
  return completions;
}

// --- resources ---

using Read = std::optional<mcp::ResourceContent>;

Read static_text(const mcp::Variables&) {
  return mcp::text_content("This is the content of the static text resource.");
}

Read static_binary(const mcp::Variables&) {
  return mcp::binary_content(png, "image/png");
}

Read watched(const mcp::Variables&) {
  return mcp::text_content("Watched resource content");
}

Read from_template(const mcp::Variables& variables) {
  const std::string& id = variables.find("id")->second;
  std::string json;
  headrace::framing::JsonWriter writer(json);
  writer.begin_object().member("id", std::string_view(id)).member("templateTest", true);
  writer.member("data", std::string_view("Data for ID: " + id)).end_object();
  return mcp::text_content(json, "application/json");
}

std::vector<mcp::Resource> resources() {
  return {
      {{"test://static-text", "Static text", "Text that stays", "text/plain"}, static_text},
      {{"test://static-binary", "Static binary", "An image that stays", "image/png"},
       static_binary},
      {{"test://watched-resource", "Watched", "Can be subscribed to", "text/plain"}, watched},
      {{"test://template/{id}/data", "Template", "One for each id", "application/json"},
       from_template},
  };
}

asio::awaitable<void> serve(std::shared_ptr<mcp::Server> server) {
  co_await server->async_wait_end();
  const Deadline deadline = Deadline::after(std::chrono::seconds(1));
  co_await server->async_close(deadline);
}

}  // namespace

int main() try {
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context context(1);
  ProtocolStdio stdio(context.get_executor());
  const Link link = std::make_shared<std::weak_ptr<mcp::Server>>();
  mcp::ServerOptions options;
  options.implementation = {"conformance-fixture", "1.0", "Conformance fixture"};
  options.tools = tools(link);
  options.prompts = prompts();
  options.provider = mcp::make_resources(resources());
  options.complete = complete;
  options.announced = {true, true, true, true};
  options.log_level = LogLevel::info;
  const auto server = mcp::Server::make(context.get_executor(), std::move(options));
  *link = server;
  server->start(stdio.take_input(), stdio.take_output());
  asio::co_spawn(context, serve(server), asio::detached);
  context.run();
} catch (const std::exception& error) {
  std::cerr << "fixture: " << error.what() << '\n';
  return EXIT_FAILURE;
}
