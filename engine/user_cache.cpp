// Where this user's programs keep what can be had again.
#include <headrace/engine/user_cache.hpp>

#include <cstdlib>

namespace headrace::engine {

std::filesystem::path user_cache() {
  using std::filesystem::path;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return path(cache) / "headrace";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return path(home) / ".cache" / "headrace";
  return {};
}

}  // namespace headrace::engine
