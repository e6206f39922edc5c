// The client that measures: calls of a tool with as little of its own as can be.
#pragma once

#include <headrace/bench/report.hpp>
#include <headrace/bench/target.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace headrace::bench {

/// What each call is: `tool` with so long a text that the request's line has `request_size` bytes
/// (or the least that is possible, some 130); the echo server answers with a line of `answer_size`.
struct Payload {
  std::string tool = "echo";
  std::size_t request_size = 200;
  std::size_t answer_size = 200;
  /// Without any answer for that long the target is given up.
  std::chrono::milliseconds patience = std::chrono::minutes(1);
};

// Both throw std::runtime_error when a call is refused, an answer is too short to be the one that
// was asked for, or the target ends or falls silent. What it has sent of itself (notifications) is
// skipped; a request of its own that needs an answer is a failure.

/// Closed loop: `in_flight` calls are always under way, the next is sent when one is answered. Each
/// call's time counts from its own writing. Answers may come in any order.
Round closed_loop(Target& target, const Payload& payload, std::size_t calls, std::size_t in_flight);

/// Open loop: calls are sent at a constant rate whether or not earlier ones are answered, and each
/// call's time counts from when it was due to be sent. So one stall counts for all calls that it
/// has kept waiting (no coordinated omission).
Round open_loop(Target& target, const Payload& payload, std::size_t calls, double per_second);

}  // namespace headrace::bench
