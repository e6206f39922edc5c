// Reads the servers of a JSON configuration file.
#include <headrace/discovery/config_document.hpp>
#include <headrace/discovery/json_text.hpp>

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

class Reader {
 public:
  Reader(std::string_view text, const std::string& file, Faults& faults)
      : text_(text), lines_(text), file_(file), faults_(faults) {}

  ConfigDocument read() {
    if (json_trim(text_).empty()) return refuse(1, "the file is empty: write {\"mcpServers\": {}}");
    if (const auto flaw = find_json_flaw(text_)) {
      return refuse(lines_.line_at(flaw->offset), "not valid JSON: " + flaw->what);
    }
    const std::string_view root = json_trim(text_);
    if (json_type(root) != JsonType::object) {
      return refuse(1, "not a JSON object: its servers belong into {\"mcpServers\": {…}}");
    }
    JsonMembers members(root);
    std::string key;
    std::string_view value;
    while (members.next(key, value)) {
      if (is_server_section(key)) {
        section(key, value);
      } else if (key == kOuterSection && json_type(value) == JsonType::object) {
        outer_section(value);
      } else if (key == "description" && json_type(value) == JsonType::string) {
        document_.description = json_string(value);
      }
    }
    if (!found_section_) {
      report(Severity::error, 0, "no servers in it: they belong into an object `mcpServers`");
    }
    return std::move(document_);
  }

 private:
  void outer_section(std::string_view object) {
    JsonMembers members(object);
    std::string key;
    std::string_view value;
    while (members.next(key, value)) {
      if (key == kInnerSection) section("mcp.servers", value);
    }
  }

  void section(std::string_view name, std::string_view object) {
    found_section_ = true;
    if (json_type(object) != JsonType::object) {
      report(Severity::error, lines_.line_of(object),
             ticked(name) + " is not an object of servers by name");
      return;
    }
    JsonMembers members(object);
    std::string key;
    std::string_view value;
    while (members.next(key, value)) {
      ConfigMember entry{key, convert(value)};
      if (values_ > kMaxConfigValues) {
        report(Severity::error, entry.value.line,
               "more than " + std::to_string(kMaxConfigValues) +
                   " values in its servers: those from here on are left out");
        return;
      }
      document_.entries.push_back(std::move(entry));
    }
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

  ConfigDocument refuse(std::size_t line, std::string message) {
    report(Severity::error, line, std::move(message));
    return {};
  }

  void report(Severity severity, std::size_t line, std::string message) {
    faults_.push_back({severity, file_, line, {}, std::move(message)});
  }

  std::string_view text_;
  LineCounter lines_;
  const std::string& file_;
  Faults& faults_;
  ConfigDocument document_;
  std::size_t values_ = 0;
  bool found_section_ = false;
};

}  // namespace

ConfigDocument read_json_config(std::string_view text, const std::string& file, Faults& faults) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return Reader(text, file, faults).read();
}

}  // namespace headrace::discovery
