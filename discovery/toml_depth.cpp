// Tells how deep the keys of a TOML text go, without parsing it.
#include <headrace/discovery/toml_depth.hpp>

#include <algorithm>

namespace headrace::discovery {
namespace {

// Behind the string of several lines that starts at `from` with three quotes.
std::size_t long_string_end(std::string_view text, std::size_t from) {
  const char quote = text[from];
  std::size_t quotes = 0;
  for (std::size_t i = from + 3; i < text.size(); ++i) {
    if (text[i] == quote) {
      if (++quotes < 3) continue;
      // Up to two more belong to the text.
      std::size_t end = i + 1;
      while (end < text.size() && end < i + 3 && text[end] == quote)
        ++end;
      return end;
    }
    quotes = 0;
    if (text[i] == '\\' && quote == '"') ++i;
  }
  return text.size();
}

// Behind the string that starts at `from`; at the end of the line where it is not closed.
std::size_t string_end(std::string_view text, std::size_t from) {
  const char quote = text[from];
  if (text.size() - from >= 3 && text[from + 1] == quote && text[from + 2] == quote) {
    return long_string_end(text, from);
  }
  for (std::size_t i = from + 1; i < text.size() && text[i] != '\n'; ++i) {
    if (text[i] == quote) return i + 1;
    if (text[i] == '\\' && quote == '"') ++i;
  }
  return std::min(text.find('\n', from), text.size());
}

}  // namespace

std::optional<std::size_t> find_deep_toml(std::string_view text) noexcept {
  std::size_t dots = 0;
  std::size_t brackets = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      i = string_end(text, i);
      continue;
    }
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (c == '[' || c == '{') ++brackets;
    if ((c == ']' || c == '}') && brackets > 0) --brackets;
    if (c == '\n' && brackets == 0) dots = 0;
    if (c == '.' && ++dots > kMaxTomlDots) {
      const auto begin = text.begin();
      return 1 + static_cast<std::size_t>(
                     std::count(begin, begin + static_cast<std::ptrdiff_t>(i), '\n'));
    }
    ++i;
  }
  return std::nullopt;
}

}  // namespace headrace::discovery
