// Spells TOML text in ASCII and back.
#include <headrace/discovery/toml_text.hpp>

#include <bitset>
#include <charconv>
#include <cstdint>

namespace headrace::discovery {
namespace {

// None of them has a meaning in TOML outside of strings.
constexpr std::string_view kMarks = "~^|@%&!$*?;<>/()";
constexpr std::string_view kDigits = "0123456789ABCDEF";

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// Characters that `text` may write as \x7E, \u007E or \U0000007E: parsing brings them into strings,
// where they would look like a mark.
std::bitset<128> escaped_characters(std::string_view text) {
  std::bitset<128> escaped;
  for (std::size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at + 1)) {
    const char kind = at + 1 < text.size() ? text[at + 1] : '\0';
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    const std::string_view number = text.substr(at + 2 <= text.size() ? at + 2 : at, digits);
    std::uint32_t value = 0;
    const auto result = std::from_chars(number.data(), number.data() + number.size(), value, 16);
    if (result.ec == std::errc() && value < escaped.size()) escaped.set(value);
  }
  return escaped;
}

}  // namespace

std::optional<AsciiToml> AsciiToml::spell(std::string_view text) {
  const std::bitset<128> escaped = escaped_characters(text);
  AsciiToml result;
  for (char mark : kMarks) {
    if (escaped.test(static_cast<std::size_t>(mark))) continue;
    result.mark_ = mark;
    break;
  }
  if (result.mark_ == '\0') return std::nullopt;
  result.text_.reserve(text.size());
  for (char c : text) {
    if (is_ascii(c) && c != result.mark_) {
      result.text_ += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result.text_ += result.mark_;
    result.text_ += kDigits[byte >> 4U];
    result.text_ += kDigits[byte & 15U];
  }
  return result;
}

std::string AsciiToml::original(std::string_view value) const {
  std::string result;
  result.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != mark_ || value.size() - i < 3) {
      result += value[i];
      continue;
    }
    const std::size_t high = kDigits.find(value[i + 1]);
    const std::size_t low = kDigits.find(value[i + 2]);
    result += static_cast<char>((high << 4U | low) & 0xFFU);
    i += 2;
  }
  return result;
}

}  // namespace headrace::discovery
