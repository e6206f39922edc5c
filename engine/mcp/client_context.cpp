// Reading what clients say about themselves.
#include <headrace/engine/mcp/client_context.hpp>
#include <headrace/engine/mcp/dom_members.hpp>

namespace headrace::engine::mcp {
namespace {

namespace dom = simdjson::dom;

ClientCapabilities capabilities_of(dom::element declared) {
  ClientCapabilities capabilities;
  if (!declared.is_object()) return capabilities;
  capabilities.raw = simdjson::minify(declared);
  dom::element part;
  if (declared["elicitation"].get(part) == simdjson::SUCCESS && part.is_object()) {
    capabilities.elicitation_url = has_object(part, "url");
    // An empty object is how older versions say "form" (2025-11-25, client/elicitation).
    capabilities.elicitation_form = has_object(part, "form") || !capabilities.elicitation_url;
  }
  if (declared["sampling"].get(part) == simdjson::SUCCESS && part.is_object()) {
    capabilities.sampling = true;
    capabilities.sampling_tools = has_object(part, "tools");
  }
  capabilities.roots = has_object(declared, "roots");
  return capabilities;
}

}  // namespace

ClientCapabilities read_capabilities(std::string_view json) {
  dom::parser parser;
  dom::element declared;
  return parse_json(parser, json, declared) ? capabilities_of(declared) : ClientCapabilities();
}

bool read_initialize(std::string_view params, ClientContext& client) {
  dom::parser parser;
  dom::element root;
  std::string_view version;
  if (!parse_json(parser, params, root) ||
      root["protocolVersion"].get(version) != simdjson::SUCCESS) {
    return false;
  }
  client = {};
  client.protocol_version = version;
  dom::element part;
  if (root["capabilities"].get(part) == simdjson::SUCCESS)
    client.capabilities = capabilities_of(part);
  if (root["clientInfo"].get(part) == simdjson::SUCCESS)
    client.implementation = read_implementation(part);
  return true;
}

bool read_request_meta(std::string_view meta, ClientContext& client, MetaFault& fault) {
  dom::parser parser;
  dom::element root;
  if (!parse_json(parser, meta, root) || !root.is_object()) return true;
  dom::element version;
  dom::element capabilities;
  dom::element info;
  dom::element level;
  const bool has_version = root[meta_key::protocol_version].get(version) == simdjson::SUCCESS;
  const bool has_capabilities =
      root[meta_key::client_capabilities].get(capabilities) == simdjson::SUCCESS;
  const bool has_info = root[meta_key::client_info].get(info) == simdjson::SUCCESS;
  const bool has_level = root[meta_key::log_level].get(level) == simdjson::SUCCESS;
  if (!has_version && !has_capabilities && !has_info && !has_level) return true;
  fault = {invalid_params, {}, {}};
  std::string_view text;
  if (!has_version || version.get(text) != simdjson::SUCCESS) {
    fault.message = "'_meta' lacks '" + std::string(meta_key::protocol_version) + "', a string";
    return false;
  }
  client = {};
  client.era = Era::modern;
  client.protocol_version = text;
  if (!is_modern_version(text)) {
    fault.code = unsupported_protocol_version;
    fault.message = "Unsupported protocol version";
    fault.data = R"({"supported":[)";
    for (const std::string_view known : modern_versions) {
      if (fault.data.back() != '[') fault.data += ',';
      fault.data.append("\"").append(known).append("\"");
    }
    fault.data += R"(],"requested":)" + simdjson::minify(version) + "}";
    return false;
  }
  if (!has_capabilities || !capabilities.is_object()) {
    fault.message = "'_meta' lacks '" + std::string(meta_key::client_capabilities) + "', an object";
    return false;
  }
  client.capabilities = capabilities_of(capabilities);
  if (has_info) client.implementation = read_implementation(info);
  if (has_level) {
    LogLevel least = LogLevel::warning;
    if (level.get(text) != simdjson::SUCCESS || !parse_log_level(std::string(text), least)) {
      fault.message = "'" + std::string(meta_key::log_level) + "' must be one of " +
                      std::string(log_level_names);
      return false;
    }
    client.log_level = least;
  }
  return true;
}

}  // namespace headrace::engine::mcp
