// The gathering behind WriteQueue.
#include <headrace/engine/write_queue.hpp>

#include <algorithm>

namespace headrace::engine {
namespace {

constexpr std::size_t most_buffers = 64;  // Asio writes no more at a time
// Of an outlier the memory is given back: every session begins with one, and keeps nothing near it.
constexpr std::size_t kept_text = 64 << 10;

}  // namespace

void WriteQueue::append(std::initializer_list<std::string_view> pieces) {
  const std::size_t offset = adding_.text.size();
  for (const std::string_view bytes : pieces)
    adding_.text.append(bytes);
  const std::size_t length = adding_.text.size() - offset;
  if (length == 0) return;
  if (!adding_.pieces.empty() && !adding_.pieces.back().owner) {
    adding_.pieces.back().length += length;
  } else {
    adding_.pieces.push_back({offset, {}, {}, length});
  }
  size_ += length;
}

void WriteQueue::append(std::string_view bytes, const framing::BlockRef& owner) {
  if (!owner || bytes.size() < reference_threshold) {
    append(bytes);
    return;
  }
  adding_.pieces.push_back({0, bytes, owner, bytes.size()});
  size_ += bytes.size();
}

BufferView WriteQueue::prepare() {
  if (next_piece_ == writing_.pieces.size()) {
    recycle();
    std::swap(adding_, writing_);
  }
  buffers_.clear();
  const std::size_t end = std::min(writing_.pieces.size(), next_piece_ + most_buffers);
  for (std::size_t i = next_piece_; i < end; ++i) {
    const Piece& piece = writing_.pieces[i];
    const char* data = piece.owner ? piece.view.data() : writing_.text.data() + piece.offset;
    const std::size_t skip = i == next_piece_ ? piece_offset_ : 0;
    buffers_.emplace_back(data + skip, piece.length - skip);
  }
  return {buffers_.data(), buffers_.data() + buffers_.size()};
}

void WriteQueue::consume(std::size_t count) noexcept {
  size_ -= count;
  while (count > 0) {
    Piece& piece = writing_.pieces[next_piece_];
    const std::size_t left = piece.length - piece_offset_;
    if (count < left) {
      piece_offset_ += count;
      return;
    }
    count -= left;
    piece.owner.reset();
    piece_offset_ = 0;
    ++next_piece_;
  }
}

void WriteQueue::clear() noexcept {
  adding_.pieces.clear();
  std::string().swap(adding_.text);
  size_ = 0;
}

void WriteQueue::recycle() noexcept {
  writing_.pieces.clear();
  if (writing_.text.capacity() > kept_text) {
    // An assignment would keep it.
    std::string().swap(writing_.text);
  } else {
    writing_.text.clear();
  }
  next_piece_ = 0;
  piece_offset_ = 0;
}

}  // namespace headrace::engine
