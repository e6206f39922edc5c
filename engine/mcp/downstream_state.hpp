// When a server is started, and started again: the supervisor's decisions, without I/O.
#pragma once

#include <headrace/engine/deadline.hpp>

#include <string>

namespace headrace::engine::mcp {

enum class Phase {
  idle,      ///< Not running; starts when somebody needs it.
  starting,  ///< The process runs or is about to, the handshake is not over.
  ready,
  stopping,
  closed,  ///< For good.
};
const char* to_string(Phase phase) noexcept;

/// How long, for messages: "1.5 s".
std::string seconds(Clock::duration time);

/// A start that fails is not tried again at once, however often it is asked for: those who ask are
/// told why it failed last. One that worked is started again at once when it dies, except when it
/// keeps dying young; then those who ask wait.
class DownstreamState {
 public:
  struct Policy {
    Clock::duration first_delay = std::chrono::milliseconds(500);
    Clock::duration longest_delay = std::chrono::seconds(30);
    /// One that dies before this age has died young.
    Clock::duration settled = std::chrono::seconds(5);
    /// So often it may die young in a row before it has to wait.
    int free_restarts = 3;
  };
  enum class Advice { use, wait, start, fail };

  explicit DownstreamState(Policy policy) noexcept : policy_(policy) {}
  DownstreamState() noexcept : DownstreamState(Policy{}) {}

  /// What to do with a call that comes now. `start`: begin to start, not before not_before().
  Advice on_demand(Clock::time_point now) noexcept;
  void on_ready(Clock::time_point now) noexcept;
  void on_start_failed(Clock::time_point now, std::string reason);
  void on_ended(Clock::time_point now, std::string reason);
  /// Ended since it was told to, without fault.
  void on_rested(Clock::time_point now) noexcept;
  void on_stopping() noexcept { phase_ = Phase::stopping; }
  void on_closed() noexcept { phase_ = Phase::closed; }

  Phase phase() const noexcept { return phase_; }
  Clock::time_point not_before() const noexcept { return not_before_; }
  const std::string& last_failure() const noexcept { return last_failure_; }
  int starts() const noexcept { return starts_; }

 private:
  Clock::duration delay(int failures) const noexcept;

  Policy policy_;
  Phase phase_ = Phase::idle;
  int failed_starts_ = 0;
  int young_deaths_ = 0;
  int starts_ = 0;
  Clock::time_point ready_since_{};
  Clock::time_point not_before_{};
  std::string last_failure_;
};

}  // namespace headrace::engine::mcp
