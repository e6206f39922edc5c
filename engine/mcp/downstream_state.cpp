// Restart and backoff.
#include <headrace/engine/mcp/downstream_state.hpp>

#include <algorithm>
#include <utility>

namespace headrace::engine::mcp {

const char* to_string(Phase phase) noexcept {
  constexpr const char* names[] = {"idle", "starting", "ready", "stopping", "closed"};
  return names[static_cast<int>(phase)];
}

std::string seconds(Clock::duration time) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 != 0) text += "." + std::to_string(ms % 1000 / 100);
  return text + " s";
}

DownstreamState::Advice DownstreamState::on_demand(Clock::time_point now) noexcept {
  switch (phase_) {
    case Phase::ready:
      return Advice::use;
    case Phase::starting:
      return Advice::wait;
    case Phase::stopping:
    case Phase::closed:
      return Advice::fail;
    case Phase::idle:
      break;
  }
  if (failed_starts_ > 0 && now < not_before_) return Advice::fail;
  phase_ = Phase::starting;
  ++starts_;
  return Advice::start;
}

void DownstreamState::on_ready(Clock::time_point now) noexcept {
  phase_ = Phase::ready;
  failed_starts_ = 0;
  ready_since_ = now;
}

void DownstreamState::on_start_failed(Clock::time_point now, std::string reason) {
  phase_ = Phase::idle;
  not_before_ = now + delay(failed_starts_++);
  last_failure_ = std::move(reason);
}

void DownstreamState::on_ended(Clock::time_point now, std::string reason) {
  phase_ = Phase::idle;
  young_deaths_ = now - ready_since_ < policy_.settled ? young_deaths_ + 1 : 0;
  const int excess = young_deaths_ - policy_.free_restarts;
  not_before_ = excess > 0 ? now + delay(excess - 1) : now;
  last_failure_ = std::move(reason);
}

void DownstreamState::on_rested(Clock::time_point now) noexcept {
  phase_ = Phase::idle;
  not_before_ = now;
}

Clock::duration DownstreamState::delay(int failures) const noexcept {
  const auto doubled = policy_.first_delay * (1 << std::min(failures, 16));
  return std::min(doubled, policy_.longest_delay);
}

}  // namespace headrace::engine::mcp
