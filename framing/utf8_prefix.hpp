// Cutting text without cutting a character, and counting characters.
#pragma once

#include <cstddef>
#include <string_view>

namespace headrace::framing {

/// The beginning of UTF-8 text: at most `longest` bytes, whole characters. A view into `text`.
constexpr std::string_view utf8_prefix(std::string_view text, std::size_t longest) noexcept {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0U) == 0x80U)
    --longest;
  return text.substr(0, longest);
}

/// How many characters valid UTF-8 text has.
constexpr std::size_t utf8_characters(std::string_view text) noexcept {
  std::size_t count = 0;
  for (const char c : text)
    count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
  return count;
}

}  // namespace headrace::framing
