// Which request goes where, what is under way, and what the server says of itself.
#include <headrace/engine/mcp/raw_members.hpp>
#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace headrace::engine::mcp {

using framing::Fault;
using framing::JsonWriter;
using framing::Member;

namespace {

// One pass where all is well; else it is found out with which of them it is not.
RequestParts read_parts(const Message& message, framing::ObjectScanner& scanner) {
  RequestParts parts;
  const auto scan = [&message, &scanner](std::span<Member> members) {
    return scanner.scan_members(message.params, members, message.tokens) == Fault::none;
  };
  if (message.params.empty() || scan(parts.members)) return parts;
  for (std::size_t i = 0; i < parts.members.size(); ++i)
    parts.bad[i] = !scan({&parts.members[i], 1});
  return parts;
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

void ServerRole::on_request(Responder&& responder, const Message& message) {
  if (requests_.contains(responder.id()) || subscriptions_.is_listening(responder.id())) {
    responder.error(invalid_request, "Invalid request: a request with this id is under way");
    return;
  }
  const auto* const route =
      std::find_if(std::begin(routes), std::end(routes),
                   [&message](const Route& one) { return one.method == message.method; });
  parts_ = read_parts(message, scanner_);
  if (parts_.bad[RequestParts::meta] && is_object(message.params)) {
    responder.error(invalid_params, "'_meta' must be there once, and be written without escapes");
    return;
  }
  std::shared_ptr<const ClientContext> client = read_client(responder);
  if (!client) return;
  const bool is_modern = client->era == Era::modern;
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
  client_ = std::move(client);
  if (is_modern && message.method != "server/discover" && !std::exchange(awaited_, true) &&
      on_initialized) {
    on_initialized();
  }
  (this->*route->handler)(responder, message, *client_);
}

// Whom a request is from; null, and refused, when its `_meta` is not as it has to be.
std::shared_ptr<const ClientContext> ServerRole::read_client(Responder& responder) {
  const std::string_view meta = parts_[RequestParts::meta];
  if (meta.empty()) return legacy_client_;
  ClientContext client;
  MetaFault fault;
  if (!read_request_meta(meta, client, fault)) {
    responder.error(fault.code, fault.message, fault.data);
    return nullptr;
  }
  if (client.era == Era::legacy) return legacy_client_;
  return std::make_shared<const ClientContext>(std::move(client));
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
  } else if (on_other_notification) {
    on_other_notification(message);
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
  std::string quoted;
  framing::append_quoted(quoted, shortened(text));
  log_data(level, source, quoted);
}

void ServerRole::pass_on(std::string_view method, std::string_view params) {
  if (greeted_ && output_.announce) output_.announce(method, params);
}

void ServerRole::log_data(LogLevel level, std::string_view source, std::string_view data) {
  if (!output_.notify) return;
  const bool for_legacy = greeted_ && level >= options_.log_level;
  const auto wants = [level](const auto& entry) {
    const ClientContext& client = *entry.second->client_;
    return client.era == Era::modern && client.log_level && level >= *client.log_level;
  };
  if (!for_legacy && std::none_of(requests_.begin(), requests_.end(), wants)) return;
  std::string params;
  JsonWriter writer(params);
  writer.begin_object()
      .member("level", to_string(level))
      .member("logger", source)
      .raw_member("data", data)
      .end_object();
  output_.notify("notifications/message", std::string_view(params));
}

std::uint64_t ServerRole::ask(std::string_view method, std::string_view params,
                              ReplyCallback done) {
  const std::uint64_t number = ++last_asked_;
  if (legacy_client_->protocol_version.empty() || !output_.call ||
      !missing_capability(legacy_client_->capabilities, method, params).empty()) {
    asked_[number] = 0;
    later([weak = weak_from_this(), number, name = std::string(method),
           done = std::move(done)]() mutable {
      const auto self = weak.lock();
      if (!self || self->asked_.erase(number) == 0) return;
      done({{}, method_not_found, "the client can't be asked for '" + name + "' at the moment"});
    });
    return number;
  }
  CallOptions options;
  options.deadline = Deadline::after(options_.question_limit);
  auto answered = [weak = weak_from_this(), number, name = std::string(method),
                   done = std::move(done)](std::error_code error, const Answer& answer) mutable {
    const auto self = weak.lock();
    if (self && self->asked_.erase(number) > 0) done(read_reply(name, error, answer));
  };
  const bool elicits = method == "elicitation/create";
  const std::string whole = elicits ? with_elicitation_id(params) : std::string(params);
  const std::uint64_t call =
      output_.call(method, std::string_view(whole), options, std::move(answered));
  asked_[number] = call;
  return number;
}

void ServerRole::withdraw(std::uint64_t question) {
  const auto asked = asked_.extract(question);
  if (!asked.empty() && asked.mapped() != 0 && output_.cancel)
    output_.cancel(asked.mapped(), "nobody waits for the answer any more");
}

void ServerRole::cancel_all() {
  while (!requests_.empty()) {
    Request& request = *requests_.begin()->second;
    const std::shared_ptr<Request> held = request.weak_from_this().lock();
    // Whoever works on it may take long to let go; its id is free for the next.
    finished(request);
    if (held) held->cancel();
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
  const RawJson& slice = result.pieces[1];
  if (slice.owner && slice.text.size() == result.size()) {
    std::string head;
    const auto rest = complete_in_place(slice.text, server_info_, hint, scanner_, head);
    if (rest) {
      responder.result(Payload(head, {*rest, slice.owner}, {}));
      return;
    }
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
  if (has_tools()) {
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
  legacy_client_ = std::make_shared<const ClientContext>(std::move(client));
  client_ = legacy_client_;
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("protocolVersion", legacy_client_->protocol_version);
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

void ServerRole::set_level(Responder& responder, const Message& message, const ClientContext&) {
  std::array<Member, 1> members{{{"level"}}};
  std::string name;
  LogLevel level = LogLevel::warning;
  if (!scan(message.params, members) || !is_string(members[0].value) ||
      !framing::append_unescaped(name, members[0].value) || !parse_log_level(name, level)) {
    responder.error(invalid_params, "'level' must be one of " + std::string(log_level_names));
    return;
  }
  options_.log_level = level;
  responder.result(std::string_view("{}"));
}

// Of two requests with one id none comes so far: on_request() refuses the second.
void ServerRole::enter(Request& request) {
  if (spare_requests_.empty()) {
    requests_.emplace(request.id_, &request);
  } else {
    Requests::node_type node = std::move(spare_requests_.back());
    spare_requests_.pop_back();
    node.key() = request.id_;
    node.mapped() = &request;
    requests_.insert(std::move(node));
  }
}

void ServerRole::finished(Request& request) {
  constexpr std::size_t most_spare = 64;
  const auto found = requests_.find(request.id_);
  if (found == requests_.end() || found->second != &request) return;
  Requests::node_type node = requests_.extract(found);
  request.id_.clear();
  if (spare_requests_.size() < most_spare) spare_requests_.push_back(std::move(node));
  if (requests_.empty() && on_idle) on_idle();
}

bool ServerRole::cancel_request(std::string_view id) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return false;
  if (const auto request = found->second->weak_from_this().lock()) request->cancel();
  return true;
}

}  // namespace headrace::engine::mcp
