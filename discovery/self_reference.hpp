// Recognises entries that would start this program, or the one that it replaces, inside itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

bool looks_like_self(std::string_view name, std::string_view command,
                     const std::vector<std::string>& args);

}  // namespace headrace::discovery
