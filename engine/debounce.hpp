// Tells when to speak of what keeps changing: once it is quiet, or at last.
#pragma once

#include <headrace/engine/deadline.hpp>

#include <algorithm>

namespace headrace::engine {

/// A plain value without a timer of its own.
class Debounce {
 public:
  /// Due after `quiet` without a change, and no later than `longest` after the first.
  Debounce(Clock::duration quiet, Clock::duration longest) : quiet_(quiet), longest_(longest) {}

  void note(Clock::time_point now) {
    if (!pending_) first_ = now;
    pending_ = true;
    last_ = now;
  }

  bool pending() const noexcept { return pending_; }
  /// While pending.
  Clock::time_point due() const { return std::min(last_ + quiet_, first_ + longest_); }

  /// True once for all that was noted until it was due.
  bool take(Clock::time_point now) {
    if (!pending_ || now < due()) return false;
    pending_ = false;
    return true;
  }

 private:
  Clock::duration quiet_;
  Clock::duration longest_;
  Clock::time_point first_{};
  Clock::time_point last_{};
  bool pending_ = false;
};

}  // namespace headrace::engine
