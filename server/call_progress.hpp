// The progress of one tool call on its way to the code that waits for the call.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/server/progress_throttle.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::server {

/// Raw JSON for the interpreter, of the call with this raw id; empty when there is no number in it.
std::string call_progress_params(std::string_view id, double progress, std::optional<double> total,
                                 std::string_view message);

/// Tells it in good time: at most every 50 ms, the last one always. Held by shared_ptr.
class CallProgress : public std::enable_shared_from_this<CallProgress> {
 public:
  /// False when it can't be sent now; what is `owed` is to be sent in any case.
  using Send = std::function<bool(const std::string& params, bool owed)>;

  CallProgress(const engine::Executor& executor, Send send);

  void tell(std::string params);
  /// Before the answer: sends what waits, and nothing after it.
  void finish();

 private:
  void send_waiting();
  void arm();

  Send send_;
  ProgressThrottle throttle_;
  asio::steady_timer timer_;
  bool armed_ = false;
  bool over_ = false;
};

}  // namespace headrace::server
