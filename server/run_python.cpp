// Definition, validation, execution and report of `run_python`.
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/live_progress.hpp>
#include <headrace/server/run_python.hpp>
#include <headrace/server/run_report.hpp>
#include <headrace/server/session_uri.hpp>

#include <set>

#include <simdjson.h>

namespace headrace::server {
namespace {

using engine::mcp::Request;
using framing::JsonWriter;
namespace dom = simdjson::dom;

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
  writer.key("session")
      .begin_object()
      .member("type", "string")
      .member("description", "Name of an independent interpreter")
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

bool is_session_name(std::string_view name) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         name.find_first_not_of(letters) == std::string_view::npos;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

// What a run was asked for, as far as its report needs it.
struct Asked {
  std::vector<std::string> servers;
  std::chrono::seconds timeout;
  std::string session;
};

AnswerForm form_for(const Request& call, const RunLimits& limits) {
  AnswerForm form;
  form.mode = limits.output_mode;
  form.structured = limits.structured_content;
  const std::string_view version = call.client().protocol_version;
  form.links = version != "2024-11-05" && version != "2025-03-26";
  return form;
}

// Null when it has gone.
std::shared_ptr<sandbox::Session> find_session(const Bridge& bridge, std::string_view name) {
  for (const LiveSession& live : bridge.sessions()) {
    if (live.name == name) return live.session;
  }
  return nullptr;
}

std::vector<std::string> uris_of(const RunReport& report) {
  std::vector<std::string> uris;
  for (const Link& link : report.links)
    uris.push_back(link.uri);
  for (const sandbox::Display& display : report.displays) {
    if (!display.archived.empty()) uris.push_back(item_uri(report.session, display.archived));
  }
  return uris;
}

asio::awaitable<void> run(std::shared_ptr<Request> call, std::shared_ptr<Bridge> bridge,
                          std::shared_ptr<BridgeRun> bridge_run,
                          std::shared_ptr<LiveProgress> progress, engine::Executor executor,
                          Asked asked, RunLimits limits, ResourcesChanged resources_changed) {
  if (progress) {
    asio::awaitable<void> speaking = LiveProgress::speak(progress);
    asio::co_spawn(executor, std::move(speaking), asio::detached);
  }
  CodeResult result = co_await bridge->async_run(bridge_run);
  if (progress) progress->end();
  call->on_cancel = nullptr;
  if (!call->cancelled()) {
    const auto session = find_session(*bridge, asked.session);
    RunReport report = report_of(std::move(result), asked.servers, asked.timeout, asked.session,
                                 session ? &session->archive() : nullptr);
    const std::vector<std::string> uris = uris_of(report);
    if (!uris.empty() && resources_changed) resources_changed(uris);
    const std::string json = render_result(std::move(report), form_for(*call, limits));
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
  if (object["session"].get(value) == simdjson::SUCCESS && !value.is_null()) {
    std::string_view name;
    if (value.get(name) != simdjson::SUCCESS) return "'session' must be a string";
    if (!is_session_name(name)) {
      return "'session' must be a name of 1 to 64 letters, digits, '.', '_' or '-' that does not "
             "begin with '.'";
    }
    run.session = name;
  }
  return run;
}

engine::mcp::ToolSpec run_python_tool(std::shared_ptr<Bridge> bridge, engine::Executor executor,
                                      RunLimits limits, ResourcesChanged resources_changed) {
  engine::mcp::ToolSpec tool;
  tool.name = "run_python";
  tool.definition = definition(limits);
  tool.handler = [bridge = std::move(bridge), executor, limits,
                  resources_changed =
                      std::move(resources_changed)](const std::shared_ptr<Request>& call) {
    std::variant<CodeRun, std::string> arguments = read_arguments(call->arguments(), limits);
    if (const auto* error = std::get_if<std::string>(&arguments)) {
      const std::string json = render_result(rejected_report(*error), form_for(*call, limits));
      call->result(std::string_view(json));
      return;
    }
    CodeRun request = std::move(std::get<CodeRun>(arguments));
    Asked asked{request.servers.value_or(std::vector<std::string>()), request.timeout,
                request.session};
    std::shared_ptr<LiveProgress> progress;
    // A modern client may ask for progress in a later round.
    if (call->wants_progress() || call->client().era == engine::mcp::Era::modern) {
      // The call holds the run by on_cancel: to hold it in turn would keep both for ever.
      progress = std::make_shared<LiveProgress>(executor, call);
      progress->listen(request);
      // Servers are asked for theirs only where the client has asked: it makes every call dearer.
      if (!call->wants_progress()) request.on_call_progress = nullptr;
    }
    request.respondent = respondent_of(call);
    const std::shared_ptr<BridgeRun> bridge_run = bridge->make_run(std::move(request));
    call->on_cancel = [bridge_run] { bridge_run->cancel(); };
    asio::awaitable<void> running = run(call, bridge, bridge_run, std::move(progress), executor,
                                        std::move(asked), limits, resources_changed);
    asio::co_spawn(executor, std::move(running), asio::detached);
  };
  return tool;
}

}  // namespace headrace::server
