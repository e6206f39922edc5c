// Where the structure of a JSON text is: simdjson's first stage, with the memory it needs.
#pragma once

#include <headrace/framing/fault.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace headrace::framing {

/// Offsets of every bracket, brace, colon, comma, opening quote and first character of any other
/// token, in order. Memory is kept from text to text, and given back after an unusually large one.
class StructuralIndex {
 public:
  StructuralIndex() noexcept;
  StructuralIndex(StructuralIndex&&) noexcept;
  StructuralIndex& operator=(StructuralIndex&&) noexcept;
  ~StructuralIndex();

  /// Indexes `text`, which has 64 readable bytes behind it. Strings are then known to be closed and
  /// free of control characters, and all of it to be UTF-8. Fault::not_json or too_large otherwise.
  Fault build(std::string_view text) noexcept;

  /// The offsets of the last successful build(), valid until the next one. There is at least one,
  /// and one more behind the last, which is the length of the text.
  const std::uint32_t* offsets() const noexcept { return offsets_; }
  std::size_t size() const noexcept { return size_; }

 private:
  struct Stage;

  std::unique_ptr<Stage> stage_;
  const std::uint32_t* offsets_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace headrace::framing
