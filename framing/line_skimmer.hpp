// Finds the call that a JSON-RPC message belongs to, piece by piece and without keeping the
// message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::framing {

/// For lines that cannot be parsed whole: too long to keep, or not quite JSON. It follows strings,
/// escapes and depth only, so that what it finds is a best effort and never fails.
class LineSkimmer {
 public:
  /// Begins a new line.
  void reset() noexcept;

  /// The next bytes of the line. Memory use stays under a kilobyte, whatever comes.
  void feed(std::string_view bytes) noexcept;

  /// The raw top-level id; empty when there is none so far, more than one, or it isn't a number or
  /// a string.
  std::string_view id() const noexcept;

  /// The raw top-level method with its quotes; empty when there is none, or more than one.
  std::string_view method() const noexcept;

  /// A result or an error was seen at the top level.
  bool has_outcome() const noexcept { return has_outcome_; }

 private:
  enum class Field : std::uint8_t { other, id, method };

  // A value of interest; what is longer than a sane id or method is let go.
  struct Capture {
    std::string text;
    std::uint8_t seen = 0;
    bool overflow = false;
  };

  std::size_t feed_string(std::string_view bytes, std::size_t at) noexcept;
  void feed_outside(char c) noexcept;
  void end_key() noexcept;
  void keep(std::string_view bytes) noexcept;
  Capture* capture() noexcept;

  // Offsets inside the piece being fed, so that a string is searched only once for each.
  std::size_t next_quote_ = 0;
  std::size_t next_backslash_ = 0;

  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool expect_key_ = false;
  bool in_key_ = false;
  bool started_ = false;
  bool has_outcome_ = false;
  Field field_ = Field::other;
  std::string key_;
  Capture id_;
  Capture method_;
};

}  // namespace headrace::framing
