// What a raw JSON-RPC id is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace headrace::framing {

/// The id as an integer, when it is spelled as one and in no other way: no fraction, no exponent,
/// no leading zero, no "-0", no quotes. What we send ourselves looks like this.
std::optional<std::int64_t> integer_id(std::string_view raw) noexcept;

/// True for a JSON number or a JSON string; `null` is no id for a request.
bool is_valid_id(std::string_view raw) noexcept;

}  // namespace headrace::framing
