// Where messages for people go: one sink, one level, no global state.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace headrace::engine {

/// The levels of MCP's logging, which are syslog's, the least urgent first.
enum class LogLevel { debug, info, notice, warning, error, critical, alert, emergency };

/// For messages.
inline constexpr std::string_view log_level_names =
    "debug, info, notice, warning, error, critical, alert, emergency";

std::string_view to_string(LogLevel level) noexcept;
/// False for a name that is no level. Also takes Python's names: WARN, FATAL, in any case.
bool parse_log_level(std::string_view text, LogLevel& level) noexcept;

/// Cheap to copy; copies share their sink and level. A default one drops everything.
class Logger {
 public:
  using Sink = std::function<void(LogLevel, std::string_view source, std::string_view message)>;

  Logger() = default;
  Logger(LogLevel level, Sink sink)
      : state_(std::make_shared<State>(State{level, std::move(sink)})) {}

  void set_level(LogLevel level) {
    if (state_) state_->level = level;
  }
  bool enabled(LogLevel level) const noexcept { return state_ && level >= state_->level; }
  /// `source` says who speaks: "server x", "sandbox", "config".
  void log(LogLevel level, std::string_view source, std::string_view message) const {
    if (enabled(level)) state_->sink(level, source, message);
  }

 private:
  struct State {
    LogLevel level;
    Sink sink;
  };
  std::shared_ptr<State> state_;
};

}  // namespace headrace::engine
