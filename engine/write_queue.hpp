// What waits to be written: small pieces gathered into one buffer, large ones by reference.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/framing/block.hpp>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::engine {

/// A sequence of constant buffers that Asio copies for free; valid until the next consume().
struct BufferView {
  using value_type = asio::const_buffer;
  using const_iterator = const asio::const_buffer*;
  const_iterator first = nullptr;
  const_iterator last = nullptr;
  const_iterator begin() const noexcept { return first; }
  const_iterator end() const noexcept { return last; }
};

/// Sans-I/O. Two halves: what is being added, and what is being written. A write, once begun, is
/// finished: nothing in either half is ever taken out, or a torn frame would poison all behind it.
class WriteQueue {
 public:
  /// Pieces at least this long are kept by reference where their block is known.
  static constexpr std::size_t reference_threshold = 4096;

  /// Adds a copy.
  void append(std::string_view bytes) { append({bytes}); }
  /// The same of several, one behind the other.
  void append(std::initializer_list<std::string_view> pieces);
  /// Adds `bytes`, which point into `owner`'s block: large ones are not copied, the block is kept.
  void append(std::string_view bytes, const framing::BlockRef& owner);

  /// Bytes not written yet, in both halves.
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// Bytes of memory that copies have or had, and that are kept for the next ones.
  std::size_t kept() const noexcept { return adding_.text.capacity() + writing_.text.capacity(); }

  /// What to write now, at most 64 buffers; empty when there is nothing.
  BufferView prepare();
  /// `count` bytes of the last prepare() were written.
  void consume(std::size_t count) noexcept;
  /// Forgets everything, for a stream that is broken; prepare() is not called again. What a write
  /// under way points to stays alive.
  void clear() noexcept;

 private:
  struct Piece {
    std::size_t offset;  // into the half's text, when there is no owner
    std::string_view view;
    framing::BlockRef owner;
    std::size_t length;
  };
  struct Half {
    std::string text;
    std::vector<Piece> pieces;
  };

  void recycle() noexcept;

  Half adding_;
  Half writing_;
  std::vector<asio::const_buffer> buffers_;
  std::size_t next_piece_ = 0;    // of writing_: the first not fully written
  std::size_t piece_offset_ = 0;  // bytes of it that are written
  std::size_t size_ = 0;
};

}  // namespace headrace::engine
