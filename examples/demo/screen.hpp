// How the demonstration looks on a terminal, and in a file.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace demo {

/// Writes to stdout; colours only when that is a terminal and NO_COLOR is not set.
struct Screen {
  static void note(std::string_view text);
  static void code(int number, std::string_view title, std::string_view code);
  static void output(std::string_view text, std::chrono::nanoseconds time);
  /// What a program says on stderr, a long line cut.
  static void log(std::string_view text);
  /// A line that the next one replaces; on a terminal only.
  static void progress(std::string_view text);
  static void end_progress();
};

}  // namespace demo
