// Text from a sandbox or a server, made fit for places where it is shown to people.
#pragma once

#include <headrace/framing/json_text.hpp>

#include <cstddef>
#include <ctime>
#include <span>
#include <string>
#include <string_view>

namespace headrace::server {

/// Takes the first character off `text`, which is not empty: U+FFFD for a byte that is not UTF-8.
framing::Utf8 take_character(std::string_view& text) noexcept;

/// Of ASCII, of Latin-1, and those that separate lines.
bool is_control(const framing::Utf8& character) noexcept;

/// Valid UTF-8 of at most `limit` bytes, with a blank for each control character, and an ellipsis
/// at its end if it was longer.
std::string one_line(std::string_view text, std::size_t limit);

/// The same in single quotes, at most 100 bytes of it: for messages.
std::string in_quotes(std::string_view text);

/// Valid UTF-8 that can be shown at a terminal without steering it: line feeds and tabs stay,
/// "\r\n" is a line feed, other control characters are blanks.
std::string terminal_text(std::string_view text);

/// One behind the other.
std::string joined(std::span<const std::string> texts, std::string_view between);

/// "52 bytes", "3.4 MB".
std::string readable_size(unsigned long long bytes);

/// In UTC, "2026-07-28T09:30:00Z".
std::string iso_time(std::time_t time);

}  // namespace headrace::server
