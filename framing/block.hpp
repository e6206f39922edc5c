// Reference-counted raw memory that frames point into.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace headrace::framing {

/// Readable bytes that every block has after its capacity, as simdjson asks for.
inline constexpr std::size_t block_padding = 64;

/// An intrusive handle to a block of malloc'ed bytes, which are never zero-filled. Copies share the
/// block, the last one to go frees it. Handles may be copied and dropped on any thread; the bytes
/// themselves are not guarded.
class BlockRef {
 public:
  BlockRef() noexcept = default;
  BlockRef(const BlockRef& other) noexcept : block_(other.block_) { retain(); }
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(const BlockRef& other) noexcept {
    // Frames of one read share a block: the common assignment costs no atomic operation.
    if (block_ != other.block_) BlockRef(other).swap(*this);
    return *this;
  }
  BlockRef& operator=(BlockRef&& other) noexcept {
    BlockRef(std::move(other)).swap(*this);
    return *this;
  }
  ~BlockRef() { release(); }

  /// A block of `capacity` bytes (and the padding); an empty handle when memory is out.
  static BlockRef allocate(std::size_t capacity) noexcept;

  /// Makes the block at least `capacity` bytes large, moving it if need be. Only for a block that
  /// is unique(). On failure it is false and nothing has changed.
  bool grow(std::size_t capacity) noexcept;

  explicit operator bool() const noexcept { return block_ != nullptr; }

  /// True when this handle is the only one.
  bool unique() const noexcept {
    return block_ != nullptr && block_->references.load(std::memory_order_acquire) == 1;
  }

  /// The first byte; null when empty.
  char* data() const noexcept {
    // The header is followed by the bytes, in the same allocation.
    return block_ == nullptr ? nullptr : static_cast<char*>(static_cast<void*>(block_ + 1));
  }

  /// Bytes that may be written, the padding not counted; 0 when empty.
  std::size_t capacity() const noexcept { return block_ == nullptr ? 0 : block_->capacity; }

  void reset() noexcept { BlockRef().swap(*this); }
  void swap(BlockRef& other) noexcept { std::swap(block_, other.block_); }

 private:
  struct alignas(std::max_align_t) Block {
    std::atomic<std::size_t> references;
    std::size_t capacity;
  };

  void retain() const noexcept {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept {
    if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      destroy(block_);
    }
  }
  static void destroy(Block* block) noexcept;

  Block* block_ = nullptr;
};

}  // namespace headrace::framing
