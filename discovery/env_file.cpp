// Reads files of environment variables (`.env`).
#include <headrace/discovery/config_document.hpp>
#include <headrace/discovery/env_file.hpp>

namespace headrace::discovery {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool is_name(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  for (const char c : name) {
    const bool word = c == '_' || c == '.' || c == '-' || (c >= '0' && c <= '9') ||
                      (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!word) return false;
  }
  return true;
}

char meant_by(char escaped) {
  switch (escaped) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return escaped;
  }
}

// What stands between quotes from `from` on, and in `end` where it goes on behind them; false when
// they are not closed.
bool quoted(std::string_view text, std::size_t from, std::string& value, std::size_t& end) {
  const char quote = text[from];
  for (std::size_t i = from + 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      end = i + 1;
      return true;
    }
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      value += meant_by(text[++i]);
    } else {
      value += text[i];
    }
  }
  return false;
}

// An unquoted value ends at a # that has white space before it.
std::string_view before_comment(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '#' && (i == 0 || value[i - 1] == ' ' || value[i - 1] == '\t')) {
      return trimmed(value.substr(0, i));
    }
  }
  return trimmed(value);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_env_file(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<std::pair<std::string, std::string>> variables;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const std::string_view line = text.substr(0, newline);
    std::size_t used = newline == std::string_view::npos ? text.size() : newline + 1;
    const std::size_t equals = line.find('=');
    std::string_view name = trimmed(line.substr(0, equals));
    if (name.starts_with("export ") || name.starts_with("export\t")) name = trimmed(name.substr(7));
    if (equals != std::string_view::npos && is_name(name)) {
      const std::size_t start = text.find_first_not_of(" \t", equals + 1);
      std::string value;
      std::size_t end = 0;
      const bool opens = start < line.size() && (text[start] == '"' || text[start] == '\'');
      if (opens && quoted(text, start, value, end)) {
        const std::size_t rest = text.find('\n', end);
        used = rest == std::string_view::npos ? text.size() : rest + 1;
      } else {
        value = before_comment(line.substr(equals + 1));
      }
      variables.emplace_back(name, std::move(value));
    }
    text.remove_prefix(used);
  }
  return variables;
}

}  // namespace headrace::discovery
