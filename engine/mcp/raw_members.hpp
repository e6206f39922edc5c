// The members of params, raw: where they are, and of which kind.
#pragma once

#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_scanner.hpp>

#include <span>
#include <string>
#include <string_view>

namespace headrace::engine::mcp {

/// Finds `members` in a raw object; the views are into `params`. True as well where there are no
/// params; false for what is no object, has one of them twice, or writes its key with escapes.
inline bool scan(std::string_view params, std::span<framing::Member> members) {
  if (params.empty()) return true;
  framing::ObjectScanner scanner;
  return scanner.scan_members(params, members) == framing::Fault::none;
}

/// Of what is JSON, whether it is a string.
inline bool is_string(std::string_view raw) noexcept {
  return !raw.empty() && raw.front() == '"';
}

/// What a raw JSON string says; nothing for any other value.
inline std::string text_of(std::string_view raw) {
  std::string text;
  if (is_string(raw)) framing::append_unescaped(text, raw);
  return text;
}

/// Of what is JSON, whether it is an object.
inline bool is_object(std::string_view raw) noexcept {
  return !raw.empty() && raw.front() == '{';
}

}  // namespace headrace::engine::mcp
