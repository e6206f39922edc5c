// Turns the bytes of a stream into frames, one for each line.
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/line_splitter.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace headrace::framing {
namespace {

// Offsets inside a frame are 32 bits wide.
constexpr std::size_t largest_limit = std::numeric_limits<std::uint32_t>::max() - 4096;

bool is_blank(std::string_view line) noexcept {
  // Nearly every line begins with its message.
  if (!line.empty() && line.front() == '{') return false;
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::string_view without_return(std::string_view line) noexcept {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

LineSplitter::LineSplitter(SplitterOptions options) noexcept
    : buffer_(options.block_size), frame_limit_(std::min(options.frame_limit, largest_limit)) {}

std::span<char> LineSplitter::prepare() noexcept {
  return buffer_.prepare();
}

void LineSplitter::commit(std::size_t size) noexcept {
  buffer_.commit(size);
}

LineSplitter::Next LineSplitter::next(Frame& out) noexcept {
  while (buffer_.size() > scanned_) {
    const std::string_view data = buffer_.data();
    const void* const newline = std::memchr(data.data() + scanned_, '\n', data.size() - scanned_);
    if (newline == nullptr) {
      scanned_ = data.size();
      break;
    }
    const std::string_view line(
        data.data(), static_cast<std::size_t>(static_cast<const char*>(newline) - data.data()));
    // The bytes stay where they are until prepare().
    buffer_.consume(line.size() + 1);
    scanned_ = 0;
    const std::string_view text = without_return(line);
    if (skimming_ || text.size() > frame_limit_) {
      skim(line);
      return finish_oversize();
    }
    if (is_blank(text)) continue;
    out.text = text;
    out.owner = buffer_.owner();
    return Next::frame;
  }
  // One more byte may be the line ending's.
  if (skimming_ || buffer_.size() > frame_limit_ + 1) {
    skim(buffer_.data());
    buffer_.consume(buffer_.size());
    scanned_ = 0;
  }
  return Next::need_more;
}

bool LineSplitter::rest(Frame& out) noexcept {
  const std::string_view text = without_return(buffer_.data());
  buffer_.consume(buffer_.size());
  scanned_ = 0;
  if (skimming_ || text.size() > frame_limit_ || is_blank(text)) return false;
  out.text = text;
  out.owner = buffer_.owner();
  return true;
}

void LineSplitter::skim(std::string_view piece) noexcept {
  if (!skimming_) {
    skimming_ = true;
    skimmed_ = 0;
    last_was_return_ = false;
    skimmer_.reset();
  }
  if (piece.empty()) return;
  skimmer_.feed(piece);
  skimmed_ += piece.size();
  last_was_return_ = piece.back() == '\r';
}

LineSplitter::Next LineSplitter::finish_oversize() noexcept {
  skimming_ = false;
  oversize_.size = skimmed_ - (last_was_return_ ? 1 : 0);
  oversize_.id = skimmer_.id();
  oversize_.method.clear();
  append_unescaped(oversize_.method, skimmer_.method());
  oversize_.is_response = skimmer_.has_outcome() && !skimmer_.has_method();
  return Next::oversize;
}

}  // namespace headrace::framing
