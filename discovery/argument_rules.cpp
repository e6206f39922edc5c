// What a tool's schema demands of the arguments of a call: mistakes are told before the call.
#include <headrace/discovery/argument_rules.hpp>
#include <headrace/discovery/nearest_name.hpp>
#include <headrace/discovery/schema.hpp>
#include <headrace/discovery/signature.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_walk.hpp>
#include <headrace/framing/utf8_prefix.hpp>

#include <algorithm>
#include <set>

namespace headrace::discovery {
namespace {

constexpr std::size_t kMaxSignature = 600;
constexpr std::size_t kMaxShownName = 100;
constexpr std::size_t kMaxUnknown = 20;

// How often a schema is looked through for what its references stand for.
constexpr std::size_t kMaxEffort = 256;

// Quicker than by the alphabet: most names are told apart by their length.
bool before(std::string_view a, std::string_view b) noexcept {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// What is filled in for it when it is not given.
bool has_default(std::string_view root, std::string_view schema) {
  const SchemaKeywords keywords = schema_keywords(schema);
  if (!look(keywords, "default").empty()) return true;
  const std::string_view reference = look(keywords, "$ref");
  if (!is(reference, JsonType::string)) return false;
  const std::string_view target = resolve_reference(root, json_string(reference));
  return !look(schema_keywords(target), "default").empty();
}

}  // namespace

struct ArgumentRules::Given {
  std::set<const Parameter*> parameters;
  std::vector<std::string> unknown;
};

ArgumentRules::ArgumentRules(const ToolDoc& tool) : tool_(tool.alias) {
  const std::string_view schema = tool.input_schema;
  if (!is(schema, JsonType::object) || schema.size() > kMaxSchema) {
    open_ = true;
    return;
  }
  SchemaMembers members = schema_members(schema, schema);
  open_ = members.open || members.partial || (members.list.empty() && !members.closed);
  closed_ = members.closed && !open_;
  // Who has an alias is decided as in the signature: required ones come first.
  std::stable_partition(members.list.begin(), members.list.end(),
                        [](const SchemaMember& member) { return member.required; });
  std::set<std::string> aliases;
  std::size_t effort = kMaxEffort * schema.size();
  for (SchemaMember& member : members.list) {
    std::string alias = parameter_alias(member.name);
    if (!aliases.insert(alias).second) alias.clear();
    parameters_.push_back({std::move(member.name), std::move(alias),
                           ValueRule(schema, member.schema, effort),
                           member.required && !has_default(schema, member.schema)});
  }
  std::sort(parameters_.begin(), parameters_.end(),
            [](const Parameter& a, const Parameter& b) { return before(a.name, b.name); });
  static_assert(kMaxSchemaMembers <= kWords * 64);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].required) required_[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  signature_ = make_signature(tool).parameters;
}

const ArgumentRules::Parameter* ArgumentRules::find(std::string_view name) const noexcept {
  const auto found = std::lower_bound(parameters_.begin(), parameters_.end(), name,
                                      [](const Parameter& parameter, std::string_view text) {
                                        return before(parameter.name, text);
                                      });
  return found != parameters_.end() && found->name == name ? &*found : nullptr;
}

const ArgumentRules::Parameter* ArgumentRules::find_alias(std::string_view name) const noexcept {
  if (name.empty()) return nullptr;
  for (const Parameter& parameter : parameters_) {
    if (parameter.alias == name) return &parameter;
  }
  return nullptr;
}

ArgumentCheck ArgumentRules::check(std::string_view arguments,
                                   framing::StructuralIndex& index) const {
  ArgumentCheck result;
  // Anything may be given, and nothing is known by another name.
  if (parameters_.empty() && open_) return result;
  bool by_alias = false;
  if (!is_right(arguments, index, by_alias)) result.error = explain(arguments);
  if (by_alias && result.error.empty()) result.rewritten = rewrite(arguments);
  return result;
}

bool ArgumentRules::is_right(std::string_view arguments, framing::StructuralIndex& index,
                             bool& by_alias) const {
  Marks given{};
  bool right = true;
  if (arguments != "{}") {
    if (index.build(arguments) != framing::Fault::none) return true;
    framing::ObjectWalk walk(arguments, index);
    if (walk.begin() != framing::Fault::none) return true;
    framing::ObjectWalk::Item item;
    std::string unescaped;
    while (walk.next(item)) {
      std::string_view name = item.key;
      if (name.find('\\') != std::string_view::npos) {
        unescaped.clear();
        framing::append_unescaped(unescaped, name);
        name = unescaped;
      }
      const Parameter* parameter = find(name);
      if (parameter == nullptr && (parameter = find_alias(name)) != nullptr) by_alias = true;
      if (parameter == nullptr) {
        right = right && open_;
        continue;
      }
      const auto place = static_cast<std::size_t>(parameter - parameters_.data());
      const std::uint64_t mark = std::uint64_t{1} << (place % 64);
      // By its name and by its alias.
      const bool twice = by_alias && (given[place / 64] & mark) != 0;
      given[place / 64] |= mark;
      right = right && !twice && parameter->rule.takes(item.value);
    }
    index.trim();
    if (walk.fault() != framing::Fault::none) {
      by_alias = false;
      return true;
    }
  }
  return right && has_required(given);
}

bool ArgumentRules::has_required(const Marks& given) const noexcept {
  for (std::size_t i = 0; i * 64 < parameters_.size(); ++i) {
    if ((required_[i] & ~given[i]) != 0) return false;
  }
  return true;
}

std::string ArgumentRules::explain(std::string_view arguments) const {
  Given given;
  bool by_alias = false;
  std::string name;
  std::string_view value;
  for (JsonMembers members(arguments); members.next(name, value);) {
    const Parameter* parameter = find(name);
    if (parameter == nullptr && (parameter = find_alias(name)) != nullptr) by_alias = true;
    if (parameter == nullptr) {
      if (given.unknown.size() < kMaxUnknown) given.unknown.push_back(name);
      continue;
    }
    if (!given.parameters.insert(parameter).second && by_alias)
      return tool_ + "(): '" + parameter->name + "' is given twice, also as '" + parameter->alias +
             "'";
    if (parameter->rule.takes(value)) continue;
    std::string error = tool_ + "(): '" + name + "' " + parameter->rule.complaint(value);
    if (value == "null" && !parameter->required) error += ": leave it out";
    return with_parameters(std::move(error));
  }
  return explain_names(given);
}

std::string ArgumentRules::explain_names(const Given& given) const {
  std::vector<const Parameter*> left;
  std::vector<std::string_view> names;
  std::string missing;
  for (const Parameter& parameter : parameters_) {
    if (given.parameters.contains(&parameter)) continue;
    left.push_back(&parameter);
    names.push_back(parameter.name);
    if (parameter.required)
      missing.append(missing.empty() ? "'" : ", '").append(called(parameter)).append("'");
  }
  for (const std::string& name : given.unknown) {
    const std::size_t nearest = nearest_name(name, names);
    const Parameter* meant = nearest < left.size() ? left[nearest] : nullptr;
    const bool wrong = meant != nullptr ? !open_ || meant->required : !open_ && !missing.empty();
    if (!closed_ && !wrong) continue;
    std::string error = tool_ + "() has no parameter '";
    error.append(framing::utf8_prefix(name, kMaxShownName)).append("'");
    if (meant != nullptr) error.append("; did you mean '").append(called(*meant)).append("'?");
    return with_parameters(std::move(error));
  }
  return missing.empty() ? std::string() : with_parameters(tool_ + "() needs " + missing);
}

std::string_view ArgumentRules::called(const Parameter& parameter) noexcept {
  return parameter.alias.empty() ? parameter.name : parameter.alias;
}

std::string ArgumentRules::with_parameters(std::string error) const {
  if (signature_.size() > kMaxSignature) return error;
  return error + (error.ends_with('?') ? " It takes " : ". It takes ") + signature_;
}

std::string ArgumentRules::rewrite(std::string_view arguments) const {
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_object();
  std::string name;
  std::string_view value;
  for (JsonMembers members(arguments); members.next(name, value);) {
    const Parameter* parameter = find(name) == nullptr ? find_alias(name) : nullptr;
    writer.raw_member(parameter != nullptr ? parameter->name : name, value);
  }
  writer.end_object();
  return json;
}

}  // namespace headrace::discovery
