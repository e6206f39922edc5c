// Characters of text that may be anything.
#include <headrace/server/plain_text.hpp>

#include <array>
#include <cstdio>

namespace headrace::server {

framing::Utf8 take_character(std::string_view& text) noexcept {
  framing::Utf8 character;
  const bool ascii = static_cast<unsigned char>(text.front()) < 0x80;
  const std::size_t length = ascii ? 1 : framing::utf8_length(text);
  if (length == 0) {
    text.remove_prefix(1);
    return framing::to_utf8(0xFFFD);
  }
  text.copy(character.bytes, length);
  character.length = length;
  text.remove_prefix(length);
  return character;
}

bool is_control(const framing::Utf8& character) noexcept {
  const auto byte = [&character](int i) { return static_cast<unsigned char>(character.bytes[i]); };
  if (character.length == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
  if (character.length == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;
  return character.length == 3 && byte(0) == 0xE2 && byte(1) == 0x80 &&
         (byte(2) == 0xA8 || byte(2) == 0xA9);
}

std::string one_line(std::string_view text, std::size_t limit) {
  constexpr std::string_view ellipsis = "…";
  std::string line;
  std::size_t fits = 0;  // with the ellipsis behind it
  while (!text.empty()) {
    const framing::Utf8 character = take_character(text);
    if (line.size() + ellipsis.size() <= limit) fits = line.size();
    if (is_control(character)) {
      line += ' ';
    } else {
      line.append(character.bytes, character.length);
    }
    if (line.size() <= limit) continue;
    line.resize(fits);
    return limit < ellipsis.size() ? line : line.append(ellipsis);
  }
  return line;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 100;
  return "'" + one_line(text, longest) + "'";
}

std::string terminal_text(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    if (text.starts_with("\r\n")) text.remove_prefix(1);
    const framing::Utf8 character = take_character(text);
    const char first = character.bytes[0];
    if (is_control(character) && first != '\n' && first != '\t') {
      shown += ' ';
    } else {
      shown.append(character.bytes, character.length);
    }
  }
  return shown;
}

std::string joined(std::span<const std::string> texts, std::string_view between) {
  std::string all;
  for (const std::string& text : texts)
    all.append(all.empty() ? "" : between).append(text);
  return all;
}

std::string readable_size(unsigned long long bytes) {
  if (bytes < 1000) return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  constexpr std::array units{"kB", "MB", "GB", "TB", "PB", "EB"};
  double amount = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (amount >= 999.95 && unit + 1 < units.size()) {
    amount /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", amount, units[unit]);
  return text.data();
}

std::string iso_time(std::time_t time) {
  std::tm parts{};
  if (::gmtime_r(&time, &parts) == nullptr) return {};
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

}  // namespace headrace::server
