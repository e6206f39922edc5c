// The server that the conformance suite expects to meet: its prompts and resources, and the tools
// of the files beside this one, on our server role over stdio.
#include "fixture.hpp"

#include <headrace/engine/mcp/prompt.hpp>
#include <headrace/engine/mcp/resource.hpp>
#include <headrace/engine/stdio.hpp>
#include <headrace/engine/trace.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <iterator>

namespace fixture {

using headrace::engine::Deadline;
using headrace::engine::LogLevel;
using headrace::engine::ProtocolStdio;
using mcp::Content;
using mcp::NoArguments;
using mcp::QuestionReply;
using mcp::ToolContext;

namespace {

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
  return prompt_about(Content::image(png(), "image/png"), "Please analyze the image above.");
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
  return mcp::binary_content(png(), "image/png");
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

void run() {
  asio::io_context context(1);
  ProtocolStdio stdio(context.get_executor());
  const Link link = std::make_shared<std::weak_ptr<mcp::Server>>();
  mcp::ServerOptions options;
  options.implementation = {"conformance-fixture", "1.0", "Conformance fixture"};
  options.tools = tools_that_answer(link);
  std::vector<mcp::ToolSpec> asking = tools_that_ask();
  std::move(asking.begin(), asking.end(), std::back_inserter(options.tools));
  options.prompts = prompts();
  options.provider = mcp::make_resources(resources());
  options.complete = complete;
  options.announced = {true, true, true, true};
  options.log_level = LogLevel::info;
  const auto server = mcp::Server::make(context.get_executor(), std::move(options));
  *link = server;
  headrace::engine::PeerOptions peer;
  peer.name = "the client";
  const char* const traces = std::getenv("MCP_BRIDGE_TRACE");
  if (traces != nullptr) peer.trace = headrace::engine::Trace::open(traces, "1.0", {});
  server->start(stdio.take_input(), stdio.take_output(), std::move(peer));
  asio::co_spawn(context, serve(server), asio::detached);
  context.run();
}

}  // namespace
}  // namespace fixture

int main() try {
  std::signal(SIGPIPE, SIG_IGN);
  fixture::run();
} catch (const std::exception& error) {
  std::cerr << "fixture: " << error.what() << '\n';
  return EXIT_FAILURE;
}
