// Finds in TOML text what toml++ must not be given.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace headrace::discovery {

/// Offset of the first byte outside ASCII where toml++ takes it for white space that it may be, and
/// runs into undefined behaviour if it is not: outside strings and comments, where TOML has no
/// place for it, and after a backslash that ends a line of a string. Looks no further than the
/// first string that is not closed.
std::optional<std::size_t> find_bare_non_ascii(std::string_view text) noexcept;

}  // namespace headrace::discovery
