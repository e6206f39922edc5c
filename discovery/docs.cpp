// Writes what the interpreter asks about servers and tools (docs/session-protocol.md) as JSON.
#include <headrace/discovery/ascii.hpp>
#include <headrace/discovery/docs.hpp>
#include <headrace/discovery/signature.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/utf8_prefix.hpp>

#include <algorithm>

namespace headrace::discovery {
namespace {

using framing::JsonWriter;

void write_description(JsonWriter& writer, std::string_view text) {
  writer.key("description");
  if (text.size() <= kMaxDocDescription) {
    writer.value(text);
    return;
  }
  std::string cut(framing::utf8_prefix(text, kMaxDocDescription));
  cut += "… [cut: " + std::to_string(text.size()) + " bytes in all]";
  writer.value(cut);
}

void write_cwd(JsonWriter& writer, const ServerSpec& spec) {
  writer.key("cwd");
  if (spec.cwd.empty()) {
    writer.null();
  } else {
    writer.value(spec.cwd);
  }
}

// Leaves the object open for what a caller adds.
void begin_server(JsonWriter& writer, const ServerSpec& spec) {
  writer.begin_object().member("name", spec.name).member("alias", spec.alias);
  write_description(writer, spec.description);
  write_cwd(writer, spec);
}

// Leaves the object open.
void write_signature(JsonWriter& writer, const CatalogueServer& server, const ToolDoc& tool) {
  const Signature signature = make_signature(tool);
  std::string call = "mcp_" + server.spec().alias + "." + tool.alias + signature.parameters;
  if (!signature.result.empty()) call += " -> " + signature.result;
  writer.begin_object().member("server", server.spec().name).member("tool", tool.name);
  writer.member("signature", call);
  std::string types;
  for (const std::string& type : signature.types)
    types.append(types.empty() ? "" : "\n").append(type);
  if (!types.empty()) writer.member("types", types);
  const std::string summary = summary_line(tool.description);
  if (!summary.empty()) writer.member("description", summary);
}

// Leaves the object open for what a caller adds.
void begin_doc(JsonWriter& writer, const CatalogueServer& server, const ToolDoc& tool,
               Detail detail) {
  if (detail == Detail::signature) {
    write_signature(writer, server, tool);
    return;
  }
  writer.begin_object()
      .member("server", server.spec().name)
      .member("serverAlias", server.spec().alias)
      .member("tool", tool.name)
      .member("toolAlias", tool.alias);
  if (!tool.description.empty()) write_description(writer, tool.description);
  if (detail == Detail::full && !tool.input_schema.empty()) {
    writer.raw_member("inputSchema", tool.input_schema);
  }
}

void write_doc(JsonWriter& writer, const CatalogueServer& server, const ToolDoc& tool,
               Detail detail) {
  begin_doc(writer, server, tool, detail);
  writer.end_object();
}

void begin_tool(JsonWriter& writer, const ToolDoc& tool) {
  writer.begin_object().member("name", tool.name).member("alias", tool.alias);
  write_description(writer, tool.description);
}

}  // namespace

Detail parse_detail(std::string_view text) noexcept {
  if (equal_any_case(text, "full")) return Detail::full;
  return equal_any_case(text, "signature") ? Detail::signature : Detail::summary;
}

void append_run_servers(std::string& out, std::span<const CatalogueServer* const> servers) {
  JsonWriter writer(out);
  writer.begin_array();
  for (const CatalogueServer* server : servers) {
    begin_server(writer, server->spec());
    writer.end_object();
    // Code may call it by any of its names.
    ServerSpec other = server->spec();
    for (const OtherName& name : server->spec().other_names) {
      other.name = name.name;
      other.alias = name.alias;
      begin_server(writer, other);
      writer.end_object();
    }
  }
  writer.end_array();
}

void append_server_list(std::string& out, std::span<const CatalogueServer* const> servers) {
  JsonWriter writer(out);
  writer.begin_object().key("servers").begin_array();
  for (const CatalogueServer* server : servers) {
    begin_server(writer, server->spec());
    writer.member("loaded", server->has_list());
    if (server->has_list()) writer.member("tools", server->tools().size());
    if (!server->error().empty()) writer.member("error", server->error());
    writer.end_object();
  }
  writer.end_array().end_object();
}

void append_tool_list(std::string& out, const CatalogueServer& server) {
  JsonWriter writer(out);
  writer.begin_object().key("tools").begin_array();
  for (const ToolDoc& tool : server.tools()) {
    begin_tool(writer, tool);
    if (!tool.input_schema.empty()) writer.raw_member("inputSchema", tool.input_schema);
    writer.end_object();
  }
  writer.end_array().end_object();
}

void append_docs(std::string& out, const CatalogueServer& server, Detail detail) {
  JsonWriter writer(out);
  writer.begin_object().key("docs").begin_array();
  for (const ToolDoc& tool : server.tools())
    write_doc(writer, server, tool, detail);
  writer.end_array().end_object();
}

void append_docs(std::string& out, const CatalogueServer& server, const ToolDoc& tool,
                 Detail detail) {
  JsonWriter writer(out);
  writer.begin_object().key("docs").begin_array();
  write_doc(writer, server, tool, detail);
  writer.end_array().end_object();
}

void append_docs(std::string& out, std::span<const SearchHit> hits, Detail detail,
                 const RunningPredicate& running,
                 std::span<const CatalogueServer* const> unlisted) {
  JsonWriter writer(out);
  writer.begin_object().key("docs").begin_array();
  for (const SearchHit& hit : hits) {
    begin_doc(writer, *hit.server, *hit.tool, detail);
    writer.member("score", shown_score(hit.score));
    if (running) writer.member("running", running(*hit.server));
    writer.end_object();
  }
  writer.end_array();
  if (!unlisted.empty()) {
    writer.key("unlisted").begin_array();
    for (const CatalogueServer* server : unlisted) {
      writer.begin_object().member("server", server->spec().name);
      writer.member("reason", server->error().empty() ? "it has not said yet what its tools are"
                                                      : server->error());
      writer.end_object();
    }
    writer.end_array();
  }
  writer.end_object();
}

void append_metadata(std::string& out, const CatalogueServer& server) {
  JsonWriter writer(out);
  writer.begin_object()
      .member("name", server.spec().name)
      .member("alias", server.spec().alias)
      .key("tools")
      .begin_array();
  for (const ToolDoc& tool : server.tools()) {
    begin_tool(writer, tool);
    writer.raw_member("input_schema", tool.input_schema).end_object();
  }
  writer.end_array();
  write_cwd(writer, server.spec());
  writer.end_object();
}

}  // namespace headrace::discovery
