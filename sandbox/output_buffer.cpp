// The cut in the middle.
#include <headrace/sandbox/output_buffer.hpp>

#include <algorithm>

namespace headrace::sandbox {
namespace {

bool continues_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// A line is only looked for this close to the cut: one long line is cut where it has to be.
constexpr std::size_t line_search = 4096;

}  // namespace

void OutputBuffer::append(std::string_view text) {
  total_ += text.size();
  const std::size_t half = limit_ / 2;
  const std::size_t fits = std::min(text.size(), half - std::min(half, head_.size()));
  head_.append(text.substr(0, fits));
  text.remove_prefix(fits);
  if (text.size() > half) text.remove_prefix(text.size() - half);
  tail_.append(text);
  if (tail_.size() > 2 * half) tail_.erase(0, tail_.size() - half);
}

OutputBuffer::Ends OutputBuffer::ends() const {
  std::string_view head = head_;
  std::string_view tail = tail_;
  if (!cut()) return {head, {}, tail};
  const std::size_t half = limit_ / 2;
  if (tail.size() > half) tail.remove_prefix(tail.size() - half);

  const std::size_t line_end = head.rfind('\n');
  if (line_end != std::string_view::npos && head.size() - line_end < line_search) {
    head = head.substr(0, line_end + 1);
  } else {
    while (!head.empty() && continues_character(head.back()))
      head.remove_suffix(1);
    if (!head.empty() && (static_cast<unsigned char>(head.back()) & 0x80U) != 0) {
      head.remove_suffix(1);
    }
  }
  const std::size_t line_start = tail.find('\n');
  if (line_start != std::string_view::npos && line_start < line_search) {
    tail.remove_prefix(line_start + 1);
  } else {
    while (!tail.empty() && continues_character(tail.front()))
      tail.remove_prefix(1);
  }
  std::string missing = !head.empty() && head.back() != '\n' ? "\n" : "";
  missing += "… " + std::to_string(total_ - head.size() - tail.size()) + " of " +
             std::to_string(total_) + " bytes are left out here …\n";
  return {head, std::move(missing), tail};
}

std::string OutputBuffer::text() const {
  const Ends kept = ends();
  std::string text(kept.head);
  return text.append(kept.missing).append(kept.tail);
}

std::size_t OutputBuffer::place(std::size_t offset) const {
  const Ends kept = ends();
  if (offset <= kept.head.size()) return offset;
  const std::size_t before_tail = kept.head.size() + kept.missing.size();
  const std::size_t left_out = total_ - kept.head.size() - kept.tail.size();
  if (offset < kept.head.size() + left_out) return before_tail;
  return before_tail + std::min(offset - kept.head.size() - left_out, kept.tail.size());
}

}  // namespace headrace::sandbox
