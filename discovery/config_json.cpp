// Reads the servers of a JSON configuration file.
#include <headrace/discovery/config_document.hpp>
#include <headrace/discovery/json_text.hpp>
#include <headrace/discovery/relaxed_json.hpp>
#include <headrace/discovery/workspace_trust.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace headrace::discovery {
namespace {

ConfigValue::Kind kind_of(JsonType type) {
  switch (type) {
    case JsonType::null:
      return ConfigValue::Kind::null;
    case JsonType::boolean:
      return ConfigValue::Kind::boolean;
    case JsonType::number:
      return ConfigValue::Kind::number;
    case JsonType::string:
      return ConfigValue::Kind::string;
    case JsonType::array:
      return ConfigValue::Kind::array;
    case JsonType::object:
      break;
  }
  return ConfigValue::Kind::object;
}

bool is_object(std::string_view value) {
  return json_type(value) == JsonType::object;
}

// The last member of this name that is not null; empty when there is none.
std::string_view raw_member(std::string_view object, std::string_view name) {
  JsonMembers members(object);
  std::string key;
  std::string_view value;
  std::string_view found;
  while (members.next(key, value)) {
    if (key == name && json_type(value) != JsonType::null) found = value;
  }
  return found;
}

// Whether an object is a server, where there may also be others.
bool is_entry(std::string_view value) {
  if (!is_object(value)) return false;
  const std::string_view type = raw_member(value, "type");
  return !raw_member(value, "command").empty() || !raw_member(value, "url").empty() ||
         (!type.empty() && json_type(type) == JsonType::string);
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& file, Faults& faults, const Dialect& dialect,
         std::string_view workspace)
      : text_(text),
        lines_(text),
        file_(file),
        faults_(faults),
        dialect_(dialect),
        workspace_(workspace) {}

  ConfigDocument read() {
    if (json_trim(text_).empty()) {
      // Some agents make an empty file before there is anything to put into it.
      if (!dialect_.own) return refuse();
      return refuse(1, "the file is empty: write {\"mcpServers\": {}}");
    }
    std::string relaxed;
    if (find_json_flaw(text_)) {
      relaxed = relax_json(text_);
      if (const auto flaw = find_json_flaw(relaxed)) {
        return refuse(lines_.line_at(flaw->offset), "not valid JSON: " + flaw->what);
      }
      text_ = relaxed;
      lines_ = LineCounter(text_);
    }
    const std::string_view root = json_trim(text_);
    if (!is_object(root)) {
      return refuse(1, "not a JSON object: its servers belong into {\"mcpServers\": {…}}");
    }
    JsonMembers members(root);
    std::string key;
    std::string_view value;
    while (members.next(key, value)) {
      if (is_server_section(key)) {
        section(key, value, document_.entries);
      } else if (key == kOuterSection && is_object(value)) {
        outer_section(value);
      } else if (key == "inputs" || key == "mcp.inputs") {
        read_inputs(value);
      } else if (key == "projects" && dialect_.projects && is_object(value)) {
        read_projects(value);
      } else if (key == "context_server_timeout") {
        document_.timeout = convert(value);
      } else if (key == "description" && json_type(value) == JsonType::string) {
        document_.description = json_string(value);
      }
    }
    if (!found_section_ && dialect_.own) {
      report(Severity::error, 0, "no servers in it: they belong into an object `mcpServers`");
    }
    std::stable_sort(document_.projects.begin(), document_.projects.end(),
                     [](const ConfigProject& a, const ConfigProject& b) {
                       return a.folder.size() > b.folder.size();
                     });
    return std::move(document_);
  }

 private:
  // VS Code keeps `servers` and `inputs` in it, Gemini CLI names, OpenCode the servers themselves
  // and their usual times.
  void outer_section(std::string_view object) {
    JsonMembers members(object);
    std::string key;
    std::string_view value;
    while (members.next(key, value)) {
      if (key == kInnerSection && !is_entry(value)) {
        section("mcp.servers", value, document_.entries);
      } else if (key == "inputs") {
        read_inputs(value);
      } else if (key == "timeout" && !is_entry(value)) {
        document_.timeout = convert(value);
      } else if (key == "excluded") {
        add_names(value, document_.disabled);
      } else if (key == "allowed" && json_type(value) == JsonType::array) {
        add_names(value, document_.allowed.emplace());
      } else if (is_entry(value)) {
        found_section_ = true;
        add_entry(key, value, document_.entries);
      }
    }
  }

  void read_projects(std::string_view object) {
    JsonMembers members(object);
    std::string folder;
    std::string_view value;
    while (members.next(folder, value)) {
      if (!is_object(value) || !is_within(folder, workspace_)) continue;
      ConfigProject project{folder, {}};
      if (const std::string_view servers = raw_member(value, "mcpServers"); !servers.empty()) {
        section("mcpServers", servers, project.entries);
      }
      if (const std::string_view off = raw_member(value, "disabledMcpServers"); !off.empty()) {
        add_names(off, document_.disabled);
      }
      document_.projects.push_back(std::move(project));
    }
  }

  void add_names(std::string_view value, std::vector<std::string>& names) {
    if (json_type(value) != JsonType::array) return;
    JsonElements elements(value);
    std::string_view item;
    while (elements.next(item)) {
      if (json_type(item) != JsonType::string) continue;
      if (names.size() >= kMaxConfigNames) return report_rest(item);
      names.push_back(json_string(item));
    }
  }

  void report_rest(std::string_view item) {
    report(Severity::warning, lines_.line_of(item),
           "more than " + std::to_string(kMaxConfigNames) +
               " of these: those from here on are ignored");
  }

  void read_inputs(std::string_view value) {
    if (json_type(value) != JsonType::array) return;
    JsonElements elements(value);
    std::string_view item;
    while (values_ <= kMaxConfigValues && elements.next(item)) {
      if (document_.inputs.size() >= kMaxConfigNames) return report_rest(item);
      const ConfigValue input = convert(item);
      const ConfigValue* id = find_member(input, "id");
      if (id == nullptr || id->kind != ConfigValue::Kind::string) continue;
      const ConfigValue* description = find_member(input, "description");
      const ConfigValue* preset = find_member(input, "default");
      ConfigInput known;
      known.id = id->text;
      if (description != nullptr) known.description = description->text;
      if (preset != nullptr && preset->kind == ConfigValue::Kind::string) {
        known.preset = preset->text;
      }
      document_.inputs.push_back(std::move(known));
    }
  }

  void section(std::string_view name, std::string_view object, std::vector<ConfigMember>& entries) {
    found_section_ = true;
    if (!is_object(object)) {
      report(Severity::error, lines_.line_of(object),
             ticked(name) + " is not an object of servers by name");
      return;
    }
    JsonMembers members(object);
    std::string key;
    std::string_view value;
    while (members.next(key, value)) {
      if (!add_entry(key, value, entries)) return;
    }
  }

  // False when there is no room for more.
  bool add_entry(const std::string& name, std::string_view value,
                 std::vector<ConfigMember>& entries) {
    if (values_ > kMaxConfigValues) return false;
    ConfigMember entry{name, convert(value)};
    if (values_ > kMaxConfigValues) {
      report(Severity::error, entry.value.line,
             "more than " + std::to_string(kMaxConfigValues) +
                 " values in its servers: those from here on are left out");
      return false;
    }
    entries.push_back(std::move(entry));
    return true;
  }

  // Recursion is as deep as the text, which was checked to be bounded.
  ConfigValue convert(std::string_view raw) {
    ConfigValue result;
    result.line = lines_.line_of(raw);
    if (++values_ > kMaxConfigValues) return result;
    result.kind = kind_of(json_type(raw));
    if (result.kind == ConfigValue::Kind::object) {
      JsonMembers members(raw);
      std::string key;
      std::string_view value;
      while (values_ <= kMaxConfigValues && members.next(key, value)) {
        result.members.push_back({key, convert(value)});
      }
    } else if (result.kind == ConfigValue::Kind::array) {
      JsonElements elements(raw);
      std::string_view value;
      while (values_ <= kMaxConfigValues && elements.next(value)) {
        result.items.push_back(convert(value));
      }
    } else if (result.kind == ConfigValue::Kind::string) {
      result.text = json_string(raw);
    } else {
      result.text = raw;
    }
    return result;
  }

  ConfigDocument refuse() {
    ConfigDocument nothing;
    nothing.readable = false;
    return nothing;
  }

  ConfigDocument refuse(std::size_t line, std::string message) {
    report(Severity::error, line, std::move(message));
    return refuse();
  }

  void report(Severity severity, std::size_t line, std::string message) {
    faults_.push_back({severity, file_, line, {}, std::move(message)});
  }

  std::string_view text_;
  LineCounter lines_;
  const std::string& file_;
  Faults& faults_;
  const Dialect& dialect_;
  std::string_view workspace_;
  ConfigDocument document_;
  std::size_t values_ = 0;
  bool found_section_ = false;
};

}  // namespace

ConfigDocument read_json_config(std::string_view text, const std::string& file, Faults& faults,
                                const Dialect& dialect, std::string_view workspace) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return Reader(text, file, faults, dialect, workspace).read();
}

}  // namespace headrace::discovery
