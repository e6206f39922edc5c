// The bytes of a stream that have been read and not yet taken, in one piece and with padding.
#include <headrace/framing/receive_buffer.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace headrace::framing {

ReceiveBuffer::ReceiveBuffer(std::size_t block_size) noexcept
    : block_size_(std::max(block_size, 2 * minimum_read)) {}

std::span<char> ReceiveBuffer::prepare() noexcept {
  if (!make_room()) return {};
  return {block_.data() + end_, block_.capacity() - end_};
}

bool ReceiveBuffer::make_room() noexcept {
  const std::size_t tail = size();
  // A block that grew for one large frame goes once that frame has been taken.
  const bool outlier = block_.capacity() > 2 * block_size_ && tail + minimum_read <= block_size_;

  if (!outlier && block_.unique()) {
    if (tail == 0) begin_ = end_ = 0;
    if (block_.capacity() - end_ >= minimum_read) return true;
    // Moving the tail costs at most as much as it did to read it: it then is at the front, where it
    // stays until it is taken.
    std::memmove(block_.data(), block_.data() + begin_, tail);
    begin_ = 0;
    end_ = tail;
    return block_.capacity() - end_ >= minimum_read || block_.grow(2 * block_.capacity());
  }
  if (!outlier && block_.capacity() - end_ >= minimum_read) return true;

  // Someone still looks at this block, or it is too large: leave it to them.
  BlockRef fresh = BlockRef::allocate(std::max(block_size_, 2 * tail + minimum_read));
  if (!fresh) return false;
  if (tail != 0) std::memcpy(fresh.data(), block_.data() + begin_, tail);
  block_ = std::move(fresh);
  begin_ = 0;
  end_ = tail;
  return true;
}

}  // namespace headrace::framing
