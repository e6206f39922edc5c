// Writes JSON text into a string, and reads the strings of one back.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::framing {

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_quoted(std::string& out, std::string_view text);

/// Appends what a raw JSON string says; `raw` comes with its quotes or without. A lone surrogate
/// becomes U+FFFD. False, with `out` unchanged, when it is not a JSON string; that the bytes are
/// UTF-8 is not checked.
bool append_unescaped(std::string& out, std::string_view raw);

/// Commas are put in by themselves; that brackets match is up to the caller. Nothing that it writes
/// holds a newline, unless a raw value does.
class JsonWriter {
 public:
  /// Appends to `out`, which has to outlive the writer.
  explicit JsonWriter(std::string& out) noexcept : out_(&out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
  /// The shortest text that reads back the same; `null` when it is not finite.
  JsonWriter& value(double number);
  template <std::integral T>
  JsonWriter& value(T number) {
    static_assert(!std::same_as<T, char>, "a character is neither text nor a number");
    if constexpr (std::signed_integral<T>) {
      return signed_value(number);
    } else {
      return unsigned_value(number);
    }
  }
  /// Any other pointer would quietly become `true`.
  JsonWriter& value(const void*) = delete;
  JsonWriter& null() { return raw("null"); }

  /// JSON text as it is; `null` when it is empty, so that the result stays well-formed.
  JsonWriter& raw(std::string_view json);

  template <typename T>
  JsonWriter& member(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }
  JsonWriter& raw_member(std::string_view name, std::string_view json) {
    key(name);
    return raw(json);
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& signed_value(std::int64_t number);
  JsonWriter& unsigned_value(std::uint64_t number);
  void separate();

  std::string* out_;
  bool comma_ = false;  // something stands before what comes next
};

}  // namespace headrace::framing
