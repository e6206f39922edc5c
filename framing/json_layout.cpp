// JSON for people: a line for each member and element, indented.
#include <headrace/framing/json_layout.hpp>

#include <algorithm>

namespace headrace::framing {
namespace {

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Behind the string that begins at `at`.
std::size_t end_of_string(std::string_view json, std::size_t at) noexcept {
  for (++at; at < json.size(); ++at) {
    if (json[at] == '\\') {
      ++at;
    } else if (json[at] == '"') {
      return at + 1;
    }
  }
  return json.size();
}

}  // namespace

std::string laid_out(std::string_view json) {
  // Deeper levels stand under each other: a thousand of them must not make a million blanks.
  constexpr std::size_t deepest = 40;
  std::string text;
  std::size_t depth = 0;
  const auto new_line = [&] {
    text += '\n';
    text.append(2 * std::min(depth, deepest), ' ');
  };
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (c == '"') {
      const std::size_t end = end_of_string(json, at);
      text.append(json.substr(at, end - at));
      at = end;
      continue;
    }
    ++at;
    if (is_space(c)) continue;
    if (c == '}' || c == ']') {
      if (depth > 0) --depth;
      if (!text.ends_with('{') && !text.ends_with('[')) new_line();
      text += c;
      continue;
    }
    text += c;
    if (c == ':') text += ' ';
    if (c == '{' || c == '[') {
      ++depth;
      const std::size_t next = json.find_first_not_of(" \t\r\n", at);
      if (next != std::string_view::npos && json[next] != '}' && json[next] != ']') new_line();
    }
    if (c == ',') new_line();
  }
  return text;
}

}  // namespace headrace::framing
