// Where the structure of a JSON text is: simdjson's first stage, with the memory it needs.
//
// simdjson has no public way to run its first stage alone on the implementation that suits the
// processor, so this file, and no other, uses members that it calls internal.
#include <headrace/framing/block.hpp>
#include <headrace/framing/structural_index.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <new>

#include <simdjson.h>

namespace headrace::framing {
namespace {

constexpr std::size_t smallest_capacity = std::size_t{16} << 10;
constexpr std::size_t largest_text = std::numeric_limits<std::uint32_t>::max() - block_padding;

// The depth is ours to check; simdjson would only allocate for it.
constexpr std::size_t unused_depth = 1;

}  // namespace

struct StructuralIndex::Stage {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

StructuralIndex::StructuralIndex() noexcept = default;
StructuralIndex::StructuralIndex(StructuralIndex&&) noexcept = default;
StructuralIndex& StructuralIndex::operator=(StructuralIndex&&) noexcept = default;
StructuralIndex::~StructuralIndex() = default;

Fault StructuralIndex::build(std::string_view text) noexcept {
  offsets_ = nullptr;
  size_ = 0;
  if (text.empty()) return Fault::not_json;
  if (text.size() > largest_text) return Fault::too_large;
  if (text.size() > capacity_ && !reserve(text.size())) return Fault::too_large;

  simdjson::internal::dom_parser_implementation& parser = *stage_->parser;
  const auto* const bytes = static_cast<const std::uint8_t*>(static_cast<const void*>(text.data()));
  if (parser.stage1(bytes, text.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) {
    return Fault::not_json;
  }
  if (parser.n_structural_indexes == 0) return Fault::not_json;
  size_ = parser.n_structural_indexes;
  // There is room behind the last one, and simdjson has put the same there.
  parser.structural_indexes[size_] = static_cast<std::uint32_t>(text.size());
  offsets_ = parser.structural_indexes.get();
  return Fault::none;
}

bool StructuralIndex::reserve(std::size_t size) noexcept {
  release();
  const std::size_t capacity =
      size > largest_kept ? size : std::max(smallest_capacity, std::bit_ceil(size));
  stage_.reset(new (std::nothrow) Stage);
  if (!stage_) return false;
  if (simdjson::get_active_implementation()->create_dom_parser_implementation(
          capacity, unused_depth, stage_->parser) != simdjson::SUCCESS) {
    stage_.reset();
    return false;
  }
  capacity_ = capacity;
  return true;
}

void StructuralIndex::release() noexcept {
  stage_.reset();
  capacity_ = 0;
  offsets_ = nullptr;
  size_ = 0;
}

}  // namespace headrace::framing
