// Small questions about raw JSON text that several files here ask.
#include <headrace/framing/json_text.hpp>

#include <cstdint>
#include <optional>

namespace headrace::framing {
namespace {

constexpr std::size_t unicode_escape = 6;  // \uXXXX
constexpr char32_t replacement = 0xFFFD;

std::optional<char32_t> read_hex(std::string_view digits) noexcept {
  char32_t value = 0;
  for (const char c : digits) {
    char32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<char32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<char32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<char32_t>(c - 'A' + 10);
    } else {
      return std::nullopt;
    }
    value = value * 16 + digit;
  }
  return value;
}

// The code unit of a \uXXXX at the front, if there is one.
std::optional<char32_t> read_unit(std::string_view text) noexcept {
  if (text.size() < unicode_escape || !text.starts_with("\\u")) return std::nullopt;
  return read_hex(text.substr(2, 4));
}

bool is_high_surrogate(char32_t unit) noexcept {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low_surrogate(char32_t unit) noexcept {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

}  // namespace

Escape read_escape(std::string_view text) noexcept {
  if (text.size() < 2) return {};
  switch (text[1]) {
    case '"':
    case '\\':
    case '/':
      return {2, static_cast<char32_t>(text[1])};
    case 'b':
      return {2, U'\b'};
    case 'f':
      return {2, U'\f'};
    case 'n':
      return {2, U'\n'};
    case 'r':
      return {2, U'\r'};
    case 't':
      return {2, U'\t'};
    case 'u':
      break;
    default:
      return {};
  }
  const std::optional<char32_t> unit = read_unit(text);
  if (!unit) return {};
  if (is_low_surrogate(*unit)) return {unicode_escape, replacement};
  if (!is_high_surrogate(*unit)) return {unicode_escape, *unit};
  const std::optional<char32_t> low = read_unit(text.substr(unicode_escape));
  if (!low || !is_low_surrogate(*low)) return {unicode_escape, replacement};
  return {2 * unicode_escape, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00)};
}

std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [text](std::size_t at) -> unsigned {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const auto continues = [byte](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    // Neither overlong nor a surrogate.
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    // Neither overlong nor over U+10FFFF.
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

Utf8 to_utf8(char32_t code) noexcept {
  const auto byte = [](char32_t value) { return static_cast<char>(value); };
  const auto more = [code, byte](unsigned shift) { return byte(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return {{byte(code)}, 1};
  if (code < 0x800) return {{byte(0xC0 | (code >> 6)), more(0)}, 2};
  if (code < 0x10000) return {{byte(0xE0 | (code >> 12)), more(6), more(0)}, 3};
  return {{byte(0xF0 | (code >> 18)), more(12), more(6), more(0)}, 4};
}

bool says(std::string_view written, std::string_view text) noexcept {
  if (written == text) return true;
  // An escape sequence is never shorter than what it stands for.
  if (written.size() <= text.size()) return false;
  while (!written.empty()) {
    if (written.front() != '\\') {
      if (text.empty() || text.front() != written.front()) return false;
      written.remove_prefix(1);
      text.remove_prefix(1);
      continue;
    }
    const Escape escape = read_escape(written);
    if (escape.length == 0) return false;
    const Utf8 utf8 = to_utf8(escape.code);
    const std::string_view bytes(utf8.bytes, utf8.length);
    if (!text.starts_with(bytes)) return false;
    written.remove_prefix(escape.length);
    text.remove_prefix(bytes.size());
  }
  return text.empty();
}

bool is_string(std::string_view raw) noexcept {
  if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return false;
  raw = raw.substr(1, raw.size() - 2);
  for (std::size_t at = 0; at < raw.size();) {
    const char c = raw[at];
    if (c == '"' || static_cast<unsigned char>(c) < 0x20) return false;
    std::size_t length = 1;
    if (c == '\\') {
      length = read_escape(raw.substr(at)).length;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      length = utf8_length(raw.substr(at));
    }
    if (length == 0) return false;
    at += length;
  }
  return true;
}

}  // namespace headrace::framing
