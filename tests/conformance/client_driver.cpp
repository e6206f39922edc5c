// The client that the conformance suite expects: our client role on the server that its command
// line starts, doing what the scenario in MCP_CONFORMANCE_SCENARIO is about.
//
//   client_driver COMMAND [ARGUMENT]…
#include <headrace/engine/event.hpp>
#include <headrace/engine/mcp/downstream.hpp>
#include <headrace/engine/mcp/json_value.hpp>
#include <headrace/engine/trace.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

namespace engine = headrace::engine;
namespace mcp = headrace::engine::mcp;
using mcp::Downstream;
using mcp::JsonValue;

namespace {

engine::Deadline limit() {
  return engine::Deadline::after(std::chrono::seconds(20));
}

// A value that fits a schema: its default, where it has one.
JsonValue value_for(const JsonValue& schema) {
  if (const JsonValue* preset = schema.find("default")) return *preset;
  const JsonValue* choices = schema.find("enum");
  const auto* items = choices != nullptr ? choices->get<JsonValue::Items>() : nullptr;
  if (items != nullptr && !items->empty()) return items->front();
  const JsonValue* type = schema.find("type");
  const std::string* name = type != nullptr ? type->get<std::string>() : nullptr;
  if (name == nullptr || *name == "object") return JsonValue{JsonValue::Members{}};
  if (*name == "boolean") return JsonValue{true};
  if (*name == "string") return JsonValue{std::string("text")};
  if (*name == "array") return JsonValue{JsonValue::Items{}};
  return JsonValue{std::int64_t{2}};
}

// A raw object with a value for each property.
std::string values_for(const JsonValue* schema) {
  JsonValue::Members values;
  const JsonValue* properties = schema != nullptr ? schema->find("properties") : nullptr;
  const auto* members = properties != nullptr ? properties->get<JsonValue::Members>() : nullptr;
  if (members != nullptr) {
    for (const auto& [name, property] : *members)
      values.emplace_back(name, value_for(property));
  }
  return JsonValue{std::move(values)}.to_json();
}

// A user who accepts what is proposed, and a model with one answer.
std::uint64_t answer_question(const mcp::Question& question, mcp::ReplyCallback reply) {
  mcp::QuestionReply answer;
  JsonValue params;
  std::string why;
  if (question.method == "sampling/createMessage") {
    answer.result = R"({"role":"assistant","content":{"type":"text","text":"Paris"},"model":"m"})";
  } else if (mcp::read_json(question.params, params, why)) {
    answer.result =
        R"({"action":"accept","content":)" + values_for(params.find("requestedSchema")) + "}";
  } else {
    answer.code = mcp::invalid_params;
    answer.message = why;
  }
  reply(std::move(answer));
  return 0;
}

struct Tool {
  std::string name;
  JsonValue schema;
};

std::vector<Tool> tools_in(const std::vector<std::string>& pages) {
  std::vector<Tool> tools;
  for (const std::string& page : pages) {
    JsonValue json;
    std::string why;
    if (!mcp::read_json(page, json, why)) throw std::runtime_error("tools/list: " + why);
    const JsonValue* list = json.find("tools");
    const auto* items = list != nullptr ? list->get<JsonValue::Items>() : nullptr;
    if (items == nullptr) throw std::runtime_error("tools/list has no tools: " + page);
    for (const JsonValue& item : *items) {
      const JsonValue* name = item.find("name");
      const JsonValue* schema = item.find("inputSchema");
      if (name == nullptr || schema == nullptr) throw std::runtime_error("no tool: " + page);
      tools.push_back({*name->get<std::string>(), *schema});
    }
  }
  return tools;
}

// The first tool's schema goes back as the argument of the second.
std::string echo_arguments(const std::vector<Tool>& tools) {
  return R"({"schema":)" + tools.at(0).schema.to_json() + "}";
}

// Calls all of them at once; true when each has been answered with a result.
asio::awaitable<bool> call_all(std::shared_ptr<Downstream> server, std::vector<Tool> tools) {
  engine::Event all_done(server->get_executor());
  std::size_t left = tools.size();
  bool good = true;
  if (tools.empty()) co_return true;
  for (const Tool& tool : tools) {
    const std::string arguments =
        tool.name == "json_schema_echo" ? echo_arguments(tools) : values_for(&tool.schema);
    const engine::RawJson raw{arguments, {}};
    mcp::OutcomeCallback done = [&all_done, &left, &good, name = tool.name](mcp::Outcome outcome) {
      if (outcome.error) std::cerr << "client_driver: " << name << ": " << outcome.message << '\n';
      good = good && !outcome.error;
      if (--left == 0) all_done.set();
    };
    server->call_tool(tool.name, raw, limit(), std::move(done));
  }
  co_await all_done.async_wait();
  co_return good;
}

asio::awaitable<int> play(std::shared_ptr<Downstream> server, std::string scenario) {
  const engine::Deadline deadline = limit();
  auto [error, list] =
      co_await server->async_list(mcp::ListKind::tools, deadline, engine::use_tuple);
  bool good = !error;
  if (error) {
    std::cerr << "client_driver: tools/list: " << list.message << '\n';
  } else if (scenario != "json-schema-ref-no-deref") {
    good = co_await call_all(server, tools_in(list.pages));
  }
  co_await server->async_close();
  co_return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: client_driver COMMAND [ARGUMENT]...\n";
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const char* scenario = std::getenv("MCP_CONFORMANCE_SCENARIO");

  asio::io_context context(1);
  mcp::LaunchSpec spec;
  spec.name = "suite";
  spec.argv.assign(argv + 1, argv + argc);
  for (char** variable = environ; *variable != nullptr; ++variable)
    spec.environment.emplace_back(*variable);
  mcp::DownstreamOptions options;
  options.identity.implementation = {"conformance-driver", "1.0", ""};
  const char* const traces = std::getenv("MCP_BRIDGE_TRACE");
  if (traces != nullptr) options.trace = engine::Trace::open(traces, "1.0", {});
  mcp::DownstreamHooks hooks;
  hooks.on_question = [](mcp::Question question, mcp::ReplyCallback reply) {
    return answer_question(question, std::move(reply));
  };
  hooks.capabilities = [] { return std::string(R"({"elicitation":{"form":{}},"sampling":{}})"); };
  const auto guard = std::make_shared<engine::ProcessGuard>();
  std::shared_ptr<Downstream> server = Downstream::make(context.get_executor(), spec, options,
                                                        guard, engine::Logger(), std::move(hooks));

  int status = EXIT_FAILURE;
  asio::co_spawn(context, play(std::move(server), scenario != nullptr ? scenario : ""),
                 [&status](const std::exception_ptr& thrown, int result) {
                   if (!thrown) status = result;
                 });
  context.run();
  return status;
}
