// Tools of many servers as one list, each under a name of its own: `server__tool`.
#include <headrace/discovery/glob.hpp>
#include <headrace/discovery/json_text.hpp>
#include <headrace/discovery/nearest_name.hpp>
#include <headrace/framing/json_text.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/gateway_tools.hpp>

#include <algorithm>
#include <optional>
#include <unordered_set>

namespace headrace::server {
namespace {

using discovery::CatalogueServer;
using discovery::JsonElements;
using discovery::JsonMembers;
using discovery::JsonType;
using discovery::ToolDoc;
using framing::JsonWriter;

constexpr std::size_t hash_digits = 8;

// FNV-1a: the same in every process and on every machine, since names are kept by clients.
std::uint64_t hash(std::string_view text, std::uint64_t seed = 14695981039346656037U) {
  for (const char c : text) {
    seed ^= static_cast<unsigned char>(c);
    seed *= 1099511628211U;
  }
  return seed;
}

std::string with_usual_letters(std::string_view server_alias, std::string_view tool) {
  std::string name(server_alias);
  name.append("__").append(tool);
  std::string usual;
  for (const char c : name) {
    // Of a letter beyond ASCII the first byte stands for all.
    if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
    usual += good ? c : '_';
  }
  return usual;
}

// Half a pair of surrogates is no letter: some parsers, that of the Python SDK among them, refuse
// all that it stands in, and that would be the tools of all servers.
std::string with_whole_letters(std::string_view value) {
  std::string json;
  while (!value.empty()) {
    const std::size_t escape = std::min(value.find('\\'), value.size());
    json.append(value.substr(0, escape));
    value.remove_prefix(escape);
    if (value.empty()) break;
    const framing::Escape read = framing::read_escape(value);
    const std::size_t length = std::clamp<std::size_t>(read.length, 1, value.size());
    json.append(read.code == 0xFFFD ? std::string_view("\\ufffd") : value.substr(0, length));
    value.remove_prefix(length);
  }
  return json;
}

// The value, with null for what Python writes and JSON has not: NaN, Infinity.
std::string strict(std::string_view written) {
  const std::string value = with_whole_letters(written);
  std::string json = value;
  if (!discovery::find_json_flaw(json)) return json;
  json.clear();
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string_view rest = std::string_view(value).substr(i);
    const auto begins = [rest](std::string_view word) {
      return rest.substr(0, word.size()) == word;
    };
    if (quoted) {
      json += value[i];
      if (value[i] == '\\') {
        json += value[++i];
      } else {
        quoted = value[i] != '"';
      }
      continue;
    }
    std::size_t length = 0;
    for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
      if (begins(word)) length = word.size();
    }
    if (length > 0) {
      json += "null";
      i += length - 1;
    } else {
      quoted = value[i] == '"';
      json += value[i];
    }
  }
  return json;
}

// Schemas of arguments as the SDKs' own schemas want them: `true` and `false` are none there.
std::string properties_json(std::string_view properties) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object();
  std::string key;
  std::string_view value;
  for (JsonMembers members(properties); members.next(key, value);) {
    const bool usable = discovery::json_type(value) == JsonType::object;
    writer.raw_member(key, usable ? value : value == "false" ? R"({"not":{}})" : "{}");
  }
  writer.end_object();
  return json;
}

bool is_usable_list(std::string_view required) {
  if (discovery::json_type(required) != JsonType::array) return false;
  std::string_view value;
  for (JsonElements elements(required); elements.next(value);) {
    if (discovery::json_type(value) != JsonType::string) return false;
  }
  return true;
}

bool has_only_objects(std::string_view properties) {
  std::string key;
  std::string_view value;
  for (JsonMembers members(properties); members.next(key, value);) {
    if (discovery::json_type(value) != JsonType::object) return false;
  }
  return true;
}

// An object schema: as it is where it is one. Nothing when it says that it is of another type.
std::optional<std::string> object_schema(std::string_view schema) {
  if (schema.empty() || discovery::json_type(schema) != JsonType::object) return std::nullopt;
  bool typed = false;
  bool usable = true;
  std::string mended;
  JsonWriter writer(mended);
  writer.begin_object();
  std::string key;
  std::string_view value;
  for (JsonMembers members(schema); members.next(key, value);) {
    const JsonType type = discovery::json_type(value);
    if (key == "type") {
      typed = true;
      // One of several types is an object: arguments are always one.
      if (value != R"("object")") {
        if (type == JsonType::string) return std::nullopt;
        usable = false;
        value = R"("object")";
      }
    } else if (key == "properties") {
      if (type != JsonType::object) {
        usable = false;
        continue;
      }
      if (!has_only_objects(value)) {
        usable = false;
        writer.raw_member(key, properties_json(value));
        continue;
      }
    } else if (key == "required" && !is_usable_list(value)) {
      usable = false;
      continue;
    }
    writer.raw_member(key, value);
  }
  if (!typed) writer.member("type", "object");
  writer.end_object();
  return typed && usable ? std::string(schema) : mended;
}

void append_others(JsonWriter& writer, const ToolDoc& tool) {
  const std::string all = strict("{" + tool.others + "}");
  std::string key;
  std::string_view value;
  for (JsonMembers members(all); members.next(key, value);) {
    const JsonType type = discovery::json_type(value);
    if (key == "_meta" && type != JsonType::object) continue;
    if (key == "icons" && type != JsonType::array) continue;
    writer.raw_member(key, value);
  }
}

}  // namespace

std::string distinct_gateway_name(std::string_view server_alias, std::string_view tool) {
  std::string name = with_usual_letters(server_alias, tool);
  name.resize(std::min(name.size(), longest_tool_name - hash_digits - 1));
  name += '_';
  const std::uint64_t mixed = hash(tool, hash("\n", hash(server_alias)));
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < hash_digits; ++i)
    name += digits[(mixed >> (60 - 4 * i)) & 15U];
  return name;
}

std::string gateway_name(std::string_view server_alias, std::string_view tool) {
  std::string name = with_usual_letters(server_alias, tool);
  return name.size() <= longest_tool_name ? name : distinct_gateway_name(server_alias, tool);
}

std::string gateway_definition(const ToolDoc& tool, std::string_view name) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("name", name);
  if (!tool.title.empty()) writer.member("title", tool.title);
  if (!tool.description.empty()) writer.member("description", tool.description);
  writer.raw_member("inputSchema",
                    object_schema(strict(tool.input_schema)).value_or(R"({"type":"object"})"));
  const auto output = object_schema(strict(tool.output_schema));
  if (output) writer.raw_member("outputSchema", *output);
  if (!tool.annotations.empty() && discovery::json_type(tool.annotations) == JsonType::object)
    writer.raw_member("annotations", strict(tool.annotations));
  append_others(writer, tool);
  writer.end_object();
  return json;
}

std::uint64_t fingerprint(const CatalogueServer& server) {
  std::uint64_t all = hash(server.spec().alias);
  for (const ToolDoc& tool : server.tools()) {
    for (const std::string* part :
         {&tool.name, &tool.title, &tool.description, &tool.input_schema, &tool.output_schema,
          &tool.annotations, &tool.others, &tool.execution}) {
      // Not byte by byte: lists may be megabytes.
      all = (all ^ std::hash<std::string_view>()(*part)) * 1099511628211U;
    }
  }
  return all;
}

GatewayTools::GatewayTools(std::span<const CatalogueServer> servers,
                           const std::vector<std::string>& patterns) {
  const auto is_wanted = [&patterns](std::string_view name) {
    return patterns.empty() || discovery::matches_any_glob(patterns, name);
  };
  // Whose name is the plain one keeps it; of several it is the first, whatever comes later.
  std::unordered_map<std::string, int> taken;
  for (const CatalogueServer& server : servers) {
    for (const ToolDoc& tool : server.tools())
      ++taken[gateway_name(server.spec().alias, tool.name)];
  }
  std::unordered_set<std::string> used;
  for (const CatalogueServer& server : servers) {
    const std::string& alias = server.spec().alias;
    for (const ToolDoc& tool : server.tools()) {
      std::string name = gateway_name(alias, tool.name);
      if (taken[name] > 1 && name != alias + "__" + tool.name)
        name = distinct_gateway_name(alias, tool.name);
      if (!used.insert(name).second) {
        name = distinct_gateway_name(alias, tool.name);
        if (!used.insert(name).second) continue;
      }
      if (!is_wanted(name)) continue;
      tools_.push_back({std::move(name), server.spec().name, tool.name, tool.needs_task,
                        server.spec().call_timeout});
    }
  }
  for (std::uint32_t i = 0; i < tools_.size(); ++i)
    by_name_.emplace(tools_[i].name, i);
}

const GatewayTool* GatewayTools::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &tools_[found->second];
}

std::string GatewayTools::nearest(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const GatewayTool& tool : tools_)
    names.push_back(tool.name);
  const std::size_t place = discovery::nearest_name(name, names);
  return place < names.size() ? std::string(names[place]) : std::string();
}

}  // namespace headrace::server
