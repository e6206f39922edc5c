// Reads JSON text in place: checks it once, then walks members and elements as raw slices.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::discovery {

/// Why a text is not JSON, and where.
struct JsonFlaw {
  std::size_t offset = 0;
  std::string what;  ///< such as `a comma is missing`
};

enum class JsonNumbers {
  strict,
  non_finite_too,  ///< also NaN, Infinity and -Infinity, which Python writes and reads
};

/// Nothing when `text` is exactly one JSON value in UTF-8, nested no deeper than 1,024, of any
/// magnitude of numbers. Neither recursive nor allocating more than a byte for each open bracket.
std::optional<JsonFlaw> find_json_flaw(std::string_view text,
                                       JsonNumbers numbers = JsonNumbers::strict);

// All that follow are only for text in which no flaw was found, and for slices of it. Slices have
// no white space round them.

enum class JsonType { null, boolean, number, string, array, object };

/// White space at both ends taken off.
std::string_view json_trim(std::string_view text) noexcept;

/// Line breaks made blanks: in JSON that is well-formed they are only between values.
std::string json_on_one_line(std::string_view text);

JsonType json_type(std::string_view value) noexcept;

/// What a raw string says.
std::string json_string(std::string_view value);

/// Goes over the members of an object, in order. `key` is unescaped.
class JsonMembers {
 public:
  explicit JsonMembers(std::string_view object) noexcept : rest_(object) {}
  bool next(std::string& key, std::string_view& value);

 private:
  std::string_view rest_;
};

/// The raw value of that member; of several the last. Empty when there is none, or `object` is no
/// object.
std::string_view json_member(std::string_view object, std::string_view name);

/// Goes over the elements of an array, in order.
class JsonElements {
 public:
  explicit JsonElements(std::string_view array) noexcept : rest_(array) {}
  bool next(std::string_view& value) noexcept;

 private:
  std::string_view rest_;
};

/// Counts lines of a text; cheap when asked in ascending order.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) noexcept : text_(text) {}
  /// 1-based line of the byte at `offset`.
  std::size_t line_at(std::size_t offset) noexcept;
  /// 1-based line of the start of `slice`, a part of the text.
  std::size_t line_of(std::string_view slice) noexcept;

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  std::size_t line_ = 1;
};

}  // namespace headrace::discovery
