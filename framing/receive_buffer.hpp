// The bytes of a stream that have been read and not yet taken, in one piece and with padding.
#pragma once

#include <headrace/framing/block.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace headrace::framing {

/// A linear buffer over shared blocks. What has been taken may be kept alive by holding owner();
/// those bytes are then never touched again.
class ReceiveBuffer {
 public:
  /// prepare() never gives less than this.
  static constexpr std::size_t minimum_read = std::size_t{16} << 10;

  /// `block_size`: what is allocated while little is buffered, in bytes.
  explicit ReceiveBuffer(std::size_t block_size) noexcept;

  /// Room behind the data, at least minimum_read bytes; empty only when memory is out.
  std::span<char> prepare() noexcept;

  /// `size` bytes of the last prepare() have been filled.
  void commit(std::size_t size) noexcept { end_ += size; }

  /// What is buffered. At least 64 readable bytes follow. Valid until prepare(), or for as long as
  /// owner() is held.
  std::string_view data() const noexcept { return {block_.data() + begin_, size()}; }
  std::size_t size() const noexcept { return end_ - begin_; }

  /// Takes `size` bytes off the front.
  void consume(std::size_t size) noexcept { begin_ += size; }

  const BlockRef& owner() const noexcept { return block_; }

 private:
  bool make_room() noexcept;

  BlockRef block_;
  std::size_t block_size_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace headrace::framing
