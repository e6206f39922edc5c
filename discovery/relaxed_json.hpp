// Makes JSON of the JSON that people write: with comments, and commas at the end of a list.
#pragma once

#include <string>
#include <string_view>

namespace headrace::discovery {

/// The text with `//` and `/* */` comments, and commas before a closing bracket, replaced by
/// spaces: every other byte stays at its offset, and lines stay lines. Strings are left alone.
std::string relax_json(std::string_view text);

}  // namespace headrace::discovery
