// Small questions about raw JSON text that several files here ask.
#pragma once

#include <cstddef>
#include <string_view>

namespace headrace::framing {

/// True when `raw` is one JSON string with its quotes: sound escapes, UTF-8, no control characters.
bool is_string(std::string_view raw) noexcept;

/// True when the inside of a JSON string, as written, stands for `text`.
bool says(std::string_view written, std::string_view text) noexcept;

/// What an escape sequence stands for.
struct Escape {
  std::size_t length = 0;  ///< Bytes of the sequence, its backslash included; 0 when it is unsound.
  char32_t code = 0;       ///< U+FFFD for a lone surrogate.
};

/// Reads the escape sequence that `text` begins with; a surrogate pair is one sequence.
Escape read_escape(std::string_view text) noexcept;

/// Bytes of the UTF-8 sequence that `text` begins with; 0 when it is none. The first is not ASCII.
std::size_t utf8_length(std::string_view text) noexcept;

/// Bytes of UTF-8; `length` of them count.
struct Utf8 {
  char bytes[4];
  std::size_t length;
};

/// `code` is at most U+10FFFF and no surrogate.
Utf8 to_utf8(char32_t code) noexcept;

}  // namespace headrace::framing
