// Lines in, messages out.
#include <headrace/server/live_output.hpp>
#include <headrace/server/plain_text.hpp>

#include <algorithm>

namespace headrace::server {
namespace {

using engine::Clock;

// For the words about what was left out.
constexpr std::size_t mark_size = 64;
// Of a line that has not ended.
constexpr std::size_t longest_unfinished = 1000;
constexpr std::size_t longest_words = 1000;

// The end of it, from a whole character on.
std::string last_part(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t begin = text.size() - limit;
  while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U)
    ++begin;
  return text.substr(begin);
}

}  // namespace

void LiveOutput::print(bool is_error, std::string_view text) {
  Stream& stream = is_error ? err_ : out_;
  skip(stream, text);
  stream.changed = true;
  stream.line.write(text, [this, &stream](std::string line, bool goes_on) {
    // Told already when it had not ended.
    if (line.empty() || line != stream.told) add_line({std::move(line), goes_on});
    stream.told.clear();
  });
}

// What is too much for a message is only counted.
void LiveOutput::skip(Stream& stream, std::string_view& text) {
  if (text.size() <= 2 * longest_message) return;
  const std::size_t line_end = text.find('\n', text.size() - 2 * longest_message);
  // With nothing behind it there would be nothing to tell.
  if (line_end >= text.size() - 1) return;
  const std::string_view skipped = text.substr(0, line_end + 1);
  for (const Line& line : lines_)
    leave_out(line.goes_on ? 0 : 1, line.text.size());
  leave_out(static_cast<std::size_t>(std::count(skipped.begin(), skipped.end(), '\n')),
            skipped.size());
  lines_.clear();
  size_ = 0;
  stream.line.write("\n", [](std::string, bool) {});
  stream.told.clear();
  text.remove_prefix(skipped.size());
}

void LiveOutput::add_line(Line line) {
  size_ += line.text.size() + 1;
  lines_.push_back(std::move(line));
  while (size_ > longest_message - mark_size && lines_.size() > 1) {
    const Line& oldest = lines_.front();
    size_ -= oldest.text.size() + 1;
    leave_out(oldest.goes_on ? 0 : 1, oldest.text.size());
    lines_.pop_front();
  }
}

void LiveOutput::leave_out(std::size_t lines, std::size_t bytes) noexcept {
  lines_left_out_ += lines;
  bytes_left_out_ += bytes;
}

// The number of lines says nothing about how much it was where a line is very long.
std::string LiveOutput::left_out_words() const {
  if (bytes_left_out_ > lines_left_out_ * TerminalLine::width) {
    return "[… " + readable_size(bytes_left_out_) + " are left out here]\n";
  }
  if (lines_left_out_ == 0) return {};
  return "[" + std::to_string(lines_left_out_) +
         (lines_left_out_ == 1 ? " line is" : " lines are") + " left out here]\n";
}

void LiveOutput::progress(const sandbox::RunProgress& progress) {
  progress_ = progress;
}

bool LiveOutput::has_text() const noexcept {
  return !lines_.empty() || out_.changed || err_.changed;
}

std::optional<Clock::time_point> LiveOutput::due() const {
  if (has_text() && progress_) return std::min(next_text_, next_progress_);
  if (has_text()) return next_text_;
  if (progress_) return next_progress_;
  return std::nullopt;
}

std::optional<LiveOutput::Message> LiveOutput::take(Clock::time_point now) {
  if (has_text() && now >= next_text_) {
    std::optional<Message> message = take_text();
    if (message) {
      next_text_ = now + interval;
      return message;
    }
  }
  if (!progress_ || now < next_progress_) return std::nullopt;
  next_progress_ = now + interval;
  return take_last_progress();
}

std::optional<LiveOutput::Message> LiveOutput::take_last_progress() {
  if (!progress_) return std::nullopt;
  Message message;
  message.text = one_line(progress_->message, longest_words);
  message.done = progress_->done;
  message.total = progress_->total;
  progress_.reset();
  return message;
}

std::optional<LiveOutput::Message> LiveOutput::take_text() {
  for (Stream* stream : {&out_, &err_}) {
    if (!stream->changed) continue;
    stream->changed = false;
    std::string line = stream->line.text();
    if (line.empty() || line == stream->told) continue;
    stream->told = line;
    add_line({last_part(std::move(line), longest_unfinished), false});
  }
  Message message;
  for (const Line& line : lines_) {
    if (!message.text.empty()) message.text += '\n';
    message.text += line.text;
  }
  lines_.clear();
  size_ = 0;
  if (message.text.empty()) return std::nullopt;
  message.text.insert(0, left_out_words());
  lines_left_out_ = 0;
  bytes_left_out_ = 0;
  return message;
}

}  // namespace headrace::server
