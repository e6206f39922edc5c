// Text with the readable bytes behind it that the parsers ask for, and no more.
#pragma once

#include <headrace/framing/block.hpp>

#include <cstring>
#include <string_view>

namespace headrace::framing::test {

/// What follows the text would complete it wrongly, were it read.
class Padded {
 public:
  explicit Padded(std::string_view text)
      : block_(BlockRef::allocate(text.size())), size_(text.size()) {
    if (size_ != 0) std::memcpy(block_.data(), text.data(), size_);
    std::memset(block_.data() + size_, '}', block_padding);
  }
  std::string_view text() const { return {block_.data(), size_}; }

 private:
  BlockRef block_;
  std::size_t size_;
};

}  // namespace headrace::framing::test
