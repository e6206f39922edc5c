// Messages of the client role.
#include <headrace/engine/mcp/client_role.hpp>
#include <headrace/framing/json_writer.hpp>

#include <simdjson.h>

namespace headrace::engine::mcp {
namespace {

using framing::JsonWriter;
namespace dom = simdjson::dom;

std::string text_of(dom::element object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

}  // namespace

std::string initialize_params(const ClientIdentity& identity) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("protocolVersion", legacy_versions.front());
  writer.key("capabilities").begin_object();
  if (!identity.roots.empty()) writer.key("roots").begin_object().end_object();
  writer.end_object();
  writer.key("clientInfo").begin_object().member("name", identity.implementation.name);
  if (!identity.implementation.title.empty()) {
    writer.member("title", identity.implementation.title);
  }
  writer.member("version", identity.implementation.version).end_object();
  writer.end_object();
  return json;
}

bool read_initialize_result(std::string_view body, ServerFacts& facts, Diagnostics& diagnostics) {
  dom::parser parser;
  dom::element result;
  if (parser.parse(body.data(), body.size()).get(result) != simdjson::SUCCESS ||
      !result.is_object()) {
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
  dom::element part;
  if (result["serverInfo"].get(part) == simdjson::SUCCESS) {
    facts.implementation = {text_of(part, "name"), text_of(part, "version"),
                            text_of(part, "title")};
  }
  dom::element tools;
  facts.has_tools = result["capabilities"]["tools"].get(tools) == simdjson::SUCCESS;
  bool changes = false;
  facts.tools_list_changes =
      facts.has_tools && tools["listChanged"].get(changes) == simdjson::SUCCESS && changes;
  return true;
}

CallFrame call_tool_params(const ServerFacts&, std::string_view tool) {
  CallFrame frame{R"({"name":)", "}"};
  framing::append_quoted(frame.prefix, tool);
  frame.prefix += R"(,"arguments":)";
  return frame;
}

std::string list_params(const ServerFacts&, std::string_view cursor) {
  if (cursor.data() == nullptr) return {};
  std::string json;
  JsonWriter(json).begin_object().member("cursor", cursor).end_object();
  return json;
}

std::optional<std::string> next_cursor(std::string_view page) {
  dom::parser parser;
  std::string_view cursor;
  if (parser.parse(page.data(), page.size())["nextCursor"].get(cursor) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return std::string(cursor);
}

Reply answer_server_request(const ClientIdentity& identity, std::string_view method) {
  if (method == "ping") return {"{}", 0, {}};
  if (method == "roots/list" && !identity.roots.empty()) {
    Reply reply;
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
  return {{}, method_not_found, "Method not found: " + std::string(method)};
}

ServerLog read_log_message(std::string_view params) {
  dom::parser parser;
  dom::element message;
  if (parser.parse(params.data(), params.size()).get(message) != simdjson::SUCCESS) return {};
  ServerLog log{text_of(message, "level"), {}};
  dom::element data;
  if (message["data"].get(data) != simdjson::SUCCESS) return log;
  std::string_view text;
  log.text = data.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(data);
  return log;
}

}  // namespace headrace::engine::mcp
