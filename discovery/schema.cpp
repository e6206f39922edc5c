// Finding one's way in a JSON Schema.
#include <headrace/discovery/schema.hpp>

#include <set>

namespace headrace::discovery {
namespace {

// References to references; and parts of one object, which a hostile schema could make countless.
constexpr unsigned kMaxHops = 8;
constexpr std::size_t kMaxParts = 200;

class Collector {
 public:
  explicit Collector(std::string_view root) : root_(root) {}

  SchemaMembers collect(std::string_view schema) {
    part(schema, 0);
    for (SchemaMember& member : members_.list)
      member.required = required_.contains(member.name);
    return std::move(members_);
  }

 private:
  void part(std::string_view schema, unsigned hops) {
    // What leads back to itself says nothing new.
    if (!seen_.insert(schema.data()).second) return;
    if (hops > kMaxHops || seen_.size() > kMaxParts) {
      members_.partial = true;
      return;
    }
    const SchemaKeywords keywords = schema_keywords(schema);
    others(keywords);
    std::string_view element;
    if (is(look(keywords, "required"), JsonType::array)) {
      for (JsonElements names(look(keywords, "required")); names.next(element);) {
        if (is(element, JsonType::string)) required_.insert(json_string(element));
      }
    }
    if (is(look(keywords, "properties"), JsonType::object)) {
      std::string name;
      for (JsonMembers properties(look(keywords, "properties")); properties.next(name, element);)
        property(name, element);
    }
    if (is(look(keywords, "$ref"), JsonType::string)) {
      const std::string_view target = resolve_reference(root_, json_string(look(keywords, "$ref")));
      if (target.empty()) {
        members_.partial = true;
      } else {
        part(target, hops + 1);
      }
    }
    if (is(look(keywords, "allOf"), JsonType::array)) {
      for (JsonElements parts(look(keywords, "allOf")); parts.next(element);)
        part(element, hops + 1);
    }
  }

  // What is said of members that are not listed.
  void others(const SchemaKeywords& keywords) {
    const std::string_view extra = look(keywords, "additionalProperties");
    if (extra == "true" || is(extra, JsonType::object)) members_.open = true;
    if (extra == "false" || look(keywords, "unevaluatedProperties") == "false") {
      members_.closed = true;
    }
    if (!look(keywords, "patternProperties").empty()) members_.open = true;
    for (const std::string_view key :
         {"if", "dependentSchemas", "dependencies", "$dynamicRef", "$recursiveRef"}) {
      if (!look(keywords, key).empty()) members_.partial = true;
    }
    for (const std::string_view key : {"anyOf", "oneOf"})
      alternatives(look(keywords, key));
  }

  // Many only say that one of several members has to be there.
  void alternatives(std::string_view choices) {
    if (!is(choices, JsonType::array)) return;
    std::string_view choice;
    for (JsonElements elements(choices); elements.next(choice);) {
      for (const auto& [key, value] : schema_keywords(choice)) {
        if (key != "required" && key != "title" && key != "description") members_.partial = true;
      }
    }
  }

  void property(const std::string& name, std::string_view schema) {
    if (!names_.insert(name).second) return;
    if (members_.list.size() == kMaxSchemaMembers) {
      members_.partial = true;
    } else {
      members_.list.push_back({name, schema});
    }
  }

  std::string_view root_;
  SchemaMembers members_;
  std::set<std::string> names_;
  std::set<std::string> required_;
  std::set<const char*> seen_;
};

}  // namespace

SchemaKeywords schema_keywords(std::string_view schema) {
  SchemaKeywords keywords;
  if (json_type(schema) != JsonType::object) return keywords;
  std::string key;
  std::string_view value;
  for (JsonMembers members(schema); members.next(key, value);)
    keywords.emplace(key, value);
  return keywords;
}

std::string_view look(const SchemaKeywords& keywords, std::string_view key) {
  const auto found = keywords.find(key);
  return found == keywords.end() ? std::string_view() : found->second;
}

bool is(std::string_view value, JsonType type) {
  return !value.empty() && json_type(value) == type;
}

std::string_view resolve_reference(std::string_view root, std::string_view pointer) {
  if (!pointer.starts_with('#')) return {};
  pointer.remove_prefix(1);
  std::string_view at = root;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return {};
    pointer.remove_prefix(1);
    std::string wanted;
    while (!pointer.empty() && pointer.front() != '/') {
      if (pointer.starts_with("~1") || pointer.starts_with("~0")) {
        wanted += pointer[1] == '1' ? '/' : '~';
        pointer.remove_prefix(2);
      } else {
        wanted += pointer.front();
        pointer.remove_prefix(1);
      }
    }
    std::string_view next;
    if (is(at, JsonType::object)) {
      std::string key;
      std::string_view value;
      for (JsonMembers members(at); members.next(key, value);) {
        if (key == wanted) next = value;
      }
    } else if (is(at, JsonType::array)) {
      std::size_t left = 0;
      for (const char c : wanted)
        left = c >= '0' && c <= '9' && left < 100'000
                   ? left * 10 + static_cast<std::size_t>(c - '0')
                   : 100'000;
      std::string_view value;
      for (JsonElements elements(at); elements.next(value);) {
        if (left-- == 0) next = value;
      }
    }
    if (next.empty()) return {};
    at = next;
  }
  return at;
}

SchemaMembers schema_members(std::string_view root, std::string_view schema) {
  return Collector(root).collect(schema);
}

}  // namespace headrace::discovery
