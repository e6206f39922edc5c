// What a run printed, within bounds: the beginning and the end are kept, the middle is counted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace headrace::sandbox {

class OutputBuffer {
 public:
  /// Keeps up to `limit` bytes, half from the beginning and half from the end.
  explicit OutputBuffer(std::size_t limit) noexcept : limit_(limit / 2 * 2) {}

  void append(std::string_view text);
  bool empty() const noexcept { return total_ == 0; }
  std::size_t total() const noexcept { return total_; }
  bool ends_line() const noexcept {
    return total_ == 0 || (tail_.empty() ? head_ : tail_).back() == '\n';
  }
  /// Whether something is left out of text().
  bool cut() const noexcept { return total_ > limit_; }
  /// Whether something would be left out with so much more.
  bool cut_by(std::size_t more) const noexcept { return more > limit_ || total_ > limit_ - more; }
  /// All of it; or the two ends, cut where lines end as far as possible, and between them a line
  /// that says how much is missing.
  std::string text() const;
  /// Where in text() stands what was appended when total() was `offset`: behind the line that says
  /// so, if that was left out.
  std::size_t place(std::size_t offset) const;

 private:
  struct Ends {
    std::string_view head;
    std::string missing;  ///< The line between them, with a line feed before it if need be.
    std::string_view tail;
  };
  Ends ends() const;

  std::size_t limit_;
  std::size_t total_ = 0;
  std::string head_;
  std::string tail_;
};

}  // namespace headrace::sandbox
