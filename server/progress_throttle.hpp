// How often something is told: what comes too soon waits for its turn, and the latest takes the
// place of what waits.
#pragma once

#include <headrace/engine/deadline.hpp>

#include <optional>
#include <string>
#include <utility>

namespace headrace::server {

/// Without I/O.
class ProgressThrottle {
 public:
  using TimePoint = engine::Clock::time_point;

  explicit ProgressThrottle(engine::Clock::duration interval) noexcept : interval_(interval) {}

  /// True: take() is to be called now; else at due().
  bool offer(std::string text, TimePoint now) {
    waiting_ = std::move(text);
    return now >= due_;
  }
  /// What waits; whatever comes next has its turn an interval later.
  std::optional<std::string> take(TimePoint now) {
    due_ = now + interval_;
    return std::exchange(waiting_, std::nullopt);
  }
  /// What was taken could not be told: it waits for the next turn.
  void put_back(std::string text) { waiting_ = std::move(text); }

  bool waits() const noexcept { return waiting_.has_value(); }
  TimePoint due() const noexcept { return due_; }

 private:
  engine::Clock::duration interval_;
  TimePoint due_{};
  std::optional<std::string> waiting_;
};

}  // namespace headrace::server
