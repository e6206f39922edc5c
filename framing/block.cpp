// Reference-counted raw memory that frames point into.
#include <headrace/framing/block.hpp>

#include <cstdlib>
#include <limits>
#include <new>

namespace headrace::framing {

BlockRef BlockRef::allocate(std::size_t capacity) noexcept {
  constexpr std::size_t extra = sizeof(Block) + block_padding;
  BlockRef ref;
  if (capacity > std::numeric_limits<std::size_t>::max() - extra) return ref;
  void* memory = std::malloc(capacity + extra);
  if (memory == nullptr) return ref;
  ref.block_ = new (memory) Block{.references = 1, .capacity = capacity};
  return ref;
}

bool BlockRef::grow(std::size_t capacity) noexcept {
  if (!unique()) return false;
  if (capacity <= block_->capacity) return true;
  constexpr std::size_t extra = sizeof(Block) + block_padding;
  if (capacity > std::numeric_limits<std::size_t>::max() - extra) return false;
  // realloc moves large blocks by their page tables, without copying; an atomic count that nobody
  // else can see survives being moved as bytes.
  void* memory = std::realloc(static_cast<void*>(block_), capacity + extra);
  if (memory == nullptr) return false;
  block_ = static_cast<Block*>(memory);
  block_->capacity = capacity;
  return true;
}

void BlockRef::destroy(Block* block) noexcept {
  block->~Block();
  std::free(block);
}

}  // namespace headrace::framing
