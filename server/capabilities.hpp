// What the model is told about the sandbox, in short and in full.
#pragma once

#include <string>
#include <string_view>

namespace headrace::server {

inline constexpr std::string_view capabilities_uri =
    "resource://mcp-server-code-execution-mode/capabilities";

/// The raw object of the resource in `resources/list`.
std::string capabilities_definition();
/// The resource itself: Markdown.
std::string capabilities_text();
/// What servers there are, as JSON; changes when they do.
inline constexpr std::string_view servers_uri = "headrace://servers";
std::string servers_definition();

/// The `instructions` of `initialize`.
std::string_view instructions() noexcept;

}  // namespace headrace::server
