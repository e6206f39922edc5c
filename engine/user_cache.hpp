// Where this user's programs keep what can be had again.
#pragma once

#include <filesystem>

namespace headrace::engine {

/// `headrace` in $XDG_CACHE_HOME, or in ~/.cache; it need not exist. Empty when the environment
/// names neither by an absolute path.
std::filesystem::path user_cache();

}  // namespace headrace::engine
