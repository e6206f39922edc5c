// The input of a fuzzer in memory of its own, so that one byte too many is seen.
#pragma once

#include <headrace/framing/block.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

class PaddedCopy {
 public:
  PaddedCopy(const std::uint8_t* data, std::size_t size, char padding)
      : block_(headrace::framing::BlockRef::allocate(size)), size_(size) {
    if (size != 0) std::memcpy(block_.data(), data, size);
    std::memset(block_.data() + size, padding, headrace::framing::block_padding);
  }
  PaddedCopy(std::string_view text, char padding)
      : PaddedCopy(static_cast<const std::uint8_t*>(static_cast<const void*>(text.data())),
                   text.size(), padding) {}
  std::string_view text() const { return {block_.data(), size_}; }

 private:
  headrace::framing::BlockRef block_;
  std::size_t size_;
};
