// Names and numbers of the Model Context Protocol that both roles use.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::engine::mcp {

/// 2024-11-05 to 2025-11-25 begin with `initialize`; 2026-07-28 is stateless. Which era a
/// conversation is in is decided message by message on the server's side, and once per server on
/// the client's.
enum class Era { legacy, modern };

/// Versions of the legacy era, the newest first.
inline constexpr std::array<std::string_view, 4> legacy_versions{"2025-11-25", "2025-06-18",
                                                                 "2025-03-26", "2024-11-05"};

inline constexpr std::int64_t parse_error = -32700;
inline constexpr std::int64_t invalid_request = -32600;
inline constexpr std::int64_t method_not_found = -32601;
inline constexpr std::int64_t invalid_params = -32602;
inline constexpr std::int64_t internal_error = -32603;

struct Implementation {
  std::string name;
  std::string version;
  std::string title;
};

/// The version to answer an `initialize` with: the one asked for where we speak it, else our
/// newest.
std::string_view negotiate_version(std::string_view requested) noexcept;
bool is_legacy_version(std::string_view version) noexcept;

}  // namespace headrace::engine::mcp
