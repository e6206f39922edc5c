// Walks the members of one JSON object and checks the grammar of all that is inside it.
#pragma once

#include <headrace/framing/fault.hpp>
#include <headrace/framing/structural_index.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace headrace::framing {

/// One pass over a StructuralIndex. Together they establish that every slice is balanced, has its
/// commas and colons in their places and is UTF-8. Numbers are checked for their characters only,
/// and NaN, Infinity and -Infinity pass, because Python writes and reads them.
class ObjectWalk {
 public:
  struct Item {
    std::string_view key;    ///< Between the quotes, as written.
    std::string_view value;  ///< Raw, without surrounding space; never empty.
  };

  /// `index` is the one of `text`, and outlives the walk.
  ObjectWalk(std::string_view text, const StructuralIndex& index) noexcept;

  /// Before the first next(): none when the text begins as an object. Anything else is walked to
  /// its end: batch, not_object, or not_json and too_deep when it isn't sound.
  Fault begin() noexcept;

  /// The next member, or false at the end or when fault() says that something is wrong.
  bool next(Item& item) noexcept;

  /// After next() was false: none, if the text was one sound object and nothing else.
  Fault fault() const noexcept { return fault_; }

 private:
  bool fail(Fault fault) noexcept {
    fault_ = fault;
    return false;
  }
  char at(const std::uint32_t* position) const noexcept { return text_[*position]; }
  std::size_t trim(std::size_t end) const noexcept;
  bool take_key() noexcept;
  bool take_scalar() noexcept;
  bool take_container(std::size_t depth) noexcept;

  const char* text_;
  const std::uint32_t* at_;
  const std::uint32_t* end_;
  bool first_ = true;
  Fault fault_ = Fault::none;
};

}  // namespace headrace::framing
