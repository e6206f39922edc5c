// Writes JSON text into a string, and reads the strings of one back.
#include <headrace/framing/json_text.hpp>
#include <headrace/framing/json_writer.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>

namespace headrace::framing {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

constexpr std::uint64_t every_byte(std::uint8_t byte) {
  return 0x0101010101010101U * byte;
}

// True when a byte of the eight is below 0x20, a quote, a backslash or not ASCII.
bool needs_care(std::uint64_t eight) noexcept {
  const std::uint64_t control = eight - every_byte(0x20);
  const std::uint64_t quote = (eight ^ every_byte('"')) - every_byte(1);
  const std::uint64_t backslash = (eight ^ every_byte('\\')) - every_byte(1);
  return ((control | quote | backslash | eight) & every_byte(0x80)) != 0;
}

// How many bytes at the front can be copied as they are and are ASCII.
std::size_t plain_length(std::string_view text) noexcept {
  std::size_t at = 0;
  for (std::uint64_t eight = 0; text.size() - at >= sizeof eight; at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if (needs_care(eight)) break;
  }
  while (at < text.size()) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c == '"' || c == '\\' || c >= 0x80) break;
    ++at;
  }
  return at;
}

void append_escape(std::string& out, unsigned char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += digits[c >> 4U];
      out += digits[c & 0xFU];
  }
}

template <typename T>
void append_number(std::string& out, T number) {
  std::array<char, 32> digits;  // the longest double takes 24
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), result.ptr);
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t plain = plain_length(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto c = static_cast<unsigned char>(text.front());
    std::size_t taken = 1;
    if (c < 0x80) {
      append_escape(out, c);
    } else if (const std::size_t length = utf8_length(text); length != 0) {
      out.append(text.substr(0, length));
      taken = length;
    } else {
      out += replacement;
    }
    text.remove_prefix(taken);
  }
  out += '"';
}

bool append_unescaped(std::string& out, std::string_view raw) {
  // Inside a JSON string no quote stands bare: one in front is the opening one.
  if (raw.starts_with('"')) {
    if (raw.size() < 2 || raw.back() != '"') return false;
    raw = raw.substr(1, raw.size() - 2);
  }
  const std::size_t before = out.size();
  while (true) {
    std::size_t plain = 0;
    while (plain < raw.size()) {
      const auto c = static_cast<unsigned char>(raw[plain]);
      if (c < 0x20 || c == '"' || c == '\\') break;
      ++plain;
    }
    out.append(raw.substr(0, plain));
    raw.remove_prefix(plain);
    if (raw.empty()) return true;
    const Escape escape = raw.front() == '\\' ? read_escape(raw) : Escape{};
    if (escape.length == 0) {
      out.resize(before);
      return false;
    }
    const Utf8 utf8 = to_utf8(escape.code);
    out.append(utf8.bytes, utf8.length);
    raw.remove_prefix(escape.length);
  }
}

void JsonWriter::separate() {
  if (comma_) *out_ += ',';
  comma_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  *out_ += bracket;
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  *out_ += bracket;
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_quoted(*out_, name);
  *out_ += ':';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_quoted(*out_, text);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  separate();
  append_number(*out_, number);
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  *out_ += json.empty() ? std::string_view("null") : json;
  return *this;
}

JsonWriter& JsonWriter::signed_value(std::int64_t number) {
  separate();
  append_number(*out_, number);
  return *this;
}

JsonWriter& JsonWriter::unsigned_value(std::uint64_t number) {
  separate();
  append_number(*out_, number);
  return *this;
}

}  // namespace headrace::framing
