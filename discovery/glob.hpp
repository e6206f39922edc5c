// Compares a name with a pattern that may hold `*` and `?`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// `*` is any run of bytes, also none, and `?` any one byte; all others are themselves. Takes time
/// in proportion to both lengths multiplied at worst, and no memory.
bool matches_glob(std::string_view pattern, std::string_view name) noexcept;

/// Whether any of the patterns does.
bool matches_any_glob(const std::vector<std::string>& patterns, std::string_view name) noexcept;

}  // namespace headrace::discovery
