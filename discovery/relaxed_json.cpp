// Makes JSON of the JSON that people write: with comments, and commas at the end of a list.
#include <headrace/discovery/relaxed_json.hpp>

#include <algorithm>

namespace headrace::discovery {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// Where the string that starts at `from` ends, its last quote included.
std::size_t string_end(std::string_view text, std::size_t from) {
  for (std::size_t i = from + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

std::size_t comment_end(std::string_view text, std::size_t from) {
  if (text[from + 1] == '/') return std::min(text.find('\n', from), text.size());
  const std::size_t close = text.find("*/", from + 2);
  return close == std::string_view::npos ? text.size() : close + 2;
}

}  // namespace

std::string relax_json(std::string_view text) {
  std::string result(text);
  // The last comma behind a value, while only white space and comments came after it.
  std::size_t comma = std::string_view::npos;
  bool after_value = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      comma = std::string_view::npos;
      after_value = true;
      i = string_end(text, i);
    } else if (c == '/' && i + 1 < text.size() && (text[i + 1] == '/' || text[i + 1] == '*')) {
      const std::size_t end = comment_end(text, i);
      for (; i < end; ++i) {
        if (text[i] != '\n') result[i] = ' ';
      }
    } else {
      if ((c == '}' || c == ']') && comma != std::string_view::npos) result[comma] = ' ';
      if (!is_space(c)) {
        comma = c == ',' && after_value ? i : std::string_view::npos;
        after_value = c != ',' && c != ':' && c != '{' && c != '[';
      }
      ++i;
    }
  }
  return result;
}

}  // namespace headrace::discovery
