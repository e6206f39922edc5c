// The methods of the legacy era.
#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_scanner.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace headrace::engine::mcp {
namespace {

using framing::Fault;
using framing::JsonWriter;
using framing::Member;

bool scan(std::string_view params, std::span<Member> members) {
  if (params.empty()) return true;
  framing::ObjectScanner scanner;
  return scanner.scan_members(params, members) == Fault::none;
}

// A server's message may be as long as a frame, and a client's read buffer end much earlier.
constexpr std::size_t longest_log = 8 << 10;

std::string shortened(std::string_view text) {
  if (text.size() <= longest_log) return std::string(text);
  text = text.substr(0, longest_log);
  // Not within a character.
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) {
    text.remove_suffix(1);
  }
  if (!text.empty()) text.remove_suffix(1);
  return std::string(text) + "…";
}

bool is_string(std::string_view raw) {
  return !raw.empty() && raw.front() == '"';
}

constexpr std::size_t page_size = 200;

// A cursor of ours is how many came before. Nothing when it can only be made up.
std::optional<std::size_t> parse_cursor(std::string_view params) {
  std::array<Member, 1> members{{{"cursor"}}};
  if (!scan(params, members)) return std::nullopt;
  std::string_view raw = members[0].value;
  if (raw.empty() || raw == "null") return 0;
  if (raw.size() < 3 || raw.front() != '"') return std::nullopt;
  raw = raw.substr(1, raw.size() - 2);
  std::size_t offset = 0;
  const auto [rest, error] = std::from_chars(raw.data(), raw.data() + raw.size(), offset);
  const bool good = error == std::errc() && rest == raw.data() + raw.size() && offset > 0 &&
                    offset % page_size == 0;
  return good ? std::optional(offset) : std::nullopt;
}

// The same; what can only be made up is refused.
std::optional<std::size_t> read_cursor(Responder& responder, std::string_view params) {
  const std::optional<std::size_t> offset = parse_cursor(params);
  if (!offset) responder.error(invalid_params, "Invalid cursor");
  return offset;
}

std::string page_of(std::string_view key, const std::vector<std::string>& definitions,
                    std::size_t offset) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key(key).begin_array();
  const std::size_t end = std::min(definitions.size(), offset + page_size);
  for (std::size_t i = offset; i < end; ++i)
    writer.raw(definitions[i]);
  writer.end_array();
  if (end < definitions.size()) writer.member("nextCursor", std::to_string(end));
  writer.end_object();
  return json;
}

template <class Specs>
std::vector<std::string> definitions_of(const Specs& specs) {
  std::vector<std::string> definitions;
  for (const auto& spec : specs)
    definitions.push_back(spec.definition);
  return definitions;
}

void answer_read(Responder& responder, std::string_view uri, const ResourceContent& resource) {
  if (!resource.error.empty()) {
    responder.error(invalid_params, resource.error);
    return;
  }
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("contents").begin_array().begin_object().member("uri", uri);
  if (!resource.mime_type.empty()) writer.member("mimeType", resource.mime_type);
  writer.member(resource.is_text ? "text" : "blob", resource.content);
  writer.end_object().end_array().end_object();
  responder.result(std::string_view(json));
}

void answer_unknown(Responder& responder, std::string_view uri) {
  responder.error(invalid_params, "Unknown resource: " + shortened(uri));
}

// Larger numbers have no next one.
constexpr double most_progress = 1e300;
// So that a thousand of them are less than the first whole number that somebody counts.
constexpr double steps_per_unit = 1000;

}  // namespace

ToolCall::ToolCall(Responder responder, std::string_view tool, std::string_view arguments,
                   std::string_view progress_token, std::weak_ptr<ServerRole> role)
    : responder_(std::move(responder)),
      key_(responder_.id()),
      tool_(tool),
      arguments_(arguments.empty() ? "{}" : arguments),
      progress_token_(progress_token),
      role_(std::move(role)) {}

ToolCall::~ToolCall() {
  end();
}

void ToolCall::end() {
  on_cancel = nullptr;
  if (key_.empty()) return;
  const std::string key = std::exchange(key_, {});
  // A responder that was not used answers by itself.
  responder_ = Responder();
  if (const auto role = role_.lock()) role->finished(key);
}

std::string_view ToolCall::protocol_version() const noexcept {
  const auto role = role_.lock();
  return role ? std::string_view(role->version_) : std::string_view();
}

void ToolCall::progress(std::string_view message) {
  double next = ++small_steps_ / steps_per_unit;
  if (progress_ && (measured_ || next <= *progress_)) {
    next = std::nextafter(*progress_, std::numeric_limits<double>::max());
  }
  progress_ = next;
  send_progress(message);
}

void ToolCall::progress(double done, std::optional<double> total, std::string_view message) {
  if (!std::isfinite(done)) return progress(message);
  measured_ = true;
  total_ = total && std::isfinite(*total) ? total : std::nullopt;
  done = std::clamp(done, -most_progress, most_progress);
  if (progress_ && done <= *progress_) {
    done = std::nextafter(*progress_, std::numeric_limits<double>::max());
  }
  progress_ = done;
  send_progress(message);
}

void ToolCall::send_progress(std::string_view message) {
  const auto role = role_.lock();
  if (!role || !wants_progress() || key_.empty() || cancelled_ || !role->output_.notify) return;
  std::string params;
  JsonWriter writer(params);
  writer.begin_object().raw_member("progressToken", progress_token_).member("progress", *progress_);
  if (total_) writer.member("total", *total_);
  if (!message.empty()) writer.member("message", message);
  writer.end_object();
  role->output_.notify("notifications/progress", std::string_view(params));
}

void ToolCall::result(const Payload& json) {
  responder_.result(json);
  end();
}

void ToolCall::error(std::int64_t code, std::string_view message) {
  responder_.error(code, message);
  end();
}

const ServerRole::Route ServerRole::routes[] = {
    {"tools/call", &ServerRole::call_tool},
    {"ping", &ServerRole::ping},
    {"initialize", &ServerRole::initialize},
    {"tools/list", &ServerRole::list_tools},
    {"resources/list", &ServerRole::list_resources},
    {"resources/templates/list", &ServerRole::list_templates},
    {"resources/read", &ServerRole::read_resource},
    {"logging/setLevel", &ServerRole::set_level},
};

void ServerRole::on_request(Responder responder, const Message& message) {
  for (const Route& route : routes) {
    if (route.method == message.method) {
      (this->*route.handler)(responder, message);
      return;
    }
  }
  responder.error(method_not_found, "Method not found: " + std::string(message.method));
}

void ServerRole::on_notification(const Message& message) {
  if (message.method == "notifications/initialized") {
    greeted_ = true;
    if (on_initialized) on_initialized();
  } else if (message.method == "notifications/cancelled") {
    std::array<Member, 1> members{{{"requestId"}}};
    if (!scan(message.params, members)) return;
    const std::string key(members[0].value);
    cancel_call(key);
    cancel_lookup(key);
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

void ServerRole::log(LogLevel level, std::string_view source, std::string_view text) {
  if (!greeted_ || level < options_.log_level || !output_.notify) return;
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
  while (!calls_.empty()) {
    const std::string key = calls_.begin()->first;
    cancel_call(key);
    calls_.erase(key);
  }
  while (!lookups_.empty()) {
    const std::string key = lookups_.begin()->first;
    cancel_lookup(key);
    lookups_.erase(key);
  }
}

void ServerRole::initialize(Responder& responder, const Message& message) {
  std::array<Member, 1> members{{{"protocolVersion"}}};
  std::string requested;
  if (!scan(message.params, members) || !is_string(members[0].value) ||
      !framing::append_unescaped(requested, members[0].value)) {
    responder.error(invalid_params, "'protocolVersion' must be a string");
    return;
  }
  version_ = negotiate_version(requested);
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("protocolVersion", version_);
  writer.key("capabilities").begin_object();
  writer.key("logging").begin_object().end_object();
  if (!options_.resources.empty() || options_.provider.read)
    writer.key("resources").begin_object().end_object();
  if (!options_.tools.empty()) writer.key("tools").begin_object().end_object();
  writer.end_object();
  const Implementation& implementation = options_.implementation;
  writer.key("serverInfo").begin_object().member("name", implementation.name);
  if (!implementation.title.empty()) writer.member("title", implementation.title);
  writer.member("version", implementation.version).end_object();
  if (!options_.instructions.empty()) writer.member("instructions", options_.instructions);
  writer.end_object();
  responder.result(std::string_view(json));
}

void ServerRole::ping(Responder& responder, const Message&) {
  responder.result(std::string_view("{}"));
}

void ServerRole::list_tools(Responder& responder, const Message& message) {
  const std::optional<std::size_t> offset = read_cursor(responder, message.params);
  if (!offset) return;
  responder.result(std::string_view(page_of("tools", definitions_of(options_.tools), *offset)));
}

// Answers one question to the provider. Whoever holds it owes the answer.
struct ServerRole::Lookup {
  Lookup(Responder asked, std::weak_ptr<ServerRole> in)
      : responder(std::move(asked)), key(responder.id()), role(std::move(in)) {}
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  ~Lookup() {
    responder = Responder();  // answers by itself when nobody did
    const auto live = role.lock();
    if (live && live->lookups_.erase(key) > 0) live->settle();
  }

  Responder responder;
  std::string key;
  std::weak_ptr<ServerRole> role;
};

std::shared_ptr<ServerRole::Lookup> ServerRole::begin_lookup(Responder& responder) {
  const std::string key(responder.id());
  if (lookups_.contains(key)) {
    responder.error(invalid_request, "Invalid request: a request with this id is under way");
    return nullptr;
  }
  auto lookup = std::make_shared<Lookup>(std::move(responder), weak_from_this());
  lookups_[key] = lookup;
  return lookup;
}

void ServerRole::list_resources(Responder& responder, const Message& message) {
  const std::optional<std::size_t> offset = read_cursor(responder, message.params);
  if (!offset) return;
  std::vector<std::string> definitions = definitions_of(options_.resources);
  if (!options_.provider.list) {
    responder.result(std::string_view(page_of("resources", definitions, *offset)));
    return;
  }
  auto lookup = begin_lookup(responder);
  if (!lookup) return;
  options_.provider.list([lookup = std::move(lookup), definitions = std::move(definitions),
                          offset = *offset](std::vector<std::string> more) mutable {
    const std::shared_ptr<Lookup> once = std::move(lookup);
    if (!once) return;
    std::move(more.begin(), more.end(), std::back_inserter(definitions));
    once->responder.result(std::string_view(page_of("resources", definitions, offset)));
  });
}

void ServerRole::list_templates(Responder& responder, const Message& message) {
  const std::optional<std::size_t> offset = read_cursor(responder, message.params);
  if (!offset) return;
  const std::vector<std::string>& templates = options_.provider.templates;
  responder.result(std::string_view(page_of("resourceTemplates", templates, *offset)));
}

void ServerRole::call_tool(Responder& responder, const Message& message) {
  std::array<Member, 3> members{{{"name"}, {"arguments"}, {"_meta"}}};
  std::string name;
  if (!scan(message.params, members) || !is_string(members[0].value) ||
      !framing::append_unescaped(name, members[0].value)) {
    responder.error(invalid_params, "'name' must be a string");
    return;
  }
  const std::string_view arguments = members[1].value == "null" ? "" : members[1].value;
  if (!arguments.empty() && arguments.front() != '{') {
    responder.error(invalid_params, "'arguments' must be an object");
    return;
  }
  const auto tool = std::find_if(options_.tools.begin(), options_.tools.end(),
                                 [&name](const ToolSpec& spec) { return spec.name == name; });
  if (tool == options_.tools.end()) {
    responder.error(invalid_params, "Unknown tool: " + name);
    return;
  }
  std::array<Member, 1> meta{{{"progressToken"}}};
  if (!members[2].value.empty() && members[2].value.front() == '{') scan(members[2].value, meta);
  const std::string key(responder.id());
  if (calls_.contains(key)) {
    responder.error(invalid_request, "Invalid request: a call with this id is under way");
    return;
  }
  auto call = std::make_shared<ToolCall>(std::move(responder), name, arguments, meta[0].value,
                                         weak_from_this());
  calls_[key] = call;
  tool->handler(std::move(call));
}

void ServerRole::read_resource(Responder& responder, const Message& message) {
  std::array<Member, 1> members{{{"uri"}}};
  std::string uri;
  if (!scan(message.params, members) || !is_string(members[0].value) ||
      !framing::append_unescaped(uri, members[0].value)) {
    responder.error(invalid_params, "'uri' must be a string");
    return;
  }
  const auto resource = std::find_if(options_.resources.begin(), options_.resources.end(),
                                     [&uri](const ResourceSpec& spec) { return spec.uri == uri; });
  if (resource != options_.resources.end()) {
    ResourceContent content;
    content.mime_type = resource->mime_type;
    content.content = resource->text();
    answer_read(responder, uri, content);
    return;
  }
  if (!options_.provider.read) {
    answer_unknown(responder, uri);
    return;
  }
  auto lookup = begin_lookup(responder);
  if (!lookup) return;
  auto answer = [lookup = std::move(lookup), uri](std::optional<ResourceContent> content) mutable {
    const std::shared_ptr<Lookup> once = std::move(lookup);
    if (!once) return;
    if (content) {
      answer_read(once->responder, uri, *content);
    } else {
      answer_unknown(once->responder, uri);
    }
  };
  options_.provider.read(uri, std::move(answer));
}

void ServerRole::set_level(Responder& responder, const Message& message) {
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

void ServerRole::finished(const std::string& key) {
  if (calls_.erase(key) > 0) settle();
}

void ServerRole::settle() {
  if (calls_under_way() == 0 && on_idle) on_idle();
}

void ServerRole::cancel_lookup(const std::string& key) {
  const auto found = lookups_.find(key);
  if (found == lookups_.end()) return;
  if (const std::shared_ptr<Lookup> lookup = found->second.lock()) lookup->responder.discard();
}

void ServerRole::cancel_call(const std::string& key) {
  const auto found = calls_.find(key);
  if (found == calls_.end()) return;
  const std::shared_ptr<ToolCall> call = found->second.lock();
  if (!call || call->cancelled_) return;
  call->cancelled_ = true;
  call->responder_.discard();
  const std::function<void()> on_cancel = std::exchange(call->on_cancel, nullptr);
  if (on_cancel) on_cancel();
}

}  // namespace headrace::engine::mcp
