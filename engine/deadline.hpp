// When a call has to be over: set once at the top, passed down, spent by each layer.
#pragma once

#include <algorithm>
#include <chrono>

namespace headrace::engine {

using Clock = std::chrono::steady_clock;

/// A point on the steady clock. A value; cheap to copy and to compare.
class Deadline {
 public:
  /// Never passes.
  constexpr Deadline() noexcept = default;
  constexpr explicit Deadline(Clock::time_point at) noexcept : at_(at) {}

  static Deadline after(Clock::duration time) noexcept { return Deadline(Clock::now() + time); }

  constexpr Clock::time_point at() const noexcept { return at_; }
  constexpr bool is_never() const noexcept { return at_ == Clock::time_point::max(); }
  bool passed() const noexcept { return !is_never() && Clock::now() >= at_; }
  /// What is left, never negative.
  Clock::duration left() const noexcept {
    return is_never() ? Clock::duration::max()
                      : std::max(at_ - Clock::now(), Clock::duration::zero());
  }
  /// So much later; one that never passes stays so.
  constexpr Deadline later(Clock::duration by) const noexcept {
    return at_ > Clock::time_point::max() - by ? Deadline() : Deadline(at_ + by);
  }
  constexpr Deadline earlier(Deadline other) const noexcept {
    return Deadline(std::min(at_, other.at_));
  }

 private:
  Clock::time_point at_ = Clock::time_point::max();
};

}  // namespace headrace::engine
