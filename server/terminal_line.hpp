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
  /// A longer line goes on in the next.
  static constexpr std::size_t width = 1000;

  /// `on_line` is called with each line that ends.
  void write(std::string_view text, const std::function<void(std::string)>& on_line);

  /// What stands there so far, without blanks at its end.
  std::string text() const;

 private:
  enum class State { text, escape, sequence, string, string_escape };

  void put(const framing::Utf8& character);
  bool in_escape(const framing::Utf8& character);
  void erase();
  void clear();

  std::vector<framing::Utf8> cells_;
  std::size_t column_ = 0;
  State state_ = State::text;
  char parameter_ = '0';  // the first of an escape sequence
};

}  // namespace headrace::server
