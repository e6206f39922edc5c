// Which of the right names a wrong one was likely meant to be.
#pragma once

#include <span>
#include <string_view>

namespace headrace::discovery {

/// A place in `names`; `names.size()` when none is near. Near is the same in another case or
/// another style (`filePath` for `file_path`), or one or two letters away; the nearest comes first.
std::size_t nearest_name(std::string_view name, std::span<const std::string_view> names);

}  // namespace headrace::discovery
