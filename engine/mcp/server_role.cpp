// The methods of both eras.
#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_scanner.hpp>
#include <headrace/framing/object_walk.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include <simdjson.h>

namespace headrace::engine::mcp {
namespace {

using framing::Fault;
using framing::JsonWriter;
using framing::Member;
namespace dom = simdjson::dom;

bool scan(std::string_view params, std::span<Member> members) {
  if (params.empty()) return true;
  framing::ObjectScanner scanner;
  return scanner.scan_members(params, members) == Fault::none;
}

bool is_string(std::string_view raw) {
  return !raw.empty() && raw.front() == '"';
}

bool is_object(std::string_view raw) {
  return !raw.empty() && raw.front() == '{';
}

// A string among the params; else the request is refused.
std::optional<std::string> read_text(Responder& responder, std::string_view params,
                                     std::string_view key) {
  std::array<Member, 1> members{{{key}}};
  std::string text;
  if (scan(params, members) && is_string(members[0].value) &&
      framing::append_unescaped(text, members[0].value)) {
    return text;
  }
  responder.error(invalid_params, "'" + std::string(key) + "' must be a string");
  return std::nullopt;
}

// The raw `arguments` of a tool or prompt, a view into `params`; else the request is refused.
std::optional<std::string_view> read_arguments(Responder& responder, std::string_view params) {
  std::array<Member, 1> members{{{"arguments"}}};
  const bool readable = scan(params, members);
  const std::string_view arguments = members[0].value;
  if (readable && (arguments.empty() || arguments == "null")) return "{}";
  if (readable && is_object(arguments)) return arguments;
  responder.error(invalid_params, "'arguments' must be an object");
  return std::nullopt;
}

// Raw, a view into `raw_meta`; empty when there is none.
std::string_view progress_token(std::string_view raw_meta) {
  std::array<Member, 1> members{{{"progressToken"}}};
  if (!is_object(raw_meta) || !scan(raw_meta, members)) return {};
  const std::string_view token = members[0].value;
  const bool may_be =
      is_string(token) || (!token.empty() && token.front() != '{' && token.front() != '[' &&
                           token != "null" && token != "true" && token != "false");
  return may_be ? token : std::string_view();
}

void refuse_without(Responder& responder, const Message& message, std::string_view what) {
  responder.error(method_not_found, "Method not found: " + std::string(message.method) +
                                        " (this server has no " + std::string(what) + ")");
}

template <class Specs>
std::vector<std::string> definitions_of(const Specs& specs) {
  std::vector<std::string> definitions;
  for (const auto& spec : specs)
    definitions.push_back(spec.definition);
  return definitions;
}

std::string read_result(std::string_view uri, const ResourceContent& resource) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("contents").begin_array().begin_object().member("uri", uri);
  if (!resource.mime_type.empty()) writer.member("mimeType", resource.mime_type);
  writer.member(resource.is_text ? "text" : "blob", resource.content);
  writer.end_object().end_array().end_object();
  return json;
}

// 256 bits that nobody can guess: what the system has in its pool.
std::string make_state() {
  std::random_device random;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string state = "hr1-";
  for (int word = 0; word < 8; ++word) {
    std::uint32_t bits = random();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4)
      state += digits[bits & 15U];
  }
  return state;
}

// Clients may write the same arguments with other spaces.
bool are_same(std::string_view one, std::string_view other) {
  if (one == other) return true;
  dom::parser parsers[2];
  dom::element elements[2];
  return parsers[0].parse(one.data(), one.size()).get(elements[0]) == simdjson::SUCCESS &&
         parsers[1].parse(other.data(), other.size()).get(elements[1]) == simdjson::SUCCESS &&
         std::string(simdjson::minify(elements[0])) == std::string(simdjson::minify(elements[1]));
}

using Answers = std::map<std::string, std::string, std::less<>>;

Answers read_answers(std::string_view raw) {
  Answers answers;
  framing::StructuralIndex index;
  if (index.build(raw) != Fault::none) return answers;
  framing::ObjectWalk walk(raw, index);
  if (walk.begin() != Fault::none) return answers;
  framing::ObjectWalk::Item item;
  while (walk.next(item)) {
    std::string key;
    if (framing::append_unescaped(key, item.key)) answers[key] = item.value;
  }
  return answers;
}

constexpr std::size_t most_suspended = 256;
constexpr std::size_t most_completions = 100;

// Clients may read the URI from the data (2026-07-28, server/resources, "Error Handling").
template <class Asked>
void refuse_resource(Asked& asked, std::string_view uri) {
  const std::string known = shortened(uri);
  std::string data;
  JsonWriter(data).begin_object().member("uri", std::string_view(known)).end_object();
  asked.error(invalid_params, "Unknown resource: " + known, data);
}

}  // namespace

const ServerRole::Route ServerRole::routes[] = {
    {"tools/call", &ServerRole::call_tool, true, true},
    {"ping", &ServerRole::ping, true, false},
    {"initialize", &ServerRole::initialize, true, false},
    {"server/discover", &ServerRole::discover, false, true},
    {"tools/list", &ServerRole::list_tools, true, true},
    {"resources/list", &ServerRole::list_resources, true, true},
    {"resources/templates/list", &ServerRole::list_templates, true, true},
    {"resources/read", &ServerRole::read_resource, true, true},
    {"resources/subscribe", &ServerRole::subscribe, true, false},
    {"resources/unsubscribe", &ServerRole::unsubscribe, true, false},
    {"prompts/list", &ServerRole::list_prompts, true, true},
    {"prompts/get", &ServerRole::get_prompt, true, true},
    {"completion/complete", &ServerRole::complete, true, true},
    {"logging/setLevel", &ServerRole::set_level, true, false},
    {"subscriptions/listen", &ServerRole::listen, false, true},
};

ServerRole::ServerRole(ServerOptions options)
    : options_(std::move(options)),
      server_info_(implementation_json(options_.implementation)),
      subscriptions_(options_.announced, server_info_) {}

ServerRole::~ServerRole() {
  // Questions hold those who wait for them, and these the request.
  for (auto& [state, suspended] : std::exchange(suspended_, {}))
    suspended.request->cancel();
}

void ServerRole::connect(ServerOutput output) {
  output_ = std::move(output);
  subscriptions_.connect(output_.announce);
}

void ServerRole::later(UniqueFunction<void()> task) {
  if (output_.later) output_.later(std::move(task));
}

void ServerRole::on_request(Responder responder, const Message& message) {
  if (requests_.contains(responder.id()) || subscriptions_.is_listening(responder.id())) {
    responder.error(invalid_request, "Invalid request: a request with this id is under way");
    return;
  }
  const auto* const route =
      std::find_if(std::begin(routes), std::end(routes),
                   [&message](const Route& one) { return one.method == message.method; });
  std::array<Member, 1> members{{{"_meta"}}};
  if (!scan(message.params, members) && is_object(message.params)) {
    responder.error(invalid_params, "'_meta' must be there once, and be written without escapes");
    return;
  }
  ClientContext modern;
  MetaFault fault;
  if (!read_request_meta(members[0].value, modern, fault)) {
    responder.error(fault.code, fault.message, fault.data);
    return;
  }
  const bool is_modern = modern.era == Era::modern;
  const bool known = route != std::end(routes);
  if (known && !is_modern && !route->legacy) {
    responder.error(invalid_params, "'_meta' lacks '" + std::string(meta_key::protocol_version) +
                                        "', which '" + std::string(message.method) + "' needs");
    return;
  }
  if (!known || (is_modern && !route->modern)) {
    responder.error(method_not_found, "Method not found: " + std::string(message.method));
    return;
  }
  if (is_modern && message.method != "server/discover" && !std::exchange(awaited_, true) &&
      on_initialized) {
    on_initialized();
  }
  (this->*route->handler)(responder, message, is_modern ? modern : legacy_client_);
}

void ServerRole::on_notification(const Message& message) {
  if (message.method == "notifications/initialized") {
    greeted_ = true;
    subscriptions_.greet();
    if (!std::exchange(awaited_, true) && on_initialized) on_initialized();
  } else if (message.method == "notifications/cancelled") {
    std::array<Member, 1> members{{{"requestId"}}};
    if (!scan(message.params, members)) return;
    const std::string id(members[0].value);
    if (!subscriptions_.forget(id)) cancel_request(id);
  }
}

void ServerRole::on_invalid(const framing::Envelope& envelope) {
  if (!output_.send_error) return;
  if (envelope.fault == Fault::not_json) {
    output_.send_error({}, parse_error, "Parse error: the line is not JSON");
    return;
  }
  const std::string_view id = envelope.fault == Fault::batch ? std::string_view() : envelope.id;
  output_.send_error(id, invalid_request,
                     std::string("Invalid request: ") + framing::describe(envelope.fault));
}

void ServerRole::on_oversize(const framing::LineSplitter::Oversize& line) {
  if (line.is_response || !output_.send_error) return;
  output_.send_error(line.id, invalid_request,
                     "Invalid request: a message of " + std::to_string(line.size) +
                         " bytes is over the frame limit");
}

std::optional<Clock::time_point> ServerRole::next_deadline() const {
  std::optional<Clock::time_point> earliest;
  for (const auto& [state, suspended] : suspended_) {
    if (!earliest || suspended.expires < *earliest) earliest = suspended.expires;
  }
  return earliest;
}

void ServerRole::on_tick(Clock::time_point now) {
  std::vector<std::shared_ptr<Request>> expired;
  for (auto entry = suspended_.begin(); entry != suspended_.end();) {
    if (entry->second.expires <= now) {
      expired.push_back(std::move(entry->second.request));
      entry = suspended_.erase(entry);
    } else {
      ++entry;
    }
  }
  for (const std::shared_ptr<Request>& request : expired)
    request->cancel();
}

void ServerRole::set_tools(std::vector<ToolSpec> tools) {
  options_.tools = std::move(tools);
  tools_changed();
}

void ServerRole::log(LogLevel level, std::string_view source, std::string_view text) {
  if (!output_.notify) return;
  const bool for_legacy = greeted_ && level >= options_.log_level;
  const auto wants = [level](const auto& entry) {
    const std::shared_ptr<Request> request = entry.second.lock();
    return request && request->client_.era == Era::modern && request->client_.log_level &&
           level >= *request->client_.log_level;
  };
  if (!for_legacy && std::none_of(requests_.begin(), requests_.end(), wants)) return;
  std::string params;
  JsonWriter writer(params);
  writer.begin_object()
      .member("level", to_string(level))
      .member("logger", source)
      .member("data", shortened(text))
      .end_object();
  output_.notify("notifications/message", std::string_view(params));
}

void ServerRole::cancel_all() {
  while (!requests_.empty()) {
    const std::string id = requests_.begin()->first;
    const std::shared_ptr<Request> request = requests_.begin()->second.lock();
    cancel_request(id);
    // Whoever works on it may take long to let go; its id is free for the next.
    if (request) request->id_.clear();
    finished(id);
  }
  for (auto& [state, suspended] : std::exchange(suspended_, {}))
    suspended.request->cancel();
}

void ServerRole::close() {
  subscriptions_.close();
  cancel_all();
}

void ServerRole::answer(Responder& responder, const ClientContext& client, const Payload& result,
                        std::optional<CacheHint> hint) {
  if (client.era == Era::legacy) {
    responder.result(result);
    return;
  }
  const std::string json = complete_result(result, server_info_, hint);
  responder.result(std::string_view(json));
}

std::string ServerRole::capabilities() const {
  const Announcements& announced = subscriptions_.announced();
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("logging").begin_object().end_object();
  if (options_.complete) writer.key("completions").begin_object().end_object();
  if (!options_.prompts.empty()) {
    writer.key("prompts").begin_object();
    if (announced.prompts) writer.member("listChanged", true);
    writer.end_object();
  }
  if (has_resources()) {
    writer.key("resources").begin_object();
    if (announced.resource_updates) writer.member("subscribe", true);
    if (announced.resources) writer.member("listChanged", true);
    writer.end_object();
  }
  if (!options_.tools.empty()) {
    writer.key("tools").begin_object();
    if (announced.tools) writer.member("listChanged", true);
    writer.end_object();
  }
  writer.end_object();
  return json;
}

void ServerRole::initialize(Responder& responder, const Message& message, const ClientContext&) {
  ClientContext client;
  if (!read_initialize(message.params, client)) {
    responder.error(invalid_params, "'protocolVersion' must be a string");
    return;
  }
  client.protocol_version = negotiate_version(client.protocol_version);
  legacy_client_ = std::move(client);
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("protocolVersion", legacy_client_.protocol_version);
  writer.raw_member("capabilities", capabilities()).raw_member("serverInfo", server_info_);
  if (!options_.instructions.empty()) writer.member("instructions", options_.instructions);
  writer.end_object();
  responder.result(std::string_view(json));
}

void ServerRole::discover(Responder& responder, const Message&, const ClientContext& client) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("supportedVersions").begin_array();
  for (const std::string_view version : modern_versions)
    writer.value(version);
  writer.end_array().raw_member("capabilities", capabilities());
  if (!options_.instructions.empty()) writer.member("instructions", options_.instructions);
  writer.end_object();
  answer(responder, client, std::string_view(json), CacheHint{options_.cache_ttl, true});
}

void ServerRole::ping(Responder& responder, const Message&, const ClientContext&) {
  responder.result(std::string_view("{}"));
}

void ServerRole::answer_page(Responder& responder, const Message& message,
                             const ClientContext& client, std::string_view key,
                             const std::vector<std::string>& definitions) {
  const std::optional<std::size_t> offset = read_cursor(message.params);
  if (!offset) {
    responder.error(invalid_params, "Invalid cursor");
    return;
  }
  const std::string page = page_of(key, definitions, *offset);
  answer(responder, client, std::string_view(page), CacheHint{options_.cache_ttl, true});
}

void ServerRole::list_tools(Responder& responder, const Message& message,
                            const ClientContext& client) {
  if (options_.tools.empty()) {
    refuse_without(responder, message, "tools");
    return;
  }
  answer_page(responder, message, client, "tools", definitions_of(options_.tools));
}

void ServerRole::list_prompts(Responder& responder, const Message& message,
                              const ClientContext& client) {
  if (options_.prompts.empty()) {
    refuse_without(responder, message, "prompts");
    return;
  }
  answer_page(responder, message, client, "prompts", definitions_of(options_.prompts));
}

void ServerRole::list_templates(Responder& responder, const Message& message,
                                const ClientContext& client) {
  answer_page(responder, message, client, "resourceTemplates", options_.provider.templates);
}

std::shared_ptr<Request> ServerRole::admit(Responder& responder, std::string_view method,
                                           std::string_view name, std::string_view arguments,
                                           std::string_view raw_meta, const ClientContext& client) {
  const std::string id(responder.id());
  auto request = std::make_shared<Request>(std::move(responder), method, name, arguments,
                                           progress_token(raw_meta), weak_from_this());
  request->client_ = client;
  requests_[id] = request;
  return request;
}

std::shared_ptr<Request> ServerRole::admit_or_resume(Responder& responder, const Message& message,
                                                     std::string_view name,
                                                     std::string_view arguments,
                                                     const ClientContext& client) {
  std::array<Member, 3> members{{{"_meta"}, {"requestState"}, {"inputResponses"}}};
  if (!scan(message.params, members)) {
    responder.error(invalid_params, "'requestState' and 'inputResponses' may be there once each");
    return nullptr;
  }
  const auto [meta, raw_state, raw_answers] =
      std::array{members[0].value, members[1].value, members[2].value};
  if (client.era == Era::legacy || (raw_state.empty() && raw_answers.empty())) {
    return admit(responder, message.method, name, arguments, meta, client);
  }
  if (!raw_answers.empty() && !is_object(raw_answers)) {
    responder.error(invalid_params, "'inputResponses' must be an object");
    return nullptr;
  }
  Answers answers = read_answers(raw_answers);
  if (raw_state.empty()) {
    auto request = admit(responder, message.method, name, arguments, meta, client);
    request->answers_ = std::move(answers);
    return request;
  }
  std::string state;
  if (is_string(raw_state)) framing::append_unescaped(state, raw_state);
  const auto found = suspended_.find(state);
  // What it was given for comes with it again, or it was taken from elsewhere.
  const bool fits = found != suspended_.end() && found->second.request->method_ == message.method &&
                    found->second.request->name_ == name &&
                    are_same(found->second.request->arguments_, arguments);
  if (!fits) {
    responder.error(invalid_params,
                    "'requestState' is not one that waits for this request: it is unknown, was "
                    "used before, or has expired; make the request again without it");
    return nullptr;
  }
  const std::shared_ptr<Request> request = std::move(found->second.request);
  suspended_.erase(found);
  requests_[std::string(responder.id())] = request;
  request->resume(std::move(responder), client, progress_token(meta), std::move(answers));
  return nullptr;
}

void ServerRole::call_tool(Responder& responder, const Message& message,
                           const ClientContext& client) {
  const std::optional<std::string> name = read_text(responder, message.params, "name");
  if (!name) return;
  const std::optional<std::string_view> arguments = read_arguments(responder, message.params);
  if (!arguments) return;
  const auto tool = std::find_if(options_.tools.begin(), options_.tools.end(),
                                 [&name](const ToolSpec& spec) { return spec.name == *name; });
  if (tool == options_.tools.end()) {
    responder.error(invalid_params, "Unknown tool: " + shortened(*name));
    return;
  }
  auto call = admit_or_resume(responder, message, *name, *arguments, client);
  if (!call) return;
  // The tool may replace the tools.
  const auto handler = tool->handler;
  handler(std::move(call));
}

void ServerRole::get_prompt(Responder& responder, const Message& message,
                            const ClientContext& client) {
  if (options_.prompts.empty()) {
    refuse_without(responder, message, "prompts");
    return;
  }
  const std::optional<std::string> name = read_text(responder, message.params, "name");
  if (!name) return;
  const std::optional<std::string_view> arguments = read_arguments(responder, message.params);
  if (!arguments) return;
  const auto prompt = std::find_if(options_.prompts.begin(), options_.prompts.end(),
                                   [&name](const PromptSpec& spec) { return spec.name == *name; });
  if (prompt == options_.prompts.end()) {
    responder.error(invalid_params, "Unknown prompt: " + shortened(*name));
    return;
  }
  auto request = admit_or_resume(responder, message, *name, *arguments, client);
  if (request) prompt->handler(std::move(request));
}

void ServerRole::list_resources(Responder& responder, const Message& message,
                                const ClientContext& client) {
  std::vector<std::string> definitions = definitions_of(options_.resources);
  if (!options_.provider.list) {
    answer_page(responder, message, client, "resources", definitions);
    return;
  }
  const std::optional<std::size_t> offset = read_cursor(message.params);
  if (!offset) {
    responder.error(invalid_params, "Invalid cursor");
    return;
  }
  auto request = admit(responder, message.method, {}, {}, {}, client);
  options_.provider.list([request = std::move(request), definitions = std::move(definitions),
                          offset = *offset](std::vector<std::string> more) mutable {
    const std::shared_ptr<Request> once = std::move(request);
    if (!once) return;
    std::move(more.begin(), more.end(), std::back_inserter(definitions));
    const std::string page = page_of("resources", definitions, offset);
    once->result(std::string_view(page));
  });
}

void ServerRole::read_resource(Responder& responder, const Message& message,
                               const ClientContext& client) {
  const std::optional<std::string> uri = read_text(responder, message.params, "uri");
  if (!uri) return;
  const auto resource = std::find_if(options_.resources.begin(), options_.resources.end(),
                                     [&uri](const ResourceSpec& spec) { return spec.uri == *uri; });
  if (resource != options_.resources.end()) {
    ResourceContent content;
    content.mime_type = resource->mime_type;
    content.content = resource->text();
    const std::string json = read_result(*uri, content);
    answer(responder, client, std::string_view(json), CacheHint{options_.cache_ttl, true});
    return;
  }
  if (!options_.provider.read) {
    refuse_resource(responder, *uri);
    return;
  }
  auto request = admit(responder, message.method, *uri, {}, {}, client);
  options_.provider.read(
      *uri, [request = std::move(request)](std::optional<ResourceContent> content) mutable {
        const std::shared_ptr<Request> once = std::move(request);
        if (!once) return;
        if (!content) {
          refuse_resource(*once, once->name());
        } else if (!content->error.empty()) {
          once->error(invalid_params, content->error);
        } else {
          const std::string json = read_result(once->name(), *content);
          once->result(std::string_view(json));
        }
      });
}

void ServerRole::subscribe(Responder& responder, const Message& message, const ClientContext&) {
  if (!subscriptions_.announced().resource_updates) {
    responder.error(method_not_found, "This server does not tell when a resource changes");
    return;
  }
  std::optional<std::string> uri = read_text(responder, message.params, "uri");
  if (!uri) return;
  if (subscriptions_.subscribe(std::move(*uri))) {
    responder.result(std::string_view("{}"));
  } else {
    responder.error(invalid_request, "Too many resources are subscribed to");
  }
}

void ServerRole::unsubscribe(Responder& responder, const Message& message, const ClientContext&) {
  if (!subscriptions_.announced().resource_updates) {
    responder.error(method_not_found, "This server does not tell when a resource changes");
    return;
  }
  const std::optional<std::string> uri = read_text(responder, message.params, "uri");
  if (!uri) return;
  subscriptions_.unsubscribe(*uri);
  responder.result(std::string_view("{}"));
}

void ServerRole::listen(Responder& responder, const Message& message, const ClientContext&) {
  if (!subscriptions_.announced().any()) {
    responder.error(method_not_found, "This server does not tell of changes");
  } else {
    subscriptions_.listen(std::move(responder), message.params);
  }
}

void ServerRole::complete(Responder& responder, const Message& message,
                          const ClientContext& client) {
  if (!options_.complete) {
    responder.error(method_not_found, "This server completes nothing");
    return;
  }
  dom::parser parser;
  dom::element params;
  std::string_view type;
  std::string_view ref;
  std::string_view argument;
  std::string_view value;
  CompletionQuery query;
  bool readable =
      parser.parse(message.params.data(), message.params.size()).get(params) == simdjson::SUCCESS &&
      params["ref"]["type"].get(type) == simdjson::SUCCESS &&
      (type == "ref/prompt" || type == "ref/resource");
  if (readable) {
    query.is_prompt = type == "ref/prompt";
    readable = params["ref"][query.is_prompt ? "name" : "uri"].get(ref) == simdjson::SUCCESS &&
               params["argument"]["name"].get(argument) == simdjson::SUCCESS &&
               params["argument"]["value"].get(value) == simdjson::SUCCESS;
  }
  if (!readable) {
    responder.error(invalid_params,
                    "'ref' must name a prompt or a resource template, and 'argument' have a name "
                    "and a value");
    return;
  }
  query.ref = ref;
  query.argument = argument;
  query.value = value;
  dom::object known;
  if (params["context"]["arguments"].get(known) == simdjson::SUCCESS) {
    for (const dom::key_value_pair member : known) {
      std::string_view text;
      if (member.value.get(text) == simdjson::SUCCESS)
        query.context[std::string(member.key)] = text;
    }
  }
  const Completions found = options_.complete(query);
  const std::size_t count = std::min(found.values.size(), most_completions);
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("completion").begin_object().key("values").begin_array();
  for (std::size_t i = 0; i < count; ++i)
    writer.value(found.values[i]);
  writer.end_array();
  if (found.total) {
    writer.member("total", *found.total);
  } else if (!found.has_more) {
    writer.member("total", found.values.size());
  }
  writer.member("hasMore", found.has_more || count < found.values.size());
  writer.end_object().end_object();
  answer(responder, client, std::string_view(json));
}

void ServerRole::set_level(Responder& responder, const Message& message, const ClientContext&) {
  std::array<Member, 1> members{{{"level"}}};
  std::string name;
  LogLevel level = LogLevel::warning;
  if (!scan(message.params, members) || !is_string(members[0].value) ||
      !framing::append_unescaped(name, members[0].value) || !parse_log_level(name, level)) {
    responder.error(invalid_params,
                    "'level' must be one of debug, info, notice, warning, error, "
                    "critical, alert, emergency");
    return;
  }
  options_.log_level = level;
  responder.result(std::string_view("{}"));
}

std::string ServerRole::suspend(std::shared_ptr<Request> request) {
  if (suspended_.size() >= most_suspended) return {};
  std::string state = make_state();
  suspended_[state] = {std::move(request), Clock::now() + options_.question_limit};
  if (output_.rearm) output_.rearm();
  return state;
}

void ServerRole::finished(const std::string& id) {
  if (requests_.erase(id) > 0 && requests_.empty() && on_idle) on_idle();
}

bool ServerRole::cancel_request(std::string_view id) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return false;
  if (const std::shared_ptr<Request> request = found->second.lock()) request->cancel();
  return true;
}

}  // namespace headrace::engine::mcp
