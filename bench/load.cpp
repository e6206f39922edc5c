// The client that measures: who calls when.
#include <headrace/bench/exchange.hpp>
#include <headrace/bench/load.hpp>

#include <algorithm>
#include <ctime>
#include <sys/prctl.h>

namespace headrace::bench {

namespace {

// What a pipe holds, less a good margin: with no more than that under way nobody's write blocks.
constexpr std::size_t safe_bytes = std::size_t{32} << 10;
// Of a round trip; greater ones take memory when they come.
constexpr std::uint64_t expected_ns = 100'000'000;

double own_time_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// What a round says beside its single values.
class Totals {
 public:
  void write_to(Round& round, std::size_t calls) const {
    const std::chrono::duration<double> took = Clock::now() - began_;
    const auto count = static_cast<double>(calls);
    round.client_ns = (own_time_ns() - own_began_) / count;
    round.per_second = count / took.count();
  }

 private:
  double own_began_ = own_time_ns();
  Clock::time_point began_ = Clock::now();
};

// Sleeps end on time, not 50 µs later; for as long as this lives. The target runs already and does
// not inherit it.
class ExactTimers {
 public:
  ExactTimers() { ::prctl(PR_SET_TIMERSLACK, 1); }
  ExactTimers(const ExactTimers&) = delete;
  ExactTimers& operator=(const ExactTimers&) = delete;
  ~ExactTimers() { ::prctl(PR_SET_TIMERSLACK, 0); }
};

}  // namespace

Round closed_loop(Target& target, const Payload& payload, std::size_t calls,
                  std::size_t in_flight) {
  in_flight = std::max<std::size_t>(1, in_flight);
  const std::size_t greatest = std::max(payload.request_size, payload.answer_size);
  const bool plain = std::min(in_flight, calls) * greatest <= safe_bytes;
  Exchange exchange(target, payload, calls, in_flight,
                    plain ? Exchange::Waiting::plain : Exchange::Waiting::careful);
  Round round;
  round.values.reserve(expected_ns);
  const Totals totals;
  while (exchange.answered() < calls) {
    const auto now = Clock::now();
    while (exchange.sent() < calls && exchange.sent() - exchange.answered() < in_flight)
      exchange.add(now);
    exchange.send();
    exchange.receive(round.values, Clock::time_point::max());
  }
  totals.write_to(round, std::max<std::size_t>(1, calls));
  return round;
}

Round open_loop(Target& target, const Payload& payload, std::size_t calls, double per_second) {
  Exchange exchange(target, payload, calls, 64, Exchange::Waiting::careful);
  Round round;
  round.values.reserve(expected_ns);
  const ExactTimers exact;
  const Totals totals;
  const auto began = Clock::now();
  const auto due = [&](std::size_t call) {
    const std::chrono::duration<double> after(static_cast<double>(call) / per_second);
    return began + std::chrono::duration_cast<Clock::duration>(after);
  };
  while (exchange.answered() < calls) {
    const auto now = Clock::now();
    while (exchange.sent() < calls && due(exchange.sent()) <= now)
      exchange.add(due(exchange.sent()));
    exchange.send();
    const bool all_sent = exchange.sent() == calls;
    exchange.receive(round.values, all_sent ? Clock::time_point::max() : due(exchange.sent()));
  }
  totals.write_to(round, std::max<std::size_t>(1, calls));
  return round;
}

}  // namespace headrace::bench
