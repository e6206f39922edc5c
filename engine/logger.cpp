// Names of log levels.
#include <headrace/engine/logger.hpp>

#include <array>
#include <cctype>

namespace headrace::engine {
namespace {

struct LevelName {
  std::string_view name;
  LogLevel level;
};
// The first name of a level is the one that is written.
constexpr std::array level_names{
    LevelName{"debug", LogLevel::debug},   LevelName{"info", LogLevel::info},
    LevelName{"notice", LogLevel::notice}, LevelName{"warning", LogLevel::warning},
    LevelName{"error", LogLevel::error},   LevelName{"critical", LogLevel::critical},
    LevelName{"alert", LogLevel::alert},   LevelName{"emergency", LogLevel::emergency},
    LevelName{"warn", LogLevel::warning},  LevelName{"fatal", LogLevel::critical},
};

bool same_word(std::string_view a, std::string_view lower) noexcept {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(a[i])) != lower[i]) return false;
  }
  return true;
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
  return level_names[static_cast<std::size_t>(level)].name;
}

bool parse_log_level(std::string_view text, LogLevel& level) noexcept {
  for (const LevelName& one : level_names) {
    if (same_word(text, one.name)) {
      level = one.level;
      return true;
    }
  }
  return false;
}

}  // namespace headrace::engine
