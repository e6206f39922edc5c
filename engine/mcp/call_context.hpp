// What a call to a server may bring along beyond its parameters.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace headrace::engine::mcp {

/// A `notifications/progress` of a server; the numbers are finite.
struct ProgressUpdate {
  double progress = 0;
  std::optional<double> total;
  std::string message;
};

/// A value. A tag alone costs nothing: a call to a server of the legacy era is still one request,
/// of which nothing is kept but the callback.
struct CallContext {
  /// Names the call in Question::call_tag; the caller's own, 0 for none.
  std::uint64_t tag = 0;
  /// Called on the executor until the call ends, never after that. With it the server is asked for
  /// progress; it need not send any, and what it sends need not grow.
  std::function<void(const ProgressUpdate&)> on_progress;
  /// What else the request's `_meta` is to have: raw members with commas between them, without
  /// braces; none that the protocol itself has there for a request.
  std::string meta;
  /// The tool has `execution.taskSupport: required`: it is called as a task where the server offers
  /// that, and plainly where not. Servers of the modern era decide by themselves; it means nothing
  /// there.
  bool as_task = false;
};

}  // namespace headrace::engine::mcp
