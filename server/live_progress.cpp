// A timer round LiveOutput.
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/live_progress.hpp>
#include <headrace/server/plain_text.hpp>

namespace headrace::server {
namespace {

using engine::Clock;
using engine::Deadline;

// A client that asked for progress hears at least this often that the run is alive.
constexpr auto heartbeat = std::chrono::seconds(2);

// And of how far a tool call is at most so often.
constexpr auto call_pause = std::chrono::milliseconds(250);

std::string number(double value) {
  std::string text;
  framing::JsonWriter(text).value(value);
  return text;
}

}  // namespace

void LiveProgress::listen(CodeRun& request) {
  request.progress = [weak = weak_from_this()](std::string_view message) {
    const auto self = weak.lock();
    if (!self || self->over_) return;
    LiveOutput::Message words;
    words.text = one_line(message, LiveOutput::longest_message);
    self->say(words);
  };
  request.on_call_progress = [weak = weak_from_this()](const std::string& server,
                                                       const std::string& tool,
                                                       const engine::mcp::ProgressUpdate& update) {
    const auto self = weak.lock();
    if (self && !self->over_) self->tell_of_call(server + "." + tool, update);
  };
  request.on_output = [weak = weak_from_this()](bool is_error, std::string_view text) {
    const auto self = weak.lock();
    if (!self || self->over_) return;
    self->output_.print(is_error, text);
    self->tell();
  };
  request.on_progress = [weak = weak_from_this()](const sandbox::RunProgress& progress) {
    const auto self = weak.lock();
    if (!self || self->over_) return;
    self->output_.progress(progress);
    self->tell();
  };
}

void LiveProgress::tell_of_call(const std::string& call,
                                const engine::mcp::ProgressUpdate& update) {
  // The numbers are the run's own: a call's are words here. What comes too fast is left out.
  if (Clock::now() < said_ + call_pause) return;
  std::string text = call + ": " + number(update.progress);
  if (update.total) text += "/" + number(*update.total);
  if (!update.message.empty()) text += " " + update.message;
  LiveOutput::Message words;
  words.text = one_line(text, LiveOutput::longest_message);
  say(words);
}

void LiveProgress::tell() {
  const Clock::time_point now = Clock::now();
  while (const auto message = output_.take(now))
    say(*message);
  const auto due = output_.due();
  if (due && *due < waits_until_) changed_.set();
}

void LiveProgress::say(const LiveOutput::Message& message) {
  said_ = Clock::now();
  const auto call = call_.lock();
  if (!call) return;
  if (message.done) {
    call->progress(*message.done, message.total, message.text);
  } else {
    call->progress(message.text);
  }
}

asio::awaitable<void> LiveProgress::speak(std::shared_ptr<LiveProgress> self) {
  while (!self->over_) {
    Deadline next(self->said_ + heartbeat);
    if (const auto due = self->output_.due()) next = next.earlier(Deadline(*due));
    self->waits_until_ = next.at();
    self->changed_.reset();
    co_await self->changed_.async_wait(next);
    if (self->over_) break;
    self->tell();
    const Clock::time_point now = Clock::now();
    if (now < self->said_ + heartbeat) continue;
    const auto running = std::chrono::duration_cast<std::chrono::seconds>(now - self->begun_);
    LiveOutput::Message alive;
    alive.text = "running for " + std::to_string(running.count()) + " s";
    self->say(alive);
  }
}

void LiveProgress::end() {
  if (const auto message = output_.take_last_progress()) say(*message);
  over_ = true;
  changed_.set();
}

}  // namespace headrace::server
