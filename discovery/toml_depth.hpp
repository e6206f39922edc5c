// Tells how deep the keys of a TOML text go, without parsing it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace headrace::discovery {

/// No configuration has more dots in one header, or in one key with its value.
inline constexpr std::size_t kMaxTomlDots = 1'000;

/// The 1-based line of the first statement with more than `kMaxTomlDots` outside of strings and
/// comments: each dot of a key is a table in a table, and a parser that calls itself for each needs
/// a stack for all. Nothing when there is none. What stands behind the first error of a text that
/// is not TOML may be counted wrongly: no parser gets there.
std::optional<std::size_t> find_deep_toml(std::string_view text) noexcept;

}  // namespace headrace::discovery
