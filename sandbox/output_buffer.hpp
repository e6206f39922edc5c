// What a run printed, within bounds: the beginning and the end are kept, the middle is counted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace headrace::sandbox {

class OutputBuffer {
 public:
  /// Keeps up to `limit` bytes, half from the beginning and half from the end.
  explicit OutputBuffer(std::size_t limit) noexcept : limit_(limit) {}

  void append(std::string_view text);
  bool empty() const noexcept { return total_ == 0; }
  std::size_t total() const noexcept { return total_; }
  /// All of it; or the two ends, cut where lines end as far as possible, and between them a line
  /// that says how much is missing.
  std::string text() const;

 private:
  std::size_t limit_;
  std::size_t total_ = 0;
  std::string head_;
  std::string tail_;
};

}  // namespace headrace::sandbox
