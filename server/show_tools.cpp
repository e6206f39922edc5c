// What is known of tools, for people at a terminal and for programs.
#include <headrace/discovery/signature.hpp>
#include <headrace/framing/json_layout.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/utf8_prefix.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/show_tools.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace headrace::server {
namespace {

using discovery::CatalogueServer;
using discovery::SearchHit;
using discovery::ToolDoc;
using framing::JsonWriter;

// Wider names push what stands behind them to the right, and only theirs.
constexpr std::size_t widest_column = 36;

std::string plain(std::string_view text) {
  return one_line(text, std::string::npos);
}

class Column {
 public:
  void fit(std::string_view text) {
    width_ = std::max(width_, std::min(framing::utf8_characters(text), widest_column));
  }
  std::string padded(std::string text) const {
    const std::size_t used = framing::utf8_characters(text);
    return used < width_ ? text.append(width_ - used, ' ') : text;
  }

 private:
  std::size_t width_ = 0;
};

std::string without_end_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

void add_lines(std::string& out, std::string_view indent, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += without_end_blanks(std::string(indent) + plain(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string heading(const CatalogueServer& server) {
  const discovery::ServerSpec& spec = server.spec();
  std::string line = plain(spec.name);
  if (spec.alias != spec.name) line += "  (in code: mcp_" + spec.alias + ")";
  return line;
}

void write_tool(JsonWriter& writer, const CatalogueServer& server, const ToolDoc& tool) {
  writer.begin_object()
      .member("server", server.spec().name)
      .member("serverAlias", server.spec().alias)
      .member("tool", tool.name)
      .member("toolAlias", tool.alias);
  writer.member("description", discovery::summary_line(tool.description));
}

void write_rest(JsonWriter& writer, const Failures& failed,
                const std::vector<std::string>& unknown) {
  writer.end_array().key("failed").begin_array();
  for (const auto& [server, error] : failed)
    writer.begin_object().member("server", server).member("error", error).end_object();
  writer.end_array().key("unknown").begin_array();
  for (const std::string& server : unknown)
    writer.value(server);
  writer.end_array().end_object();
}

void add_call(std::string& out, const CatalogueServer& server, const ToolDoc& tool) {
  const discovery::Signature signature = discovery::make_signature(tool);
  std::string call = "mcp_" + server.spec().alias + "." + tool.alias + signature.parameters;
  if (!signature.result.empty()) call += " -> " + signature.result;
  // What a server calls it may be no name in Python.
  if (tool.alias != tool.name) call += "  # " + tool.name;
  out += plain(call) + "\n";
  for (const std::string& type : signature.types)
    add_lines(out, "    ", type);
}

void add_schema(std::string& out, std::string_view what, std::string_view schema) {
  if (schema.empty()) return;
  out.append("\n    ").append(what).append(":\n");
  add_lines(out, "    ", framing::laid_out(schema));
}

}  // namespace

std::string describe_tools(std::span<const CatalogueServer* const> servers) {
  std::string text;
  for (const CatalogueServer* server : servers) {
    if (server->tools().empty()) continue;
    if (!text.empty()) text += '\n';
    text += heading(*server) + "\n";
    Column names;
    for (const ToolDoc& tool : server->tools())
      names.fit(plain(tool.name));
    for (const ToolDoc& tool : server->tools()) {
      text += without_end_blanks("    " + names.padded(plain(tool.name)) + "  " +
                                 plain(discovery::summary_line(tool.description)));
    }
  }
  return text;
}

std::string describe_hits(std::span<const SearchHit> hits) {
  Column servers;
  Column tools;
  for (const SearchHit& hit : hits) {
    servers.fit(plain(hit.server->spec().name));
    tools.fit(plain(hit.tool->name));
  }
  std::string text;
  for (const SearchHit& hit : hits) {
    std::array<char, 32> score{};
    std::snprintf(score.data(), score.size(), "%8.2f", static_cast<double>(hit.score));
    text += without_end_blanks(std::string(score.data()) + "  " +
                               servers.padded(plain(hit.server->spec().name)) + "  " +
                               tools.padded(plain(hit.tool->name)) + "  " +
                               plain(discovery::summary_line(hit.tool->description)));
  }
  return text;
}

std::string tools_json(std::span<const CatalogueServer* const> servers, const Failures& failed,
                       const std::vector<std::string>& unknown) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("tools").begin_array();
  for (const CatalogueServer* server : servers) {
    for (const ToolDoc& tool : server->tools()) {
      write_tool(writer, *server, tool);
      writer.end_object();
    }
  }
  write_rest(writer, failed, unknown);
  return json + "\n";
}

std::string hits_json(std::span<const SearchHit> hits, const Failures& failed,
                      const std::vector<std::string>& unknown) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("tools").begin_array();
  for (const SearchHit& hit : hits) {
    write_tool(writer, *hit.server, *hit.tool);
    writer.member("score", discovery::shown_score(hit.score)).end_object();
  }
  write_rest(writer, failed, unknown);
  return json + "\n";
}

std::string describe_tool(const CatalogueServer& server, const ToolDoc& tool, bool full) {
  std::string text;
  add_call(text, server, tool);
  if (!tool.description.empty()) {
    text += '\n';
    add_lines(text, "    ", tool.description);
  }
  if (full) {
    add_schema(text, "arguments", tool.input_schema);
    add_schema(text, "result", tool.output_schema);
  }
  return text;
}

std::string describe_server_tools(const CatalogueServer& server, bool full) {
  std::string text = heading(server) + "\n";
  if (!server.spec().description.empty()) add_lines(text, "    ", server.spec().description);
  for (const ToolDoc& tool : server.tools()) {
    text += '\n';
    if (full) {
      text += describe_tool(server, tool, true);
      continue;
    }
    add_call(text, server, tool);
    add_lines(text, "    ", discovery::summary_line(tool.description));
  }
  return text;
}

}  // namespace headrace::server
