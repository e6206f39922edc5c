// The line that is being written, as a terminal would show it: progress bars redraw theirs.
#pragma once

#include <headrace/framing/json_text.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::server {

/// Understands carriage returns, backspaces and the erasing of lines; other control characters and
/// escape sequences leave nothing behind.
class TerminalLine {
 public:
  static constexpr std::size_t width = 1000;

  /// A line longer than `columns` goes on in the next.
  explicit TerminalLine(std::size_t columns = width) noexcept : columns_(columns) {}

  /// `on_line` is called with each line that ends, and whether it goes on in the next.
  void write(std::string_view text, const std::function<void(std::string, bool)>& on_line);

  /// What stands there so far, without blanks at its end.
  std::string text() const;
  /// Whether it is in a sequence that holds text which is not shown, such as a window's title.
  bool in_hidden_text() const noexcept {
    return state_ == State::string || state_ == State::string_escape;
  }

 private:
  enum class State { text, escape, sequence, string, string_escape };

  void put(const framing::Utf8& character);
  bool in_escape(const framing::Utf8& character);
  void erase();
  void clear();

  std::size_t columns_;
  std::vector<framing::Utf8> cells_;
  std::size_t column_ = 0;
  State state_ = State::text;
  char parameter_ = '0';  // the first of an escape sequence
};

/// Whether a carriage return in `line`, which has no line feed, is followed by something.
bool is_redrawn(std::string_view line) noexcept;

/// `text` with those lines as a terminal shows them that carriage returns draw over; "\r\n" ends a
/// line. Lines of other bytes than text stay as they are.
std::string without_returns(std::string_view text);

}  // namespace headrace::server
