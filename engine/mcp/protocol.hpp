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

/// Versions of the modern era, the newest first.
inline constexpr std::array<std::string_view, 1> modern_versions{"2026-07-28"};

/// Keys of a modern request's `_meta`, and of a modern result's.
namespace meta_key {
inline constexpr std::string_view protocol_version = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view client_info = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view client_capabilities =
    "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view log_level = "io.modelcontextprotocol/logLevel";
inline constexpr std::string_view subscription_id = "io.modelcontextprotocol/subscriptionId";
inline constexpr std::string_view server_info = "io.modelcontextprotocol/serverInfo";
}  // namespace meta_key

inline constexpr std::int64_t parse_error = -32700;
inline constexpr std::int64_t invalid_request = -32600;
inline constexpr std::int64_t method_not_found = -32601;
inline constexpr std::int64_t invalid_params = -32602;
inline constexpr std::int64_t internal_error = -32603;
inline constexpr std::int64_t missing_client_capability = -32021;
inline constexpr std::int64_t unsupported_protocol_version = -32022;

struct Implementation {
  std::string name;
  std::string version;
  std::string title;
};

/// `{"name":…,"title":…,"version":…}`.
std::string implementation_json(const Implementation& implementation);

/// A folder, or another place, that a server may take for its own work.
struct Root {
  std::string uri;
  std::string name;  ///< For people; empty for none.
};

/// The version to answer an `initialize` with: the one asked for where we speak it, else our
/// newest.
std::string_view negotiate_version(std::string_view requested) noexcept;
bool is_legacy_version(std::string_view version) noexcept;
bool is_modern_version(std::string_view version) noexcept;

}  // namespace headrace::engine::mcp
