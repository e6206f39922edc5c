// `headrace call`: one call of one tool.
#include <headrace/discovery/json_text.hpp>
#include <headrace/engine/mcp/downstream.hpp>
#include <headrace/framing/block.hpp>
#include <headrace/framing/structural_index.hpp>
#include <headrace/server/call_arguments.hpp>
#include <headrace/server/call_command.hpp>
#include <headrace/server/commands.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/result_text.hpp>
#include <headrace/server/typed_names.hpp>

#include <cstdlib>
#include <unistd.h>

namespace headrace::server {
namespace {

using discovery::CatalogueServer;
using discovery::ToolDoc;
using engine::mcp::Downstream;

// What `"message"` of a raw JSON-RPC error says, and its code.
std::string error_text(std::string_view raw) {
  if (discovery::find_json_flaw(raw) || discovery::json_type(raw) != discovery::JsonType::object)
    return std::string(raw);
  std::string message = "an error without words";
  std::string code;
  std::string data;
  discovery::JsonMembers members(raw);
  std::string key;
  std::string_view value;
  while (members.next(key, value)) {
    const bool text = discovery::json_type(value) == discovery::JsonType::string;
    if (key == "message" && text) message = discovery::json_string(value);
    if (key == "code") code = value;
    if (key == "data" && value != "null")
      data = text ? discovery::json_string(value) : std::string(value);
  }
  if (!code.empty()) message += " (" + code + ")";
  return data.empty() ? message : message + "\n" + data;
}

// The end of a call, for a coroutine that waits.
struct Ending {
  explicit Ending(const engine::Executor& executor) : over(executor) {}
  engine::Event over;
  engine::mcp::Outcome outcome;
};

int show(const engine::mcp::Outcome& outcome, const CallCommand& command) {
  if (outcome.error == engine::Errc::remote_error) {
    complain(command.server + " refuses the call: " + error_text(outcome.answer.body));
    return exit_failed;
  }
  if (outcome.error) {
    complain(outcome.message);
    return exit_failed;
  }
  const ResultText result = result_text(outcome.answer.body);
  std::string text = result.text;
  if (command.json) {
    text.assign(outcome.answer.body).append("\n");
  } else if (::isatty(STDOUT_FILENO) == 1) {
    text = terminal_text(text);
  }
  return print(text) && !result.is_error ? EXIT_SUCCESS : exit_failed;
}

struct CheckedArguments {
  std::string json;
  std::string error;
};

// As of calls from code: mistakes are told by their right names.
CheckedArguments check_arguments(const CatalogueServer& server, const ToolDoc& tool,
                                 std::string_view json) {
  std::string padded;
  padded.reserve(json.size() + framing::block_padding);
  padded = json;
  framing::StructuralIndex index;
  discovery::ArgumentCheck check = server.argument_rules(tool).check(padded, index);
  if (!check.error.empty()) return {{}, "mcp_" + server.spec().alias + "." + check.error};
  return {check.rewritten ? std::move(*check.rewritten) : std::string(json), {}};
}

}  // namespace

asio::awaitable<int> call_tool(CommandRun& run, CallCommand command) {
  const CatalogueServer* server = find_server(run, command.server);
  if (server == nullptr) co_return exit_failed;
  const std::string name = server->spec().name;
  // By the running server, which has to start anyway: nothing is refused because of an old list,
  // and the call's time is not spent on the start, where `npx` may download.
  const std::string failure = co_await run.list(name, Freshness::confirmed);
  server = run.registry().catalogue().find_server(name);
  const std::shared_ptr<Downstream> downstream = run.registry().downstream(name);
  if (!failure.empty() || server == nullptr || !downstream) {
    complain(failure.empty() ? run.registry().why_unavailable(name) : failure);
    co_return exit_failed;
  }
  const ToolDoc* tool = server->find_tool(command.tool);
  if (tool == nullptr) {
    complain_of_tool(*server, command.tool);
    co_return exit_failed;
  }
  const CallArguments arguments = command.input
                                      ? arguments_from_json(*command.input)
                                      : arguments_from_words(command.words, tool->input_schema);
  if (!arguments.error.empty()) {
    complain(arguments.error);
    co_return exit_usage;
  }
  CheckedArguments checked = check_arguments(*server, *tool, arguments.json);
  if (!checked.error.empty()) {
    complain(checked.error);
    co_return exit_usage;
  }
  std::chrono::milliseconds limit = server->spec().call_timeout;
  if (command.timeout || limit <= std::chrono::milliseconds(0))
    limit = command.timeout.value_or(run.options().timeout);
  const auto ending = std::make_shared<Ending>(downstream->get_executor());
  auto on_outcome = [ending](engine::mcp::Outcome outcome) {
    ending->outcome = std::move(outcome);
    ending->over.set();
  };
  engine::mcp::CallContext context;
  context.as_task = tool->needs_task;
  const engine::RawJson json{checked.json, {}};
  const engine::Deadline deadline = engine::Deadline::after(limit);
  const Downstream::Ticket ticket =
      downstream->call_tool(tool->name, json, deadline, std::move(context), std::move(on_outcome));
  run.on_signal = [downstream, ticket] {
    downstream->cancel(ticket, "the user has interrupted it");
  };
  co_await ending->over.async_wait();
  run.on_signal = {};
  co_return show(ending->outcome, command);
}

}  // namespace headrace::server
