// One JSON value, read and owned: what typed arguments and answers are made from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace headrace::engine::mcp {

/// A value and all that is in it. For messages that people and models write; what is forwarded
/// stays raw.
class JsonValue {
 public:
  using Items = std::vector<JsonValue>;
  using Members = std::vector<std::pair<std::string, JsonValue>>;
  /// An integer that fits is a std::int64_t, a larger positive one a std::uint64_t, any other
  /// number a double.
  using Data = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string,
                            Items, Members>;

  Data data = nullptr;

  bool is_null() const noexcept { return std::holds_alternative<std::nullptr_t>(data); }
  /// The value as this type, or null when it has another.
  template <class T>
  const T* get() const noexcept {
    return std::get_if<T>(&data);
  }
  /// The first member of this name; null when there is none, or this is no object.
  const JsonValue* find(std::string_view key) const noexcept;
  /// As JSON on one line. Numbers may be written in another way than they came.
  std::string to_json() const;
};

/// False, with `why` for people, for what is not JSON or nests too deep, and for integers of more
/// than 64 bits.
bool read_json(std::string_view text, JsonValue& value, std::string& why);

}  // namespace headrace::engine::mcp
