// From JSON Schema to Python types.
#include <headrace/discovery/alias.hpp>
#include <headrace/discovery/json_text.hpp>
#include <headrace/discovery/schema.hpp>
#include <headrace/discovery/signature.hpp>
#include <headrace/framing/utf8_prefix.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace headrace::discovery {
namespace {

constexpr std::string_view kAnyObject = "dict";
constexpr std::size_t kMaxLiterals = 12;
constexpr std::size_t kMaxLiteralText = 160;
constexpr std::size_t kMaxDefault = 60;
constexpr std::size_t kMaxMembers = 60;
constexpr std::size_t kMaxSummary = 100;

bool is_identifier(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// A string as Python source, in the quotes that JSON does not have to escape.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      result += "\\x";
      result += kDigits[static_cast<unsigned char>(c) >> 4U];
      result += kDigits[static_cast<unsigned char>(c) & 0xfU];
    } else {
      result += c;
    }
  }
  return result += '\'';
}

// A JSON value as a Python expression; empty for one that is too long or too odd.
std::string python_value(std::string_view value) {
  if (value.empty() || value.size() > kMaxDefault) return {};
  switch (json_type(value)) {
    case JsonType::null:
      return "None";
    case JsonType::boolean:
      return value == "true" ? "True" : "False";
    case JsonType::number:
      return std::string(value);
    case JsonType::string:
      return quoted(json_string(value));
    case JsonType::array: {
      std::string result = "[";
      std::string_view element;
      for (JsonElements elements(value); elements.next(element);) {
        const std::string text = python_value(element);
        if (text.empty()) return {};
        if (result.size() > 1) result += ", ";
        result += text;
      }
      return result += ']';
    }
    case JsonType::object: {
      std::string result = "{";
      std::string key;
      std::string_view member;
      for (JsonMembers members(value); members.next(key, member);) {
        const std::string text = python_value(member);
        if (text.empty()) return {};
        if (result.size() > 1) result += ", ";
        result += quoted(key) + ": " + text;
      }
      return result += '}';
    }
  }
  return {};
}

// `str | None`: each alternative once, None last.
std::string united(const std::vector<std::string>& types) {
  std::vector<std::string_view> distinct;
  bool none = false;
  for (const std::string& type : types) {
    if (type == "Any") return type;
    if (type == "None") {
      none = true;
    } else if (std::find(distinct.begin(), distinct.end(), type) == distinct.end()) {
      distinct.push_back(type);
    }
  }
  if (none) distinct.emplace_back("None");
  // An integer is a number as well.
  if (std::find(distinct.begin(), distinct.end(), "float") != distinct.end())
    std::erase(distinct, "int");
  std::string result;
  for (const std::string_view type : distinct)
    result.append(result.empty() ? "" : " | ").append(type);
  return result.empty() ? "Any" : result;
}

std::string class_name(std::string_view hint) {
  std::string name;
  bool upper = true;
  for (const char c : hint) {
    if (!is_identifier(std::string_view(&c, 1)) && !(c >= '0' && c <= '9')) {
      upper = true;
      continue;
    }
    if (c == '_') {
      upper = true;
      continue;
    }
    name += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  if (!is_identifier(name) || is_python_keyword(name)) name = "Item" + name;
  return name.substr(0, 40);
}

// The names that types have been given, in all schemas of one tool.
struct TypeNames {
  std::set<std::string> taken;
  std::map<std::string, std::string> by_members;  // so that each is defined once
  std::size_t types = 0;
  std::size_t text = 0;
};

class Translator {
 public:
  Translator(std::string_view root, Signature& out, TypeNames& names)
      : root_(root), out_(out), names_(names) {}

  std::string type_of(std::string_view schema, std::string_view hint, unsigned depth) {
    if (is(schema, JsonType::boolean)) return schema == "true" ? "Any" : "Never";
    const SchemaKeywords keywords = schema_keywords(schema);
    if (const std::string_view ref = look(keywords, "$ref"); is(ref, JsonType::string))
      return referred(json_string(ref), depth);
    if (const std::string_view value = look(keywords, "const"); !value.empty())
      return literal(value);
    if (const std::string_view values = look(keywords, "enum"); is(values, JsonType::array))
      return literals(values);
    for (const std::string_view key : {"anyOf", "oneOf"}) {
      const std::string_view choices = look(keywords, key);
      if (is(choices, JsonType::array)) return one_of(choices, hint, depth);
    }
    if (is(look(keywords, "allOf"), JsonType::array)) {
      std::string_view only;
      std::size_t count = 0;
      std::string_view part;
      for (JsonElements parts(look(keywords, "allOf")); parts.next(part); ++count)
        only = part;
      if (count == 1 && look(keywords, "properties").empty()) return type_of(only, hint, depth);
      return object(schema, hint, depth);
    }
    const std::string_view type = look(keywords, "type");
    if (is(type, JsonType::array)) {
      std::vector<std::string> types;
      std::set<std::string_view> seen;
      std::string_view each;
      for (JsonElements elements(type); elements.next(each);) {
        // Said again and again, on each level, it would take for ever.
        if (is(each, JsonType::string) && seen.insert(each).second)
          types.push_back(simple(json_string(each), schema, keywords, hint, depth));
      }
      return united(types);
    }
    if (is(type, JsonType::string)) return simple(json_string(type), schema, keywords, hint, depth);
    if (!look(keywords, "properties").empty()) return object(schema, hint, depth);
    if (!look(keywords, "items").empty()) return simple("array", schema, keywords, hint, depth);
    return "Any";
  }

 private:
  std::string simple(std::string_view type, std::string_view schema, const SchemaKeywords& keywords,
                     std::string_view hint, unsigned depth) {
    if (type == "string") return "str";
    if (type == "integer") return "int";
    if (type == "number") return "float";
    if (type == "boolean") return "bool";
    if (type == "null") return "None";
    if (type == "object") return object(schema, hint, depth);
    if (type != "array") return "Any";
    const std::string_view items = look(keywords, "items");
    if (items.empty() || depth >= kMaxTypeDepth) return "list";
    const std::string item = type_of(items, hint, depth + 1);
    return item == "Any" ? "list" : "list[" + item + "]";
  }

  static std::string literal(std::string_view value) {
    const std::string text = python_value(value);
    const bool plain =
        is(value, JsonType::string) || is(value, JsonType::boolean) ||
        (is(value, JsonType::number) && value.find_first_of(".eE") == std::string_view::npos);
    if (is(value, JsonType::null)) return "None";
    if (plain && !text.empty()) return "Literal[" + text + "]";
    return is(value, JsonType::string) ? "str" : "Any";
  }

  static std::string literals(std::string_view values) {
    std::string inside;
    bool none = false;
    bool all_strings = true;
    std::size_t count = 0;
    std::string_view value;
    for (JsonElements elements(values); elements.next(value);) {
      if (is(value, JsonType::null)) {
        none = true;
        continue;
      }
      all_strings = all_strings && is(value, JsonType::string);
      const std::string text = literal(value);
      if (!text.starts_with("Literal[")) return united({text, none ? "None" : text});
      inside.append(inside.empty() ? "" : ", ").append(text.substr(8, text.size() - 9));
      ++count;
    }
    if (count > kMaxLiterals && inside.size() > kMaxLiteralText) inside = all_strings ? "" : inside;
    if (count == 0) return none ? "None" : "Any";
    const std::string type = inside.empty() ? "str" : "Literal[" + inside + "]";
    return none ? type + " | None" : type;
  }

  std::string one_of(std::string_view choices, std::string_view hint, unsigned depth) {
    std::vector<std::string> types;
    const auto named = named_;
    const TypeNames names = names_;
    const std::size_t defined = out_.types.size();
    std::string_view choice;
    for (JsonElements elements(choices); elements.next(choice);) {
      types.push_back(types.size() == kMaxLiterals ? "Any" : type_of(choice, hint, depth));
      if (types.back() != "Any") continue;
      // Nothing refers to what was defined for the others.
      out_.types.resize(defined);
      named_ = named;
      names_ = names;
      return "Any";
    }
    return united(types);
  }

  std::string referred(const std::string& pointer, unsigned depth) {
    if (const auto known = named_.find(pointer); known != named_.end()) return known->second;
    const std::string_view target = resolve_reference(root_, pointer);
    if (target.empty() || pointer == "#") return pointer == "#" ? std::string(kAnyObject) : "Any";
    const std::size_t slash = pointer.find_last_of('/');
    const std::string hint = pointer.substr(slash == std::string::npos ? 0 : slash + 1);
    // Until it is known what it is called: what refers to itself on the way has no name of its own.
    named_[pointer] = "Any";
    pending_ = pointer;
    std::string type = type_of(target, hint, depth);
    pending_.clear();
    named_[pointer] = type;
    return type;
  }

  std::string object(std::string_view schema, std::string_view hint, unsigned depth) {
    // Inside of what is being named now, its name is known already.
    const std::string pointer = std::exchange(pending_, {});
    const std::vector<SchemaMember> members = schema_members(root_, schema).list;
    if (members.empty()) return mapping(schema, hint, depth);
    if (depth >= kMaxTypeDepth || names_.types >= kMaxTypes || names_.text >= kMaxTypesText)
      return std::string(kAnyObject);
    const std::string name = unique(class_name(hint));
    if (!pointer.empty()) named_[pointer] = name;
    ++names_.types;
    const std::size_t place = out_.types.size();
    out_.types.emplace_back();
    const auto required = std::count_if(members.begin(), members.end(),
                                        [](const SchemaMember& member) { return member.required; });
    // Whichever is shorter to write.
    const bool total = static_cast<std::size_t>(required) * 2 >= members.size();
    const bool plain = std::all_of(members.begin(), members.end(), [](const SchemaMember& member) {
      return is_identifier(member.name) && !is_python_keyword(member.name);
    });
    std::string text;
    std::size_t count = 0;
    for (const SchemaMember& member : members) {
      if (count == kMaxMembers) break;
      std::string type = type_of(member.schema, member.name, depth + 1);
      if (member.required != total) type = (total ? "NotRequired[" : "Required[") + type + "]";
      if (count++ != 0) text += plain ? "; " : ", ";
      text += (plain ? member.name : quoted(member.name)) + ": " + type;
    }
    const auto [same, is_new] = names_.by_members.emplace((total ? "+" : "-") + text, name);
    // One that others refer to by now has to stay.
    if (!is_new && place + 1 == out_.types.size()) {
      if (!pointer.empty()) named_[pointer] = same->second;
      out_.types.pop_back();
      --names_.types;
      names_.taken.erase(name);
      return same->second;
    }
    // A class can't have a member `from`; the older way of writing can.
    out_.types[place] =
        plain ? "class " + name + (total ? "(TypedDict): " : "(TypedDict, total=False): ") + text
              : name + " = TypedDict('" + name + "', {" + text + (total ? "})" : "}, total=False)");
    names_.text += out_.types[place].size();
    return name;
  }

  std::string mapping(std::string_view schema, std::string_view hint, unsigned depth) {
    const SchemaKeywords keywords = schema_keywords(schema);
    const std::string_view values = look(keywords, "additionalProperties");
    if (!is(values, JsonType::object) || depth >= kMaxTypeDepth) return std::string(kAnyObject);
    const std::string value = type_of(values, hint, depth + 1);
    return value == "Any" ? std::string(kAnyObject) : "dict[str, " + value + "]";
  }

  std::string unique(const std::string& name) {
    std::string result = name;
    for (int number = 2; !names_.taken.insert(result).second; ++number)
      result = name + std::to_string(number);
    return result;
  }

  std::string_view root_;
  Signature& out_;
  std::map<std::string, std::string> named_;  // by pointer
  std::string pending_;                       // the pointer whose type is about to be named
  TypeNames& names_;
};

std::string default_of(std::string_view schema) {
  const std::string text = python_value(look(schema_keywords(schema), "default"));
  return text.empty() ? "..." : text;
}

std::string parameters_of(std::string_view schema, Signature& out, TypeNames& names) {
  if (!is(schema, JsonType::object) || schema.size() > kMaxSchema) return "(**extra)";
  Translator translator(schema, out, names);
  SchemaMembers all = schema_members(schema, schema);
  std::vector<SchemaMember>& members = all.list;
  std::stable_partition(members.begin(), members.end(),
                        [](const SchemaMember& member) { return member.required; });
  std::string text = "(";
  std::set<std::string> given;
  for (const SchemaMember& member : members) {
    std::string name = parameter_alias(member.name);
    if (!given.insert(name).second) continue;
    if (text.size() > 1) text += ", ";
    text += name + ": " + translator.type_of(member.schema, member.name, 1);
    if (!member.required) text += " = " + default_of(member.schema);
  }
  if (all.open || all.partial) text += text.size() > 1 ? ", **extra" : "**extra";
  return text += ')';
}

}  // namespace

std::string parameter_alias(std::string_view name) {
  std::string alias;
  for (const char c : name) {
    const char one = is_identifier(std::string_view(&c, 1)) || (c >= '0' && c <= '9') ? c : '_';
    if (one != '_' || c == '_' || !alias.ends_with('_')) alias += one;
  }
  if (alias.empty() || (alias.front() >= '0' && alias.front() <= '9')) alias.insert(0, 1, '_');
  if (is_python_keyword(alias)) alias += '_';
  return alias;
}

Signature make_signature(const ToolDoc& tool) {
  Signature signature;
  TypeNames names;
  signature.parameters = parameters_of(tool.input_schema, signature, names);
  if (is(tool.output_schema, JsonType::object)) {
    // What a result looks like shows when it is there; what a call needs has to be known before.
    names.text = std::max(names.text, kMaxTypesText - kMaxResultText);
    Translator translator(tool.output_schema, signature, names);
    signature.result = tool.output_schema.size() > kMaxSchema
                           ? std::string(kAnyObject)
                           : translator.type_of(tool.output_schema, "result", 0);
  }
  return signature;
}

std::string summary_line(std::string_view description) {
  std::string line;
  for (const char c : description) {
    const bool space = static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
    // A sentence ends at a full stop before a space, a paragraph at an empty line.
    if (space && (line.ends_with('.') || line.ends_with("。")) && line.size() > 8 &&
        !line.ends_with("e.g.") && !line.ends_with("i.e.")) {
      break;
    }
    if (!space) {
      line += c;
    } else if (!line.empty() && !line.ends_with(' ')) {
      line += ' ';
    }
    if (line.size() > kMaxSummary + 4) break;
  }
  while (line.ends_with(' ') || line.ends_with('.'))
    line.pop_back();
  if (line.size() <= kMaxSummary) return line;
  return std::string(framing::utf8_prefix(line, kMaxSummary - 3)) + "…";
}

}  // namespace headrace::discovery
