// Parsing JSON, and the members of objects, as both roles read what the other end says.
#pragma once

#include <headrace/engine/mcp/protocol.hpp>

#include <string>
#include <string_view>

#include <simdjson.h>

namespace headrace::engine::mcp {

/// False for what is no JSON; nothing at all is none, and simdjson may not be handed that.
inline bool parse_json(simdjson::dom::parser& parser, std::string_view text,
                       simdjson::dom::element& element) {
  return !text.empty() && parser.parse(text.data(), text.size()).get(element) == simdjson::SUCCESS;
}

/// Empty where there is no string.
inline std::string text_of(simdjson::dom::element object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

inline bool has_object(simdjson::dom::element object, std::string_view key) {
  return object[key].is_object();
}

/// What is missing or no string is empty.
inline Implementation read_implementation(simdjson::dom::element info) {
  return {text_of(info, "name"), text_of(info, "version"), text_of(info, "title")};
}

}  // namespace headrace::engine::mcp
