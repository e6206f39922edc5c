// `headrace servers` in its two forms.
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/list_servers.hpp>
#include <headrace/server/plain_text.hpp>

#include <array>
#include <cstdint>

namespace headrace::server {
namespace {

using discovery::Catalogue;
using discovery::CatalogueServer;
using discovery::Discovery;
using discovery::Fault;
using discovery::ListState;
using discovery::ServerSpec;
using discovery::SpecSource;
using framing::JsonWriter;
using WallTime = std::chrono::system_clock::time_point;

constexpr std::size_t shown_description = 300;

std::string command_line(const ServerSpec& spec) {
  std::string line = spec.command;
  for (const std::string& argument : spec.args) {
    const bool plain =
        !argument.empty() && argument.find_first_of(" \t\n'\"\\$&|;<>()*?#~`") == std::string::npos;
    line += ' ';
    line += plain ? argument : "'" + argument + "'";
  }
  return line;
}

std::string origin(const SpecSource& source) {
  return source.agent.empty() ? source.file : source.agent + ", " + source.file;
}

std::string origin(const SpecSource& source, std::size_t line) {
  return origin(source) + ':' + std::to_string(line);
}

void write_source(JsonWriter& writer, const SpecSource& source) {
  writer.key("source").begin_object().member("file", source.file).member("entry", source.entry);
  if (!source.agent.empty()) writer.member("agent", source.agent);
  writer.end_object();
}

// An attempt of an earlier process counts as one of ours.
ListState state_of(const CatalogueServer& server) {
  return !server.has_list() && !server.error().empty() ? ListState::failed : server.state();
}

std::string what_is_known(const CatalogueServer& server) {
  if (!server.has_list()) return "its tools are not known: `headrace index` asks for them";
  const std::size_t count = server.tools().size();
  std::string text = std::to_string(count) + (count == 1 ? " tool" : " tools");
  if (server.listed_at() != WallTime()) {
    const auto age = std::chrono::system_clock::now() - server.listed_at();
    text += ", listed " + readable_age(std::chrono::duration_cast<std::chrono::seconds>(age));
  }
  return text;
}

void write_known(JsonWriter& writer, const CatalogueServer& server) {
  writer.member("state", discovery::to_string(state_of(server)));
  if (server.has_list()) writer.member("tools", server.tools().size());
  if (server.has_list() && server.listed_at() != WallTime()) {
    writer.member("listedAt", iso_time(std::chrono::system_clock::to_time_t(server.listed_at())));
  }
  if (!server.error().empty()) writer.member("error", server.error());
}

}  // namespace

std::string readable_age(std::chrono::seconds age) {
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  constexpr std::array units{Unit{86'400, "day"}, Unit{3'600, "hour"}, Unit{60, "minute"}};
  for (const Unit& unit : units) {
    const std::int64_t count = age.count() / unit.seconds;
    if (count > 0) return std::to_string(count) + " " + unit.name + (count == 1 ? " ago" : "s ago");
  }
  return "just now";
}

std::string describe_servers(const Discovery& found, const Catalogue& known) {
  std::string text;
  // What a configuration holds must not steer a terminal.
  const auto add = [&text](std::string_view indent, std::string_view line) {
    text.append(indent).append(one_line(line, std::string::npos)).append("\n");
  };
  for (const ServerSpec& spec : found.servers) {
    add("", spec.name + (spec.alias == spec.name ? "" : "  (in code: mcp_" + spec.alias + ")"));
    add("    ", command_line(spec));
    if (!spec.description.empty()) add("    ", one_line(spec.description, shown_description));
    const CatalogueServer* server = known.find_server(spec.name);
    if (server != nullptr) {
      add("    ", what_is_known(*server));
      if (!server->error().empty()) add("    the last attempt to ask it failed: ", server->error());
    }
    add("    from ", origin(spec.source));
    for (const discovery::OtherName& other : spec.other_names)
      add("    also ", other.name + ", from " + origin(other.source));
  }
  if (found.servers.empty()) {
    text +=
        "No servers are configured: write some into ~/MCPs/NAME.json as "
        "{\"mcpServers\": {\"NAME\": {\"command\": …}}}\n";
  }
  for (const discovery::UnreachableServer& server : found.unreachable)
    add("", server.name + ": " + server.reason + " (" + origin(server.source) + ")");
  for (const discovery::ShadowedServer& server : found.shadowed) {
    add("", server.name + ": the one from " + origin(server.source, server.line) +
                " is hidden by the one from " + origin(server.hidden_by, server.hidden_by_line));
  }
  for (const Fault& fault : found.faults) {
    // Of single entries it is told above; but a file that is not read may be missed.
    if (fault.severity == discovery::Severity::info && !fault.entry.empty()) continue;
    add("", std::string(discovery::to_string(fault.severity)) + ": " + describe(fault));
  }
  return text;
}

std::string servers_json(const Discovery& found, const Catalogue& known) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("servers").begin_array();
  for (const ServerSpec& spec : found.servers) {
    writer.begin_object().member("name", spec.name).member("alias", spec.alias);
    writer.member("command", spec.command).key("args").begin_array();
    for (const std::string& argument : spec.args)
      writer.value(argument);
    writer.end_array();
    if (!spec.cwd.empty()) writer.member("cwd", spec.cwd);
    if (!spec.description.empty()) writer.member("description", spec.description);
    if (const CatalogueServer* server = known.find_server(spec.name)) write_known(writer, *server);
    write_source(writer, spec.source);
    writer.key("otherNames").begin_array();
    for (const discovery::OtherName& other : spec.other_names) {
      writer.begin_object().member("name", other.name).member("alias", other.alias);
      write_source(writer, other.source);
      writer.end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array().key("unreachable").begin_array();
  for (const discovery::UnreachableServer& server : found.unreachable) {
    writer.begin_object().member("name", server.name).member("reason", server.reason);
    write_source(writer, server.source);
    writer.end_object();
  }
  writer.end_array().key("shadowed").begin_array();
  for (const discovery::ShadowedServer& server : found.shadowed) {
    writer.begin_object().member("name", server.name).member("line", server.line);
    write_source(writer, server.source);
    writer.key("hiddenBy").begin_object().member("file", server.hidden_by.file);
    writer.member("line", server.hidden_by_line);
    if (!server.hidden_by.agent.empty()) writer.member("agent", server.hidden_by.agent);
    writer.end_object().end_object();
  }
  writer.end_array().key("faults").begin_array();
  for (const Fault& fault : found.faults) {
    writer.begin_object().member("severity", discovery::to_string(fault.severity));
    if (!fault.file.empty()) writer.member("file", fault.file);
    if (fault.line != 0) writer.member("line", fault.line);
    if (!fault.entry.empty()) writer.member("server", fault.entry);
    writer.member("message", fault.message).end_object();
  }
  writer.end_array().end_object();
  return json + "\n";
}

}  // namespace headrace::server
