// Structs that say what their fields are called, and enumerations that name their values.
#pragma once

#include <headrace/engine/mcp/content.hpp>

#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
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

}  // namespace headrace::engine::mcp
