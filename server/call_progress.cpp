// The timer round the throttle.
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/utf8_prefix.hpp>
#include <headrace/server/call_progress.hpp>

#include <chrono>
#include <cmath>
#include <system_error>

namespace headrace::server {
namespace {

constexpr auto interval = std::chrono::milliseconds(50);
constexpr std::size_t longest_message = 4096;

}  // namespace

std::string call_progress_params(std::string_view id, double progress, std::optional<double> total,
                                 std::string_view message) {
  std::string json;
  if (!std::isfinite(progress)) return json;
  framing::JsonWriter writer(json);
  writer.begin_object().raw_member("call", id).member("progress", progress);
  if (total && std::isfinite(*total)) writer.member("total", *total);
  if (!message.empty()) {
    writer.member("message", framing::utf8_prefix(message, longest_message));
  }
  writer.end_object();
  return json;
}

CallProgress::CallProgress(const engine::Executor& executor, Send send)
    : send_(std::move(send)), throttle_(interval), timer_(executor) {}

void CallProgress::tell(std::string params) {
  if (over_ || params.empty()) return;
  if (throttle_.offer(std::move(params), engine::Clock::now())) {
    send_waiting();
  } else {
    arm();
  }
}

void CallProgress::finish() {
  if (over_) return;
  over_ = true;
  timer_.cancel();
  const std::optional<std::string> last = throttle_.take(engine::Clock::now());
  if (last) send_(*last, true);
}

void CallProgress::send_waiting() {
  std::optional<std::string> params = throttle_.take(engine::Clock::now());
  if (!params || send_(*params, false)) return;
  throttle_.put_back(std::move(*params));
  arm();
}

void CallProgress::arm() {
  if (armed_) return;
  armed_ = true;
  timer_.expires_at(throttle_.due());
  timer_.async_wait([weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self) return;
    self->armed_ = false;
    if (!error && !self->over_) self->send_waiting();
  });
}

}  // namespace headrace::server
