// Values of described types from JSON, and what is wrong with it in words.
#pragma once

#include <headrace/engine/mcp/described.hpp>
#include <headrace/engine/mcp/json_value.hpp>
#include <headrace/framing/utf8_prefix.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace headrace::engine::mcp {

/// Where in a value something is, for messages: `'options.sizes[2]'`.
struct Path {
  const Path* parent = nullptr;
  std::string_view key = {};  ///< Of a member; empty for an item.
  std::size_t index = 0;

  std::string text() const;
};

namespace detail {

// "a number that is at least 0"; "a string of 1 to 5 characters".
std::string number_words(std::string_view what, const Bounds& bounds);
std::string size_words(std::string_view what, std::string_view unit, const Notes& notes);
std::string choice_words(const std::vector<std::string_view>& names);
// An integer however it is written: 3, 3.0.
std::optional<std::int64_t> as_signed(const JsonValue& value);
std::optional<std::uint64_t> as_unsigned(const JsonValue& value);
std::optional<double> as_number(const JsonValue& value);

// Adds "'path' must be …" to `why`; always false.
bool fail(const Path& path, std::string_view words, std::string& why);
bool fail_missing(const Path& path, std::string_view words, std::string& why);

}  // namespace detail

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
      fits = text != nullptr && bounds.hold(static_cast<double>(framing::utf8_characters(*text)));
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
