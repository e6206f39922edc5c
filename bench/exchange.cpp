// The measuring client's side of the pipes.
#include <headrace/bench/answer.hpp>
#include <headrace/bench/exchange.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

namespace headrace::bench {

namespace {

// All ids have as many digits, so that a call is a copy with a number put in; they do not collide
// with those that Target uses.
constexpr std::uint64_t first_id = 1'000'000;
constexpr std::size_t id_digits = 7;
constexpr std::size_t read_size = std::size_t{256} << 10;
// What surrounds the text in an answer, generously.
constexpr std::size_t surroundings = 150;

std::string call_line(const Payload& payload, std::size_t& id_at) {
  std::string line = R"({"jsonrpc":"2.0","id":)";
  id_at = line.size();
  line.append(id_digits, '0').append(R"(,"method":"tools/call","params":{"name":)");
  framing::append_quoted(line, payload.tool);
  line += R"(,"arguments":{)";
  if (payload.answer_size != Payload().answer_size) {
    line += R"("size":)" + std::to_string(payload.answer_size) + ",";
  }
  line += R"("text":")";
  constexpr std::string_view end = "\"}}}\n";
  const std::size_t size = line.size() + end.size();
  line.append(payload.request_size > size ? payload.request_size - size : 1, 'x');
  return line.append(end);
}

void put_id(char* at, std::uint64_t id) noexcept {
  for (char* digit = at + id_digits; digit != at; id /= 10)
    *--digit = static_cast<char>('0' + id % 10);
}

bool says_error(std::string_view part) {
  const std::size_t at = part.find(R"("isError":)");
  if (at == std::string_view::npos) return false;
  const std::size_t value = part.find_first_not_of(' ', at + 10);
  return value != std::string_view::npos && part.substr(value).starts_with("true");
}

// In a long one only where SDKs put it: before or behind the content.
bool is_failure(std::string_view line) {
  constexpr std::size_t looked_at = 1024;
  if (line.size() <= 2 * looked_at) return says_error(line);
  return says_error(line.substr(0, looked_at)) || says_error(line.substr(line.size() - looked_at));
}

void set_blocking(int fd, bool blocking) {
  const int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

// Interrupts a read that blocks, so that a silent target is noticed without a system call more.
void set_alarm(Clock::duration every) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ::sigaction(SIGALRM, &action, nullptr);
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(every).count();
  itimerval timer{};
  timer.it_interval.tv_sec = timer.it_value.tv_sec = microseconds / 1'000'000;
  timer.it_interval.tv_usec = timer.it_value.tv_usec = microseconds % 1'000'000;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

Exchange::Exchange(Target& target, const Payload& payload, std::size_t calls, std::size_t at_once,
                   Waiting waiting)
    : target_(target),
      patience_(payload.patience),
      careful_(waiting == Waiting::careful),
      single_(at_once == 1),
      call_(call_line(payload, id_at_)),
      least_answer_(payload.answer_size > surroundings ? payload.answer_size - surroundings : 1),
      began_(calls),
      done_(calls),
      last_answer_(Clock::now()) {
  if (!single_) out_.reserve(std::min(at_once, calls) * call_.size());
  in_.resize(std::max(read_size, payload.answer_size * 2 + read_size));
  in_.replace(0, target.rest().size(), target.rest());
  end_ = target.rest().size();
  target.rest().clear();
  if (careful_) {
    set_blocking(target.input(), false);
    set_blocking(target.output(), false);
  } else {
    set_alarm(patience_ / 2);
  }
}

Exchange::~Exchange() {
  if (careful_) {
    set_blocking(target_.input(), true);
    set_blocking(target_.output(), true);
  } else {
    set_alarm({});
  }
  target_.rest().assign(in_, begin_, end_ - begin_);
}

void Exchange::add(Clock::time_point began) {
  began_[sent_] = began;
  put_id(call_.data() + id_at_, first_id + sent_);
  if (!single_) out_ += call_;
  to_write_ += call_.size();
  ++sent_;
}

void Exchange::send() {
  const std::string& text = single_ ? call_ : out_;
  while (written_ < to_write_) {
    const ssize_t size = ::write(target_.input(), text.data() + written_, to_write_ - written_);
    if (size > 0) written_ += static_cast<std::size_t>(size);
    if (size >= 0) continue;
    if (errno == EAGAIN) return;
    if (errno != EINTR) target_.fail("it takes no more calls");
    check_silence();
  }
  out_.clear();
  to_write_ = written_ = 0;
}

void Exchange::receive(Histogram& times, Clock::time_point until) {
  if (!careful_) {
    const std::size_t before = answered_;
    while (answered_ == before)
      read_once(times);
    return;
  }
  const auto now = Clock::now();
  const auto wait = std::clamp<Clock::duration>(until - now, {}, patience_);
  const auto nanoseconds = std::chrono::nanoseconds(wait).count();
  const timespec limit{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  pollfd both[2] = {{target_.output(), POLLIN, 0}, {target_.input(), POLLOUT, 0}};
  const int ready = ::ppoll(both, to_write_ == 0 ? 1 : 2, &limit, nullptr);
  if (ready > 0 && both[0].revents != 0) read_once(times);
  if (ready > 0 && both[1].revents != 0) send();
  if (sent_ > answered_ && Clock::now() - last_answer_ > patience_) {
    fail_of_silence();
  }
  if (sent_ == answered_) last_answer_ = Clock::now();
}

void Exchange::read_once(Histogram& times) {
  make_room();
  const ssize_t size = ::read(target_.output(), in_.data() + end_, in_.size() - end_);
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return check_silence();
  if (size <= 0) {
    target_.fail("it closed its output with " + std::to_string(sent_ - answered_) +
                 " calls unanswered");
  }
  end_ += static_cast<std::size_t>(size);
  const auto now = Clock::now();
  for (;;) {
    const void* newline = std::memchr(in_.data() + scanned_, '\n', end_ - scanned_);
    if (newline == nullptr) break;
    const std::size_t at = static_cast<std::size_t>(static_cast<const char*>(newline) - in_.data());
    take_answer(std::string_view(in_).substr(begin_, at - begin_), now, times);
    begin_ = scanned_ = at + 1;
  }
  scanned_ = end_;
  if (begin_ == end_) begin_ = scanned_ = end_ = 0;
}

// Lines stay where they were read; only what begins one moves, and only when the room ends.
void Exchange::make_room() {
  if (in_.size() - end_ >= read_size / 4) return;
  if (begin_ > 0) {
    std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
    scanned_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  if (in_.size() - end_ < read_size / 4) in_.resize(in_.size() * 2);
}

void Exchange::take_answer(std::string_view line, Clock::time_point now, Histogram& times) {
  const Answer answer = read_answer(line);
  using Kind = Answer::Kind;
  if (answer.kind == Kind::other) return;
  const auto shown = [line] { return std::string(line.substr(0, 300)); };
  if (answer.kind == Kind::request) target_.fail("it asks something of its client: " + shown());
  if (answer.kind == Kind::error || is_failure(line)) target_.fail("a call failed: " + shown());
  const std::uint64_t call = answer.id - first_id;
  if (call >= sent_ || done_[call]) target_.fail("an answer that no call waits for: " + shown());
  if (line.size() < least_answer_) {
    target_.fail("an answer of " + std::to_string(line.size()) + " bytes instead of about " +
                 std::to_string(least_answer_ + surroundings) + ": " + shown());
  }
  done_[call] = true;
  ++answered_;
  last_answer_ = now;
  times.record(static_cast<std::uint64_t>(std::chrono::nanoseconds(now - began_[call]).count()));
}

void Exchange::fail_of_silence() {
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(patience_).count();
  target_.fail("it answered none of " + std::to_string(sent_ - answered_) + " calls within " +
               std::to_string(limit) + " ms");
}

// Called by each alarm of a plain one, which are half its patience apart.
void Exchange::check_silence() {
  if (careful_) return;
  silences_ = answered_ == answered_before_ ? silences_ + 1 : 0;
  answered_before_ = answered_;
  if (silences_ > 2) {
    fail_of_silence();
  }
}

}  // namespace headrace::bench
