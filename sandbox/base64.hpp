// Base64 as MCP's strict clients want it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::sandbox {

/// The bytes that `text` stands for. Nothing unless it is the one canonical text of those bytes:
/// standard alphabet, padded, no line feeds, no stray bits.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace headrace::sandbox
