// Finds the call that a JSON-RPC message belongs to, piece by piece and keeping nothing else of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::framing {

/// For lines that cannot be parsed whole: too long to keep, or not quite JSON. It follows strings,
/// escapes and depth only, so that what it finds is a best effort and it never fails.
class LineSkimmer {
 public:
  /// Begins a new line.
  void reset() noexcept { *this = LineSkimmer(); }

  /// The next bytes of the line. Keeps under a kilobyte, whatever comes.
  void feed(std::string_view bytes) noexcept;

  /// The raw top-level id; empty when none was read to its end, there were several, or it isn't a
  /// number or a string.
  std::string_view id() const noexcept;

  /// The raw top-level method with its quotes; empty when none was read to its end, there were
  /// several, or it isn't a string.
  std::string_view method() const noexcept;

  /// Whether there was a method at all, readable or not.
  bool has_method() const noexcept { return method_.seen != 0; }

  /// Whether there was a result or an error at the top level.
  bool has_outcome() const noexcept { return has_outcome_; }

 private:
  enum class Field : std::uint8_t { none, key, id, method };

  struct Capture {
    std::string text;
    std::uint8_t seen = 0;  // how often its key came; stays at two
    bool complete = false;
  };

  std::size_t feed_string(std::string_view bytes, std::size_t at) noexcept;
  void feed_outside(char c) noexcept;
  void keep(std::string_view bytes) noexcept;
  void end_key() noexcept;
  void end_value() noexcept;
  Capture* capture_of(Field field) noexcept;

  // Where in the piece being fed the next ones are, so that no byte is searched twice for either.
  std::size_t next_quote_ = 0;
  std::size_t next_backslash_ = 0;
  bool positions_known_ = false;

  std::size_t depth_ = 0;
  bool over_ = false;  // not an object, or behind its end
  bool in_string_ = false;
  bool escaped_ = false;
  bool expect_key_ = false;
  bool has_outcome_ = false;
  std::string key_;
  Capture id_;
  Capture method_;
  Field pending_ = Field::none;  // its key has been read
  Field target_ = Field::none;   // where the bytes go now
};

}  // namespace headrace::framing
