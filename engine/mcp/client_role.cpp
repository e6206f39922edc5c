// Messages of the client role.
#include <headrace/engine/mcp/client_role.hpp>
#include <headrace/engine/mcp/dom_members.hpp>
#include <headrace/framing/json_writer.hpp>

#include <cmath>
#include <initializer_list>

namespace headrace::engine::mcp {
namespace {

using framing::JsonWriter;
namespace dom = simdjson::dom;

bool says_true(dom::element object, std::string_view key) {
  bool truth = false;
  return object[key].get(truth) == simdjson::SUCCESS && truth;
}

Offer read_offer(dom::element capabilities, std::string_view key) {
  dom::element part;
  if (capabilities[key].get(part) != simdjson::SUCCESS) return {};
  return {true, says_true(part, "listChanged")};
}

void read_capabilities_of_server(dom::element result, ServerFacts& facts) {
  dom::element capabilities;
  if (result["capabilities"].get(capabilities) != simdjson::SUCCESS) return;
  facts.tools = read_offer(capabilities, "tools");
  facts.prompts = read_offer(capabilities, "prompts");
  facts.resources = read_offer(capabilities, "resources");
  dom::element part;
  if (capabilities["resources"].get(part) == simdjson::SUCCESS) {
    facts.resource_updates = says_true(part, "subscribe");
  }
  if (capabilities["tasks"]["requests"]["tools"].get(part) == simdjson::SUCCESS) {
    facts.tool_tasks = has_object(part, "call");
  }
}

// What we pass on of one capability, with the parts of it that we know.
void declare_part(JsonWriter& writer, dom::element offered, std::string_view key,
                  std::initializer_list<std::string_view> known) {
  dom::element part;
  if (offered[key].get(part) != simdjson::SUCCESS || !part.is_object()) return;
  writer.key(key).begin_object();
  for (const std::string_view name : known) {
    if (has_object(part, name)) writer.raw_member(name, "{}");
  }
  writer.end_object();
}

std::vector<std::string> texts_of(dom::element object, std::string_view key) {
  std::vector<std::string> texts;
  dom::array array;
  if (object[key].get(array) != simdjson::SUCCESS) return texts;
  for (const dom::element one : array) {
    std::string_view text;
    if (one.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  }
  return texts;
}

}  // namespace

std::string_view list_method(ListKind kind) noexcept {
  switch (kind) {
    case ListKind::tools:
      return "tools/list";
    case ListKind::prompts:
      return "prompts/list";
    case ListKind::resources:
      return "resources/list";
    case ListKind::resource_templates:
      return "resources/templates/list";
  }
  return {};
}

std::optional<ListKind> changed_list(std::string_view method) noexcept {
  if (method == "notifications/tools/list_changed") return ListKind::tools;
  if (method == "notifications/prompts/list_changed") return ListKind::prompts;
  if (method == "notifications/resources/list_changed") return ListKind::resources;
  return std::nullopt;
}

ClientCapabilities declare(const ClientIdentity& identity, std::string_view offered, Era era) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object();
  dom::parser parser;
  dom::element part;
  const bool readable = parse_json(parser, offered, part) && part.is_object();
  if (!identity.roots.empty()) {
    writer.raw_member("roots", "{}");
  } else if (readable && has_object(part, "roots")) {
    bool changes = false;
    const bool told = era == Era::legacy &&
                      part["roots"]["listChanged"].get(changes) == simdjson::SUCCESS && changes;
    writer.raw_member("roots", told ? R"({"listChanged":true})" : "{}");
  }
  if (readable) {
    declare_part(writer, part, "sampling", {"context", "tools"});
    declare_part(writer, part, "elicitation", {"form", "url"});
  }
  if (era == Era::modern) {
    writer.key("extensions").begin_object().raw_member(tasks_extension, "{}").end_object();
  }
  writer.end_object();
  ClientCapabilities declared = read_capabilities(json);
  declared.raw = std::move(json);
  return declared;
}

std::string initialize_params(const ClientIdentity& identity, const ClientCapabilities& declared) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("protocolVersion", legacy_versions.front());
  writer.raw_member("capabilities", declared.raw);
  writer.raw_member("clientInfo", implementation_json(identity.implementation)).end_object();
  return json;
}

std::string request_meta(const ClientIdentity& identity, const ClientCapabilities& declared,
                         std::string_view version) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member(meta_key::protocol_version, version);
  writer.raw_member(meta_key::client_info, implementation_json(identity.implementation));
  writer.raw_member(meta_key::client_capabilities, declared.raw);
  // Without the braces: other members may stand beside these.
  return json.substr(1);
}

bool read_initialize_result(std::string_view body, ServerFacts& facts, Diagnostics& diagnostics) {
  dom::parser parser;
  dom::element result;
  if (!parse_json(parser, body, result) || !result.is_object()) {
    diagnostics.message = "its answer to 'initialize' is not a JSON object";
    return false;
  }
  facts = {};
  facts.protocol_version = text_of(result, "protocolVersion");
  if (!is_legacy_version(facts.protocol_version)) {
    diagnostics.message =
        "it speaks protocol version '" + facts.protocol_version + "', which is none that we speak";
    return false;
  }
  facts.instructions = text_of(result, "instructions");
  dom::element info;
  if (result["serverInfo"].get(info) == simdjson::SUCCESS) {
    facts.implementation = read_implementation(info);
  }
  read_capabilities_of_server(result, facts);
  return true;
}

bool read_discover_result(std::string_view body, ServerFacts& facts,
                          std::vector<std::string>& versions) {
  dom::parser parser;
  dom::element result;
  if (!parse_json(parser, body, result) || !result["supportedVersions"].is_array()) return false;
  versions = texts_of(result, "supportedVersions");
  facts = {};
  facts.era = Era::modern;
  facts.instructions = text_of(result, "instructions");
  dom::element info;
  // Beside the result, where drafts of the version had it, is as good.
  if (result["_meta"][meta_key::server_info].get(info) == simdjson::SUCCESS ||
      result["serverInfo"].get(info) == simdjson::SUCCESS) {
    facts.implementation = read_implementation(info);
  }
  read_capabilities_of_server(result, facts);
  facts.tool_tasks = false;
  return true;
}

std::vector<std::string> read_supported_versions(std::string_view data) {
  dom::parser parser;
  dom::element root;
  if (!parse_json(parser, data, root)) return {};
  return texts_of(root, "supported");
}

CallFrame call_tool_params(std::string_view tool) {
  CallFrame frame{{}, "}"};
  write_call_tool_prefix(frame.prefix, tool);
  return frame;
}

void write_call_tool_prefix(std::string& prefix, std::string_view tool) {
  prefix = R"({"name":)";
  framing::append_quoted(prefix, tool);
  prefix += R"(,"arguments":)";
}

std::string get_prompt_params(std::string_view name, std::string_view arguments) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("name", name);
  if (!arguments.empty()) writer.raw_member("arguments", arguments);
  writer.end_object();
  return json;
}

std::string read_resource_params(std::string_view uri) {
  std::string json;
  JsonWriter(json).begin_object().member("uri", uri).end_object();
  return json;
}

std::string open_object(std::string_view params) {
  const std::size_t brace = params.rfind('}');
  if (brace == std::string_view::npos) return "{";
  params = params.substr(0, brace);
  while (!params.empty() && static_cast<unsigned char>(params.back()) <= ' ')
    params.remove_suffix(1);
  return std::string(params);
}

std::string with_member(std::string_view params, std::string_view extra) {
  std::string json = open_object(params);
  if (json.back() != '{') json += ',';
  return json.append(extra).append("}");
}

std::string list_params(std::string_view cursor) {
  if (cursor.data() == nullptr) return {};
  std::string json;
  JsonWriter(json).begin_object().member("cursor", cursor).end_object();
  return json;
}

std::optional<std::string> next_cursor(std::string_view page) {
  dom::parser parser;
  dom::element root;
  std::string_view cursor;
  if (!parse_json(parser, page, root) || root["nextCursor"].get(cursor) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return std::string(cursor);
}

std::optional<std::chrono::milliseconds> time_to_live(std::string_view result) {
  dom::parser parser;
  dom::element root;
  std::int64_t ms = 0;
  if (!parse_json(parser, result, root) || root["ttlMs"].get(ms) != simdjson::SUCCESS || ms < 0) {
    return std::nullopt;
  }
  return std::chrono::milliseconds(ms);
}

std::string listen_params(const ServerFacts& facts) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("notifications").begin_object();
  const bool any =
      facts.tools.list_changes || facts.prompts.list_changes || facts.resources.list_changes;
  if (facts.tools.list_changes) writer.member("toolsListChanged", true);
  if (facts.prompts.list_changes) writer.member("promptsListChanged", true);
  if (facts.resources.list_changes) writer.member("resourcesListChanged", true);
  writer.end_object().end_object();
  return any ? json : std::string();
}

std::optional<QuestionReply> answer_server_request(const ClientIdentity& identity,
                                                   const ClientCapabilities& declared,
                                                   std::string_view method,
                                                   std::string_view params) {
  if (method == "ping") return QuestionReply{"{}", 0, {}};
  if (method == "roots/list" && !identity.roots.empty()) {
    QuestionReply reply;
    JsonWriter writer(reply.result);
    writer.begin_object().key("roots").begin_array();
    for (const Root& root : identity.roots) {
      writer.begin_object().member("uri", root.uri);
      if (!root.name.empty()) writer.member("name", root.name);
      writer.end_object();
    }
    writer.end_array().end_object();
    return reply;
  }
  if (method == "roots/list" && declared.roots) return std::nullopt;
  const bool elicits = method == "elicitation/create";
  if (elicits || method == "sampling/createMessage") {
    if (missing_capability(declared, method, params).empty()) return std::nullopt;
    // A mode or a part of what was declared is a matter of the params.
    if (elicits ? declared.elicitation_form || declared.elicitation_url : declared.sampling) {
      return QuestionReply{
          {}, invalid_params, "'" + std::string(method) + "' asks for what was not declared"};
    }
  }
  return QuestionReply{{}, method_not_found, "Method not found: " + std::string(method)};
}

std::string related_task(std::string_view params) {
  dom::parser parser;
  dom::element root;
  std::string_view task;
  if (!parse_json(parser, params, root) ||
      root["_meta"]["io.modelcontextprotocol/related-task"]["taskId"].get(task) !=
          simdjson::SUCCESS) {
    return {};
  }
  return std::string(task);
}

std::string read_uri(std::string_view params) {
  dom::parser parser;
  dom::element root;
  return parse_json(parser, params, root) ? text_of(root, "uri") : std::string();
}

std::optional<ProgressUpdate> read_progress(std::string_view params, std::string& token) {
  dom::parser parser;
  dom::element root;
  dom::element part;
  ProgressUpdate update;
  if (!parse_json(parser, params, root) ||
      root["progress"].get(update.progress) != simdjson::SUCCESS ||
      root["progressToken"].get(part) != simdjson::SUCCESS || !std::isfinite(update.progress)) {
    return std::nullopt;
  }
  token = simdjson::minify(part);
  double total = 0;
  if (root["total"].get(total) == simdjson::SUCCESS && std::isfinite(total)) update.total = total;
  update.message = text_of(root, "message");
  return update;
}

ServerLog read_log_message(std::string_view params) {
  dom::parser parser;
  dom::element message;
  if (!parse_json(parser, params, message)) return {};
  ServerLog log{text_of(message, "level"), {}, text_of(message, "logger"), "null"};
  dom::element data;
  if (message["data"].get(data) != simdjson::SUCCESS) return log;
  std::string_view text;
  log.data = simdjson::minify(data);
  log.text = data.get(text) == simdjson::SUCCESS ? std::string(text) : log.data;
  return log;
}

}  // namespace headrace::engine::mcp
