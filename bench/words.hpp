// Values as people read them.
#pragma once

#include <headrace/bench/report.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace headrace::bench {

/// "7.12 µs", "1.30 MB", "582,000/s": with three digits that count.
std::string in_words(double value, Unit unit);

/// "≤ 3.2×", "≥ 500,000/s".
std::string in_words(const Goal& goal, Unit unit);

/// "2.91×"
std::string ratio_in_words(double ratio);

/// Each run of spaces and newlines as one space, and cut after so many characters.
std::string one_line(const std::string& text, std::size_t most);

/// One behind the other.
std::string joined(const std::vector<std::string>& words, std::string_view between);

/// How many columns a text takes in a terminal: its characters, not its bytes.
std::size_t columns(const std::string& text);

/// With spaces before or behind it up to a number of columns.
std::string right(const std::string& text, std::size_t width);
std::string left(const std::string& text, std::size_t width);

}  // namespace headrace::bench
