// Definition, validation, execution and report of `run_python`.
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/render.hpp>
#include <headrace/server/run_python.hpp>

#include <set>

#include <simdjson.h>

namespace headrace::server {
namespace {

using engine::mcp::ToolCall;
using framing::JsonWriter;
using sandbox::RunStatus;
namespace dom = simdjson::dom;

// A client that asked for progress hears at least this often that the run is alive.
constexpr auto heartbeat = std::chrono::seconds(2);

std::string definition(const RunLimits& limits) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("name", "run_python").member("title", "Run Python");
  writer.member("description",
                "Run Python in a sandbox that can call the tools of MCP servers: "
                "await mcp_<server>.<tool>(arg=…). Find them with "
                "await runtime.search_tool_docs('…'); print(runtime.capability_summary()) tells "
                "more. State lasts between runs; print what you need.");
  writer.key("inputSchema").begin_object().member("type", "object");
  writer.key("properties").begin_object();
  writer.key("code").begin_object().member("type", "string").end_object();
  writer.key("servers")
      .begin_object()
      .member("type", "array")
      .raw_member("items", R"({"type":"string"})")
      .member("description", "Only these can be reached; default: all")
      .end_object();
  writer.key("timeout")
      .begin_object()
      .member("type", "integer")
      .member("minimum", 1)
      .member("maximum", limits.max_timeout.count())
      .member("default", limits.timeout.count())
      .member("description", "Seconds")
      .end_object();
  writer.end_object();
  writer.raw_member("required", R"(["code"])").end_object();
  writer.raw_member("annotations", R"({"destructiveHint":true,"openWorldHint":true})");
  writer.end_object();
  return json;
}

std::optional<std::vector<std::string>> read_servers(dom::element value) {
  dom::array array;
  if (value.get(array) != simdjson::SUCCESS) return std::nullopt;
  std::vector<std::string> servers;
  std::set<std::string_view> seen;
  for (const dom::element item : array) {
    std::string_view name;
    if (item.get(name) != simdjson::SUCCESS) return std::nullopt;
    if (seen.insert(name).second) servers.emplace_back(name);
  }
  return servers;
}

std::optional<std::int64_t> read_integer(dom::element value) {
  std::int64_t integer = 0;
  if (value.get(integer) == simdjson::SUCCESS) return integer;
  // Some clients have only one kind of number.
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < -1e15 || number > 1e15)
    return std::nullopt;
  integer = static_cast<std::int64_t>(number);
  if (static_cast<double>(integer) != number) return std::nullopt;
  return integer;
}

std::string unreadable(simdjson::error_code fault) {
  switch (fault) {
    case simdjson::INCORRECT_TYPE:
      return "the arguments are not a JSON object";
    case simdjson::STRING_ERROR:
    case simdjson::UTF8_ERROR:
      return "a string in the arguments is not valid Unicode: a lone surrogate (\\ud800 to "
             "\\udfff)? In Python code write it as an escape of the string literal";
    case simdjson::NUMBER_ERROR:
      return "a number in the arguments is out of range";
    default:
      return std::string("the arguments cannot be read: ") + simdjson::error_message(fault);
  }
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

RunReport rejected(std::string error) {
  RunReport report;
  report.status = "validation_error";
  report.summary = error;
  report.error = std::move(error);
  return report;
}

asio::awaitable<void> beat(std::shared_ptr<ToolCall> call, std::shared_ptr<engine::Event> over) {
  const auto start = engine::Clock::now();
  for (;;) {
    const bool done = co_await over->async_wait(engine::Deadline::after(heartbeat));
    if (done) break;
    const auto running =
        std::chrono::duration_cast<std::chrono::seconds>(engine::Clock::now() - start);
    call->progress("running for " + std::to_string(running.count()) + " s");
  }
}

asio::awaitable<void> run(std::shared_ptr<ToolCall> call, std::shared_ptr<Bridge> bridge,
                          std::shared_ptr<BridgeRun> bridge_run, engine::Executor executor,
                          std::vector<std::string> servers, std::chrono::seconds timeout,
                          OutputMode mode) {
  const auto over = std::make_shared<engine::Event>(executor);
  if (call->wants_progress()) {
    asio::awaitable<void> beating = beat(call, over);
    asio::co_spawn(executor, std::move(beating), asio::detached);
  }
  const CodeResult result = co_await bridge->async_run(bridge_run);
  over->set();
  call->on_cancel = nullptr;
  if (!call->cancelled()) {
    const RunReport report = report_of(result, servers, timeout);
    const std::string json = render_result(report, mode);
    call->result(std::string_view(json));
  }
}

}  // namespace

std::variant<CodeRun, std::string> read_arguments(const std::string& arguments,
                                                  const RunLimits& limits) {
  dom::parser parser;
  dom::object object;
  const simdjson::error_code fault = parser.parse(arguments).get(object);
  if (fault != simdjson::SUCCESS) return unreadable(fault);
  CodeRun run;
  std::string_view code;
  if (object["code"].get(code) != simdjson::SUCCESS || is_blank(code)) {
    return "Missing 'code' argument";
  }
  run.code = code;
  dom::element value;
  if (object["servers"].get(value) == simdjson::SUCCESS && !value.is_null()) {
    run.servers = read_servers(value);
    if (!run.servers) return "'servers' must be a list";
  }
  run.timeout = limits.timeout;
  if (object["timeout"].get(value) == simdjson::SUCCESS && !value.is_null()) {
    const std::optional<std::int64_t> seconds = read_integer(value);
    if (!seconds) return "'timeout' must be an integer";
    if (*seconds < 1 || *seconds > limits.max_timeout.count()) {
      return "'timeout' must be between 1 and " + std::to_string(limits.max_timeout.count()) +
             " seconds";
    }
    run.timeout = std::chrono::seconds(*seconds);
  }
  return run;
}

RunReport report_of(const CodeResult& result, const std::vector<std::string>& servers,
                    std::chrono::seconds timeout) {
  if (!result.rejected.empty()) {
    RunReport report = rejected(result.rejected);
    report.status = "error";
    return report;
  }
  const sandbox::RunResult& run = result.run;
  RunReport report;
  report.servers = servers;
  report.out = run.out;
  report.err = run.err;
  report.error = run.error;
  report.note = run.note;
  report.status = "error";
  const std::string seconds = std::to_string(timeout.count());
  switch (run.status) {
    case RunStatus::success:
      report.status = "success";
      report.summary = report.out.empty() && report.err.empty() ? "Success (no output)" : "Success";
      report.exit_code = 0;
      break;
    case RunStatus::error:
      report.summary = "Error: the code ended with exit code " + std::to_string(run.exit_code);
      report.exit_code = run.exit_code;
      break;
    case RunStatus::timed_out:
      report.status = "timeout";
      report.summary = "Timeout: execution exceeded " + seconds + "s";
      report.error = "Execution timed out after " + seconds + "s";
      report.timeout_seconds = timeout.count();
      break;
    case RunStatus::cancelled:
      report.summary = "Cancelled";
      if (report.error.empty()) report.error = "the run was cancelled";
      break;
    case RunStatus::lost:
      report.summary = "Error: the interpreter ended while the code ran";
      if (run.exit_code != 0) report.exit_code = run.exit_code;
      break;
    case RunStatus::unavailable:
      report.summary = "Error: there is no sandbox to run the code in";
      break;
  }
  return report;
}

engine::mcp::ToolSpec run_python_tool(std::shared_ptr<Bridge> bridge, engine::Executor executor,
                                      RunLimits limits) {
  engine::mcp::ToolSpec tool;
  tool.name = "run_python";
  tool.definition = definition(limits);
  tool.handler = [bridge = std::move(bridge), executor,
                  limits](const std::shared_ptr<ToolCall>& call) {
    std::variant<CodeRun, std::string> arguments = read_arguments(call->arguments(), limits);
    if (const auto* error = std::get_if<std::string>(&arguments)) {
      const std::string json = render_result(rejected(*error), limits.output_mode);
      call->result(std::string_view(json));
      return;
    }
    CodeRun request = std::move(std::get<CodeRun>(arguments));
    const std::vector<std::string> servers = request.servers.value_or(std::vector<std::string>());
    const std::chrono::seconds timeout = request.timeout;
    if (call->wants_progress()) {
      // The call holds the run by on_cancel: to hold it in turn would keep both for ever.
      request.progress = [weak = std::weak_ptr(call)](std::string_view message) {
        if (const auto live = weak.lock()) live->progress(message);
      };
    }
    const std::shared_ptr<BridgeRun> bridge_run = bridge->make_run(std::move(request));
    call->on_cancel = [bridge_run] { bridge_run->cancel(); };
    asio::awaitable<void> running =
        run(call, bridge, bridge_run, executor, servers, timeout, limits.output_mode);
    asio::co_spawn(executor, std::move(running), asio::detached);
  };
  return tool;
}

}  // namespace headrace::server
