// Room on stderr is asked for before each write.
#include <headrace/framing/utf8_prefix.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/stderr_stream.hpp>

#include <algorithm>
#include <chrono>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace headrace::server {
namespace {

// A pipe that has room at all has room for so much.
constexpr std::size_t most_at_once = 4096;
constexpr auto pause = std::chrono::milliseconds(20);

bool has_room() noexcept {
  pollfd room{STDERR_FILENO, POLLOUT, 0};
  return ::poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0;
}

}  // namespace

std::string log_line(engine::LogLevel level, std::string_view source, std::string_view message) {
  std::string line = "headrace: ";
  line.append(engine::to_string(level)).append(": ").append(source).append(": ").append(message);
  return terminal_text(line) + "\n";
}

void log_to_stderr(engine::LogLevel level, std::string_view source, std::string_view message) {
  std::string line = log_line(level, source, message);
  if (line.size() > most_at_once) {
    constexpr std::string_view cut = " …\n";
    line.resize(framing::utf8_prefix(line, most_at_once - cut.size()).size());
    line += cut;
  }
  if (!has_room()) return;
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

void StderrStream::write(std::string_view text) {
  const std::size_t fits = std::min(text.size(), most_kept - kept_.size());
  kept_.append(text.substr(0, fits));
  lost_ += text.size() - fits;
  if (!waiting_) write_kept();
}

void StderrStream::stop() {
  stopped_ = true;
  timer_.cancel();
}

void StderrStream::write_kept() {
  std::size_t done = 0;
  while (done < kept_.size() && has_room()) {
    const ssize_t size =
        ::write(STDERR_FILENO, kept_.data() + done, std::min(most_at_once, kept_.size() - done));
    // Nobody reads it any more, or the disk is full.
    if (size < 0) done = kept_.size();
    if (size > 0) done += static_cast<std::size_t>(size);
  }
  kept_.erase(0, done);
  if (kept_.empty() && lost_ > 0) {
    const std::size_t lost = std::exchange(lost_, 0);
    kept_ = "\nheadrace: " + std::to_string(lost) + " bytes were lost here: nobody read stderr\n";
  }
  if (!kept_.empty()) look_later();
}

void StderrStream::look_later() {
  if (stopped_) return;
  waiting_ = true;
  timer_.expires_after(pause);
  timer_.async_wait([weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    self->waiting_ = false;
    self->write_kept();
  });
}

}  // namespace headrace::server
