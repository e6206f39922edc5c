// Structs that say what their fields are called: JSON Schemas of them, and values of them from JSON
// and to it.
#pragma once

#include <headrace/engine/mcp/content.hpp>
#include <headrace/engine/mcp/json_value.hpp>
#include <headrace/framing/json_writer.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace headrace::engine::mcp {

/// What a schema says of a field beside its type; views of literals.
struct Notes {
  std::string_view description;
  std::string_view format;      ///< Of a string: `email`, `uri`, `date`, …; not checked.
  bool has_default = false;     ///< What the field holds in a new struct.
  std::optional<double> least;  ///< Of numbers; characters of a string; items of an array.
  std::optional<double> most;
};

/// One field of a struct, and what its schema says of it.
template <class Struct, class Value>
struct Field {
  using value_type = Value;

  /// It may be left out: then it keeps what a new struct holds, and the schema says so.
  constexpr Field or_default() const {
    Field copy = *this;
    copy.notes.has_default = true;
    return copy;
  }
  /// The least number, characters of a string or items of an array.
  constexpr Field at_least(double least) const {
    Field copy = *this;
    copy.notes.least = least;
    return copy;
  }
  constexpr Field at_most(double most) const {
    Field copy = *this;
    copy.notes.most = most;
    return copy;
  }
  constexpr Field format(std::string_view format) const {
    Field copy = *this;
    copy.notes.format = format;
    return copy;
  }

  std::string_view name;
  Value Struct::*member;
  Notes notes;
};

/// A struct describes itself in a static function:
///
///     struct Sum {
///       double a = 0;
///       std::optional<double> b;
///       static constexpr auto fields() {
///         return mcp::fields(mcp::field("a", &Sum::a, "the first"), mcp::field("b", &Sum::b));
///       }
///     };
///
/// A field is a bool, an integer, a floating-point number, a std::string, an enumeration with
/// names, a RawValue, another such struct, or a std::vector, std::map<std::string, …> or
/// std::optional of these. It is required unless it is optional or has or_default(). A struct may
/// not contain its own kind, at any depth.
template <class Struct, class Value>
constexpr Field<Struct, Value> field(std::string_view name, Value Struct::*member,
                                     std::string_view description = {}) {
  Field<Struct, Value> made{name, member, {}};
  made.notes.description = description;
  return made;
}

template <class... Fields>
constexpr std::tuple<Fields...> fields(Fields... each) {
  return {each...};
}

/// Arguments of a tool that has none.
struct NoArguments {
  static constexpr std::tuple<> fields() { return {}; }
};

/// A value of an enumeration and its name. An enumeration has names where a function beside it
/// lists them:
///
///     enum class Unit { celsius, kelvin };
///     constexpr auto names_of(Unit) {
///       return std::to_array<mcp::Named<Unit>>({{"celsius", Unit::celsius}, {"K", Unit::kelvin}});
///     }
template <class Enum>
struct Named {
  std::string_view name;
  Enum value;
};

/// Where in a value something is, for messages: `'options.sizes[2]'`.
struct Path {
  const Path* parent = nullptr;
  std::string_view key = {};  ///< Of a member; empty for an item.
  std::size_t index = 0;

  std::string text() const;
};

namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_map = false;
template <class T>
inline constexpr bool is_map<std::map<std::string, T>> = true;

template <class T>
concept Character = std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
    std::same_as<T, char16_t> || std::same_as<T, char32_t>;
template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool> && !Character<T>;
template <class T>
concept WithNames = std::is_enum_v<T> && requires(T value) {
  names_of(value);
};

struct Bounds {
  std::optional<double> least;
  std::optional<double> most;
  bool hold(double value) const { return (!least || value >= *least) && (!most || value <= *most); }
};

// Those of the field and of its type; 64 bits are as many as JSON's readers have.
template <class T>
Bounds bounds_of(const Notes& notes) {
  Bounds bounds{notes.least, notes.most};
  if constexpr (Integer<T>) {
    using Limits = std::numeric_limits<T>;
    if (!bounds.least && (sizeof(T) < 8 || std::unsigned_integral<T>))
      bounds.least = static_cast<double>(Limits::min());
    if (!bounds.most && sizeof(T) < 8) bounds.most = static_cast<double>(Limits::max());
  }
  return bounds;
}

// "a number that is at least 0"; "a string of 1 to 5 characters".
std::string number_words(std::string_view what, const Bounds& bounds);
std::string size_words(std::string_view what, std::string_view unit, const Notes& notes);
std::string choice_words(const std::vector<std::string_view>& names);
std::size_t characters_of(std::string_view text);
// An integer however it is written: 3, 3.0.
std::optional<std::int64_t> as_signed(const JsonValue& value);
std::optional<std::uint64_t> as_unsigned(const JsonValue& value);
std::optional<double> as_number(const JsonValue& value);

// Adds "'path' must be …" to `why`; always false.
bool fail(const Path& path, std::string_view words, std::string& why);
bool fail_missing(const Path& path, std::string_view words, std::string& why);

void begin_schema(framing::JsonWriter& writer, std::string_view type, const Notes& notes);
void write_bounds(framing::JsonWriter& writer, const Bounds& bounds, std::string_view least,
                  std::string_view most);
void end_schema(framing::JsonWriter& writer, std::string_view raw_default);
[[noreturn]] void throw_not_finite();

}  // namespace detail

/// A struct with fields(), as above.
template <class T>
concept Described = std::is_class_v<T> && requires {
  std::tuple_size<decltype(T::fields())>::value;
};

/// What has names_of(), as above.
template <detail::WithNames T>
std::vector<std::string_view> enum_names() {
  std::vector<std::string_view> names;
  for (const auto& one : names_of(T{}))
    names.push_back(one.name);
  return names;
}

template <class T, class Visitor>
void for_each_field(Visitor visit) {
  std::apply([&visit](const auto&... each) { (visit(each), ...); }, T::fields());
}

/// Whether a form can ask for it: `elicitation/create` knows no more (2025-11-25, elicitation).
template <class T>
constexpr bool is_form_value() {
  if constexpr (detail::is_optional<T>) {
    return is_form_value<typename T::value_type>();
  } else if constexpr (detail::is_vector<T>) {
    return detail::WithNames<typename T::value_type>;
  } else {
    return std::is_arithmetic_v<T> || std::same_as<T, std::string> || detail::WithNames<T>;
  }
}

/// Whether each field of a described struct meets a predicate on its type.
template <class T>
constexpr bool is_form() {
  return std::apply(
      [](const auto&... each) {
        return (is_form_value<typename std::remove_cvref_t<decltype(each)>::value_type>() && ...);
      },
      T::fields());
}

template <class T>
void write_value(framing::JsonWriter& writer, const T& value);

/// The JSON of a value. Throws std::domain_error for a number that is not finite.
template <class T>
std::string value_json(const T& value) {
  std::string json;
  framing::JsonWriter writer(json);
  write_value(writer, value);
  return json;
}

template <class T>
void write_value(framing::JsonWriter& writer, const T& value) {
  if constexpr (detail::is_optional<T>) {
    if (value) {
      write_value(writer, *value);
    } else {
      writer.null();
    }
  } else if constexpr (std::same_as<T, RawValue>) {
    writer.raw(value.json);
  } else if constexpr (std::same_as<T, std::string>) {
    writer.value(std::string_view(value));
  } else if constexpr (detail::WithNames<T>) {
    for (const auto& one : names_of(value)) {
      if (one.value == value) {
        writer.value(one.name);
        return;
      }
    }
    writer.null();
  } else if constexpr (detail::is_vector<T>) {
    writer.begin_array();
    for (const auto& item : value)
      write_value<typename T::value_type>(writer, item);
    writer.end_array();
  } else if constexpr (detail::is_map<T>) {
    writer.begin_object();
    for (const auto& [key, item] : value) {
      writer.key(key);
      write_value(writer, item);
    }
    writer.end_object();
  } else if constexpr (Described<T>) {
    writer.begin_object();
    for_each_field<T>([&writer, &value](const auto& each) {
      const auto& held = value.*each.member;
      if constexpr (detail::is_optional<std::remove_cvref_t<decltype(held)>>) {
        if (!held) return;
      }
      writer.key(each.name);
      write_value(writer, held);
    });
    writer.end_object();
  } else if constexpr (std::floating_point<T>) {
    if (!std::isfinite(value)) detail::throw_not_finite();
    writer.value(static_cast<double>(value));
  } else {
    static_assert(std::same_as<T, bool> || detail::Integer<T>, "no JSON is known for this type");
    writer.value(value);
  }
}

/// Writes the JSON Schema (2020-12) of a type; `raw_default` is empty for none.
template <class T>
void write_schema(framing::JsonWriter& writer, const Notes& notes = {},
                  std::string_view raw_default = {}) {
  if constexpr (detail::is_optional<T>) {
    write_schema<typename T::value_type>(writer, notes, raw_default);
    return;
  } else if constexpr (std::same_as<T, RawValue>) {
    detail::begin_schema(writer, "", notes);
  } else if constexpr (std::same_as<T, bool>) {
    detail::begin_schema(writer, "boolean", notes);
  } else if constexpr (std::same_as<T, std::string>) {
    detail::begin_schema(writer, "string", notes);
    detail::write_bounds(writer, {notes.least, notes.most}, "minLength", "maxLength");
  } else if constexpr (detail::WithNames<T>) {
    detail::begin_schema(writer, "string", notes);
    writer.key("enum").begin_array();
    for (const std::string_view name : enum_names<T>())
      writer.value(name);
    writer.end_array();
  } else if constexpr (detail::is_vector<T>) {
    detail::begin_schema(writer, "array", notes);
    writer.key("items");
    write_schema<typename T::value_type>(writer);
    detail::write_bounds(writer, {notes.least, notes.most}, "minItems", "maxItems");
  } else if constexpr (detail::is_map<T>) {
    detail::begin_schema(writer, "object", notes);
    writer.key("additionalProperties");
    write_schema<typename T::mapped_type>(writer);
  } else if constexpr (Described<T>) {
    detail::begin_schema(writer, "object", notes);
    std::vector<std::string_view> required;
    writer.key("properties").begin_object();
    for_each_field<T>([&writer, &required](const auto& each) {
      using Value = typename std::remove_cvref_t<decltype(each)>::value_type;
      std::string kept;
      if (each.notes.has_default) kept = value_json(T().*each.member);
      if (kept == "null") kept.clear();
      writer.key(each.name);
      write_schema<Value>(writer, each.notes, kept);
      if (!detail::is_optional<Value> && !each.notes.has_default) required.push_back(each.name);
    });
    writer.end_object();
    if (!required.empty()) {
      writer.key("required").begin_array();
      for (const std::string_view name : required)
        writer.value(name);
      writer.end_array();
    }
  } else if constexpr (std::floating_point<T>) {
    detail::begin_schema(writer, "number", notes);
    detail::write_bounds(writer, {notes.least, notes.most}, "minimum", "maximum");
  } else {
    static_assert(detail::Integer<T>, "no JSON Schema is known for this type");
    detail::begin_schema(writer, "integer", notes);
    detail::write_bounds(writer, detail::bounds_of<T>(notes), "minimum", "maximum");
  }
  detail::end_schema(writer, raw_default);
}

template <class T>
std::string schema_json() {
  std::string json;
  framing::JsonWriter writer(json);
  write_schema<T>(writer);
  return json;
}

/// What a value of this type has to be, for messages: "an integer from 1 to 9".
template <class T>
std::string words_for(const Notes& notes) {
  if constexpr (detail::is_optional<T>) {
    return words_for<typename T::value_type>(notes);
  } else if constexpr (std::same_as<T, RawValue>) {
    return "any JSON value";
  } else if constexpr (std::same_as<T, bool>) {
    return "true or false";
  } else if constexpr (std::same_as<T, std::string>) {
    return detail::size_words("a string", "character", notes);
  } else if constexpr (detail::WithNames<T>) {
    return detail::choice_words(enum_names<T>());
  } else if constexpr (detail::is_vector<T>) {
    return detail::size_words("an array", "item", notes);
  } else if constexpr (detail::is_map<T> || Described<T>) {
    return "an object";
  } else if constexpr (std::floating_point<T>) {
    return detail::number_words("a number", {notes.least, notes.most});
  } else {
    return detail::number_words("an integer", detail::bounds_of<T>(notes));
  }
}

/// Reads a value of type T, or adds to `why` what is wrong with it, and where. Members that no
/// field is called after are passed over.
template <class T>
bool read_value(const JsonValue& json, T& value, const Path& path, const Notes& notes,
                std::string& why);

namespace detail {

template <class T>
bool read_items(const JsonValue& json, T& value, const Path& path, const Notes& notes,
                std::string& why) {
  const auto* items = json.get<JsonValue::Items>();
  if (items == nullptr || !Bounds{notes.least, notes.most}.hold(static_cast<double>(items->size())))
    return fail(path, words_for<T>(notes), why);
  value.clear();
  for (std::size_t i = 0; i < items->size(); ++i) {
    typename T::value_type item{};
    if (!read_value(items->at(i), item, Path{&path, {}, i}, {}, why)) return false;
    value.push_back(std::move(item));
  }
  return true;
}

template <class T>
bool read_map(const JsonValue& json, T& value, const Path& path, std::string& why) {
  const auto* members = json.get<JsonValue::Members>();
  if (members == nullptr) return fail(path, "an object", why);
  value.clear();
  for (const auto& [key, member] : *members) {
    if (!read_value(member, value[key], Path{&path, key, 0}, {}, why)) return false;
  }
  return true;
}

template <class T>
bool read_struct(const JsonValue& json, T& value, const Path& path, std::string& why) {
  if (json.get<JsonValue::Members>() == nullptr) return fail(path, "an object", why);
  bool sound = true;
  for_each_field<T>([&](const auto& each) {
    using Value = typename std::remove_cvref_t<decltype(each)>::value_type;
    const JsonValue* member = json.find(each.name);
    const Path at{&path, each.name, 0};
    const bool may_lack = is_optional<Value> || each.notes.has_default;
    const bool lacks =
        member == nullptr || (member->is_null() && may_lack && !std::same_as<Value, RawValue>);
    if (!lacks) {
      sound &= read_value(*member, value.*each.member, at, each.notes, why);
    } else if (!may_lack) {
      sound = fail_missing(at, words_for<Value>(each.notes), why);
    }
  });
  return sound;
}

// False for what is no integer of this type.
template <Integer T>
bool take_integer(const JsonValue& json, T& value) {
  if constexpr (std::signed_integral<T>) {
    const auto wide = as_signed(json);
    if (!wide || !std::in_range<T>(*wide)) return false;
    value = static_cast<T>(*wide);
  } else {
    const auto wide = as_unsigned(json);
    if (!wide || !std::in_range<T>(*wide)) return false;
    value = static_cast<T>(*wide);
  }
  return true;
}

}  // namespace detail

template <class T>
bool read_value(const JsonValue& json, T& value, const Path& path, const Notes& notes,
                std::string& why) {
  if constexpr (detail::is_optional<T>) {
    value.reset();
    return json.is_null() || read_value(json, value.emplace(), path, notes, why);
  } else if constexpr (std::same_as<T, RawValue>) {
    value.json = json.to_json();
    return true;
  } else if constexpr (detail::is_vector<T>) {
    return detail::read_items(json, value, path, notes, why);
  } else if constexpr (detail::is_map<T>) {
    return detail::read_map(json, value, path, why);
  } else if constexpr (Described<T>) {
    return detail::read_struct(json, value, path, why);
  } else {
    bool fits = false;
    if constexpr (std::same_as<T, bool>) {
      const bool* truth = json.get<bool>();
      fits = truth != nullptr;
      if (fits) value = *truth;
    } else if constexpr (std::same_as<T, std::string>) {
      const std::string* text = json.get<std::string>();
      const detail::Bounds bounds{notes.least, notes.most};
      fits = text != nullptr && bounds.hold(static_cast<double>(detail::characters_of(*text)));
      if (fits) value = *text;
    } else if constexpr (detail::WithNames<T>) {
      const std::string* text = json.get<std::string>();
      for (const auto& one : names_of(T{})) {
        if (text == nullptr || *text != one.name) continue;
        value = one.value;
        fits = true;
      }
    } else if constexpr (std::floating_point<T>) {
      const std::optional<double> number = detail::as_number(json);
      fits = number && detail::Bounds{notes.least, notes.most}.hold(*number);
      if (fits) value = static_cast<T>(*number);
    } else {
      static_assert(detail::Integer<T>, "no JSON is known for this type");
      fits = detail::take_integer(json, value) &&
             detail::bounds_of<T>(notes).hold(static_cast<double>(value));
    }
    return fits || detail::fail(path, words_for<T>(notes), why);
  }
}

/// The same for all of a value.
template <class T>
bool read_value(const JsonValue& json, T& value, std::string& why) {
  return read_value(json, value, Path{}, {}, why);
}

}  // namespace headrace::engine::mcp
