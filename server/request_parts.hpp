// What the requests of an interpreter have in common: error codes, and reading their parameters.
#pragma once

#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/engine/peer_core.hpp>
#include <headrace/framing/json_writer.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::server {

// docs/session-protocol.md lists them.
inline constexpr std::int64_t timed_out_code = -32001;
inline constexpr std::int64_t not_available_code = -32010;
inline constexpr std::int64_t tool_not_found_code = -32011;
inline constexpr std::int64_t server_failed_code = -32012;

/// Whether a raw JSON value is a string.
inline bool is_string(std::string_view raw) noexcept {
  return !raw.empty() && raw.front() == '"';
}

/// What a raw JSON string says; nothing for any other value.
inline std::string text_of(std::string_view raw) {
  std::string text;
  if (is_string(raw)) framing::append_unescaped(text, raw);
  return text;
}

/// The raw `arguments` of a tool or prompt as they stand in `message`, `{}` for none; else the
/// request is refused.
inline std::optional<engine::RawJson> read_arguments(engine::Responder& responder,
                                                     const engine::Message& message,
                                                     std::string_view raw) {
  if (raw.empty() || raw == "null") return engine::RawJson{"{}", {}};
  if (raw.front() == '{') return engine::RawJson{raw, message.frame.owner};
  responder.error(engine::mcp::invalid_params, "'arguments' must be an object");
  return std::nullopt;
}

}  // namespace headrace::server
