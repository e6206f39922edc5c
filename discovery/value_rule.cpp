// What a schema demands of one value, as far as its type and a list of choices go.
#include <headrace/discovery/ascii.hpp>
#include <headrace/discovery/nearest_name.hpp>
#include <headrace/discovery/schema.hpp>
#include <headrace/discovery/value_rule.hpp>
#include <headrace/framing/utf8_prefix.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace headrace::discovery {
namespace {

constexpr unsigned bit(JsonType type) {
  return 1U << static_cast<unsigned>(type);
}
constexpr unsigned kNull = bit(JsonType::null);
constexpr unsigned kBoolean = bit(JsonType::boolean);
constexpr unsigned kNumber = bit(JsonType::number);
constexpr unsigned kArray = bit(JsonType::array);
constexpr unsigned kObject = bit(JsonType::object);
constexpr unsigned kInteger = 1U << 6;

constexpr unsigned kMaxNesting = 8;
constexpr std::size_t kMaxChoices = 1000;
constexpr std::size_t kMaxChoicesText = 300;
constexpr std::size_t kMaxShown = 60;

bool is_whole(std::string_view number) {
  const std::size_t mark = number.find_first_of(".eE");
  if (mark == std::string_view::npos) return number.back() >= '0' && number.back() <= '9';
  if (number.find_first_of("eE") == std::string_view::npos)
    return number.find_first_not_of('0', mark + 1) == std::string_view::npos;
  double value = 0;
  const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), value);
  return fault == std::errc() && std::floor(value) == value;
}

unsigned named_type(std::string_view name) {
  if (name == "string") return bit(JsonType::string);
  if (name == "number") return kNumber | kInteger;
  if (name == "integer") return kInteger;
  if (name == "boolean") return kBoolean;
  if (name == "array") return kArray;
  if (name == "object") return kObject;
  return name == "null" ? kNull : 0;
}

std::string python_types(unsigned types) {
  constexpr std::pair<unsigned, const char*> names[] = {
      {bit(JsonType::string), "str"},
      {kNumber, "float"},
      {kInteger, "int"},
      {kBoolean, "bool"},
      {kArray, "list"},
      {kObject, "dict"},
      {kNull, "None"},
  };
  // An integer is a number as well.
  if ((types & kNumber) != 0) types &= ~kInteger;
  std::string text;
  for (const auto& [one, name] : names) {
    if ((types & one) != 0) text.append(text.empty() ? "" : " or ").append(name);
  }
  return text;
}

// As Python and pydantic read numbers from text; whoever is stricter says so.
bool looks_numeric(std::string_view text) {
  if (text.find_first_not_of("0123456789+-._eE") == std::string_view::npos)
    return text.find_first_of("0123456789") != std::string_view::npos;
  text.remove_prefix(std::min(text.find_first_not_of("+-"), text.size()));
  const std::string word = ascii_lower(text.substr(0, 10));
  return word == "nan" || word == "inf" || word == "infinity";
}

bool looks_boolean(std::string_view text) {
  constexpr std::string_view words[] = {"true", "false", "1", "0", "yes", "no",
                                        "y",    "n",     "t", "f", "on",  "off"};
  return std::any_of(std::begin(words), std::end(words),
                     [text](std::string_view word) { return equal_any_case(word, text); });
}

std::string shown(std::string_view text) {
  std::string result = "'";
  result += framing::utf8_prefix(text, kMaxShown);
  if (text.size() > kMaxShown) result += "…";
  return result += '\'';
}

}  // namespace

struct ValueRule::Allowed {
  unsigned types = kAnyType;
  bool formatted = false;
  std::optional<std::vector<std::string>> choices;  // strings; nothing: any
};

class ValueRule::Reader {
 public:
  Reader(std::string_view root, std::size_t& effort) : root_(root), effort_(effort) {}

  Allowed read(std::string_view schema, unsigned nesting) {
    if (nesting > kMaxNesting || !is(schema, JsonType::object) || !spend(schema)) return {};
    const SchemaKeywords keywords = schema_keywords(schema);
    Allowed allowed;
    if (const std::string_view reference = look(keywords, "$ref"); !reference.empty()) {
      // Older drafts ignore what stands beside a reference.
      const std::string_view target = is(reference, JsonType::string) && spend(root_)
                                          ? resolve_reference(root_, json_string(reference))
                                          : std::string_view();
      allowed = read(target, nesting + 1);
    } else {
      allowed = read_own(keywords, nesting);
    }
    const bool nullable =
        look(keywords, "nullable") == "true" || look(keywords, "default") == "null";
    if (nullable) allowed.types |= kNull;
    return allowed;
  }

 private:
  // References fan out: what a hostile schema makes of few bytes may be countless.
  bool spend(std::string_view text) {
    const bool lasts = text.size() <= effort_;
    effort_ -= lasts ? text.size() : effort_;
    return lasts;
  }

  Allowed read_own(const SchemaKeywords& keywords, unsigned nesting) {
    Allowed allowed;
    allowed.types = types_of(look(keywords, "type"));
    allowed.formatted = !look(keywords, "format").empty();
    if (const std::string_view value = look(keywords, "const"); !value.empty()) {
      Allowed only;
      only.types = 0;
      add_choice(only, value);
      narrow(allowed, std::move(only));
    }
    if (const std::string_view values = look(keywords, "enum"); is(values, JsonType::array)) {
      Allowed some;
      some.types = 0;
      std::string_view value;
      for (JsonElements elements(values); elements.next(value);)
        add_choice(some, value);
      const bool has_null = (some.types & kNull) != 0;
      narrow(allowed, std::move(some));
      // Many name it here, and forget it in `type`.
      if (has_null) allowed.types |= kNull;
    }
    std::string_view part;
    for (const std::string_view key : {"anyOf", "oneOf"}) {
      if (is(look(keywords, key), JsonType::array))
        narrow(allowed, one_of(look(keywords, key), nesting));
    }
    if (is(look(keywords, "allOf"), JsonType::array)) {
      for (JsonElements parts(look(keywords, "allOf")); parts.next(part);)
        narrow(allowed, read(part, nesting + 1));
    }
    return allowed;
  }

  static unsigned types_of(std::string_view type) {
    unsigned types = 0;
    if (is(type, JsonType::string)) {
      types = named_type(json_string(type));
    } else if (is(type, JsonType::array)) {
      std::string_view each;
      for (JsonElements elements(type); elements.next(each);) {
        const unsigned one = is(each, JsonType::string) ? named_type(json_string(each)) : 0;
        if (one == 0) return kAnyType;
        types |= one;
      }
    }
    return types == 0 ? kAnyType : types;
  }

  Allowed one_of(std::string_view choices, unsigned nesting) {
    Allowed all;
    all.types = 0;
    all.choices.emplace();
    bool any_text = false;
    std::string_view choice;
    for (JsonElements elements(choices); elements.next(choice);) {
      Allowed one = read(choice, nesting + 1);
      all.types |= one.types;
      all.formatted |= one.formatted;
      if ((one.types & kString) == 0) continue;
      if (!one.choices || all.choices->size() > kMaxChoices) {
        any_text = true;
      } else {
        std::move(one.choices->begin(), one.choices->end(), std::back_inserter(*all.choices));
      }
    }
    if (any_text) all.choices.reset();
    return all;
  }

  static void add_choice(Allowed& allowed, std::string_view value) {
    allowed.types |= type_bits(value);
    if (!allowed.choices) allowed.choices.emplace();
    if (is(value, JsonType::string)) allowed.choices->push_back(json_string(value));
  }

  // What two parts allow together; what leaves nothing was not understood.
  static void narrow(Allowed& allowed, Allowed by) {
    if ((allowed.types & by.types) == 0) {
      allowed = {};
      return;
    }
    allowed.types &= by.types;
    allowed.formatted |= by.formatted;
    if (!allowed.choices) allowed.choices = std::move(by.choices);
  }

  std::string_view root_;
  std::size_t& effort_;
};

ValueRule::ValueRule(std::string_view root, std::string_view schema, std::size_t& effort) {
  Allowed allowed = Reader(root, effort).read(schema, 0);
  types_ = allowed.types;
  formatted_ = allowed.formatted;
  if (allowed.choices && allowed.choices->size() <= kMaxChoices)
    choices_ = std::move(*allowed.choices);
}

unsigned ValueRule::type_bits(std::string_view value) {
  const JsonType type = json_type(value);
  if (type != JsonType::number) return bit(type);
  return is_whole(value) ? kNumber | kInteger : kNumber;
}

bool ValueRule::is_choice(std::string_view value) const {
  if (value.find('\\') == std::string_view::npos) {
    value = value.substr(1, value.size() - 2);
    return std::find(choices_.begin(), choices_.end(), value) != choices_.end();
  }
  return std::find(choices_.begin(), choices_.end(), json_string(value)) != choices_.end();
}

bool ValueRule::takes_text_or_converted(std::string_view value, unsigned types) const {
  if (is_text(types)) {
    if ((types_ & kString) != 0 && is_choice(value)) return true;
    if ((types_ & ~kString) == 0) return false;
    const std::string whole = json_string(value);
    const std::string_view text = json_trim(whole);
    return ((types_ & (kNumber | kInteger)) != 0 && looks_numeric(text)) ||
           ((types_ & kBoolean) != 0 && looks_boolean(text)) ||
           ((types_ & kArray) != 0 && text.starts_with('[')) ||
           ((types_ & kObject) != 0 && text.starts_with('{')) ||
           ((types_ & kNull) != 0 && text == "null");
  }
  if (types == kBoolean && (types_ & (kNumber | kInteger)) != 0) return true;
  if ((types & (kNumber | kBoolean)) == 0) return false;
  // A time is a number as well.
  if ((types_ & kString) != 0 && formatted_) return true;
  return (types_ & kBoolean) != 0 && types != kBoolean &&
         (value.front() == '0' || value.front() == '1') &&
         value.find_first_not_of(".0", 1) == std::string_view::npos;
}

std::string ValueRule::complaint(std::string_view value) const {
  const unsigned types = type_bits(value);
  if (is_text(types) && (types_ & kString) != 0) return choice_complaint(value);
  return "has to be " + python_types(types_) + ", not " +
         ((types & kInteger) != 0 ? "int" : python_types(types));
}

std::string ValueRule::choice_complaint(std::string_view value) const {
  std::string text = "has to be ";
  const unsigned others = types_ & ~kString;
  if (others != 0) text += python_types(others) + " or ";
  std::string list;
  for (const std::string& choice : choices_) {
    if (list.size() + choice.size() > kMaxChoicesText) {
      list += ", …";
      break;
    }
    list += (list.empty() ? "" : ", ") + shown(choice);
  }
  text += (choices_.size() > 1 ? "one of " : "") + list;
  const std::string given = json_string(value);
  text += ", not " + shown(given);
  const std::vector<std::string_view> names(choices_.begin(), choices_.end());
  const std::size_t nearest = nearest_name(given, names);
  if (nearest < names.size()) text += "; did you mean " + shown(names[nearest]) + "?";
  return text;
}

}  // namespace headrace::discovery
