// JSON Schemas of described types, and JSON of their values.
#pragma once

#include <headrace/engine/mcp/described.hpp>
#include <headrace/framing/json_writer.hpp>

#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace headrace::engine::mcp {

namespace detail {

void begin_schema(framing::JsonWriter& writer, std::string_view type, const Notes& notes);
void write_bounds(framing::JsonWriter& writer, const Bounds& bounds, std::string_view least,
                  std::string_view most);
void end_schema(framing::JsonWriter& writer, std::string_view raw_default);
[[noreturn]] void throw_not_finite();

}  // namespace detail

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

}  // namespace headrace::engine::mcp
