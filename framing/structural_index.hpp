// Where the structure of a JSON text is: simdjson's first stage, with the memory it needs.
#pragma once

#include <headrace/framing/fault.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace headrace::framing {

/// What a StructuralIndex knows of one value inside its text.
struct Tokens {
  const char* text = nullptr;            ///< The whole one, which the offsets count from.
  const std::uint32_t* first = nullptr;  ///< Null: nothing is known.
  const std::uint32_t* last = nullptr;   ///< Behind the value's last one.
};

/// Offsets of every bracket, brace, colon, comma, opening quote and first character of any other
/// token, in order. Memory is kept from text to text; see trim().
class StructuralIndex {
 public:
  StructuralIndex() noexcept;
  StructuralIndex(StructuralIndex&&) noexcept;
  StructuralIndex& operator=(StructuralIndex&&) noexcept;
  ~StructuralIndex();

  /// Indexes `text`, which has 64 readable bytes behind it. Strings are then known to be closed and
  /// free of control characters, and all of it to be UTF-8. Fault::not_json or too_large otherwise.
  Fault build(std::string_view text) noexcept;

  /// The offsets of the last build(), if that was successful, until the next one or trim(). There
  /// is at least one, and one more behind the last, which is the length of the text.
  const std::uint32_t* offsets() const noexcept { return offsets_; }
  std::size_t size() const noexcept { return size_; }

  /// Gives the memory back, offsets included, when the last text was an unusually large one. To be
  /// called when done with a text.
  void trim() noexcept {
    if (capacity_ > largest_kept) release();
  }

  /// The longest text that needs no further memory, in bytes.
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  static constexpr std::size_t largest_kept = std::size_t{1} << 20;

  struct Stage;

  bool reserve(std::size_t size) noexcept;
  void release() noexcept;

  std::unique_ptr<Stage> stage_;
  std::size_t capacity_ = 0;
  const std::uint32_t* offsets_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace headrace::framing
