// Values as people read them.
#include <headrace/bench/words.hpp>
#include <headrace/framing/utf8_prefix.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <span>
#include <utility>

namespace headrace::bench {

namespace {

struct Scale {
  double least;
  const char* name;
};

std::string digits(double value) {
  char text[64];
  const double size = std::abs(value);
  const int places = value == std::floor(value) && size < 1000 ? 0
                     : size < 10                               ? 2
                     : size < 100                              ? 1
                                                               : 0;
  std::snprintf(text, sizeof text, "%.*f", places, value);
  return text;
}

std::string with_commas(double value) {
  std::string text = digits(std::round(value));
  const std::size_t first = text.front() == '-' ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;)
    text.insert(at -= 3, 1, ',');
  return text;
}

std::string scaled(double value, std::span<const Scale> scales) {
  const Scale* scale = &scales.back();
  for (const Scale& candidate : scales) {
    // 999.96 is a thousand when it is written with three digits.
    if (std::abs(value) * 1.0005 >= candidate.least) {
      scale = &candidate;
      break;
    }
  }
  return digits(value / scale->least) + " " + scale->name;
}

constexpr std::array<Scale, 4> times{{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}}};
constexpr std::array<Scale, 4> sizes{{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}, {1, "B"}}};

}  // namespace

std::string in_words(double value, Unit unit) {
  switch (unit) {
    case Unit::time:
      return scaled(value, times);
    case Unit::bytes:
      return scaled(value, sizes);
    case Unit::bytes_per_second:
      return scaled(value, sizes) + "/s";
    case Unit::per_second:
      return (value < 100 ? digits(value) : with_commas(value)) + "/s";
    case Unit::count:
      return value < 1000 ? digits(value) : with_commas(value);
  }
  return {};
}

std::string in_words(const Goal& goal, Unit unit) {
  const std::string sign = goal.at_most ? "≤ " : "≥ ";
  if (goal.of_ratio) return sign + ratio_in_words(goal.value);
  return sign + in_words(goal.value, goal.of_rate ? Unit::per_second : unit);
}

std::string ratio_in_words(double ratio) {
  char text[64];
  std::snprintf(text, sizeof text, ratio < 10 ? "%.2f×" : ratio < 100 ? "%.1f×" : "%.0f×", ratio);
  return text;
}

std::string one_line(const std::string& text, std::size_t most) {
  std::string out;
  std::size_t taken = 0;
  bool space = false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20) {
      space = !out.empty();
      continue;
    }
    const bool begins_character = (c & 0xC0) != 0x80;
    taken += (begins_character ? 1 : 0) + (space ? 1 : 0);
    if (taken >= most && begins_character) return out + "…";
    if (std::exchange(space, false)) out += ' ';
    out += c;
  }
  return out;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string all;
  for (const std::string& word : words)
    all.append(all.empty() ? "" : between).append(word);
  return all;
}

std::size_t columns(const std::string& text) {
  return framing::utf8_characters(text);
}

std::string right(const std::string& text, std::size_t width) {
  const std::size_t taken = columns(text);
  return std::string(width > taken ? width - taken : 0, ' ') + text;
}

std::string left(const std::string& text, std::size_t width) {
  const std::size_t taken = columns(text);
  return text + std::string(width > taken ? width - taken : 0, ' ');
}

}  // namespace headrace::bench
