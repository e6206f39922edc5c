// Expands `${VAR}`, `${VAR:-default}` and a leading `~` in configured strings.
#include <headrace/discovery/expand.hpp>

#include <algorithm>

namespace headrace::discovery {
namespace {

// Deeper defaults stay as they are: nobody writes them, and recursion needs an end.
constexpr int kMaxNesting = 16;

bool starts_name(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool continues_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9');
}

// Position of the } that closes the { before `from`, or npos.
std::size_t closing_brace(std::string_view text, std::size_t from) {
  int depth = 1;
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '}' && --depth == 0) return i;
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') {
      ++depth;
      ++i;
    }
  }
  return std::string_view::npos;
}

class Expander {
 public:
  Expander(const EnvironmentLookup& lookup, std::size_t limit) : lookup_(lookup), limit_(limit) {}

  void expand(std::string_view text, int nesting) {
    while (!text.empty() && !out_.too_long) {
      const std::size_t dollar = text.find('$');
      append(text.substr(0, dollar));
      if (dollar == std::string_view::npos) return;
      text.remove_prefix(dollar);
      if (text.starts_with("$${")) {
        append("${");
        text.remove_prefix(3);
      } else if (const std::size_t used = variable(text, nesting); used != 0) {
        text.remove_prefix(used);
      } else {
        append("$");
        text.remove_prefix(1);
      }
    }
  }

  Expansion take() { return std::move(out_); }

 private:
  // Expands the reference that `text` starts with: how long it is, 0 when it is none.
  std::size_t variable(std::string_view text, int nesting) {
    if (text.size() < 4 || text[1] != '{' || !starts_name(text[2])) return 0;
    std::size_t end = 3;
    while (end < text.size() && continues_name(text[end]))
      ++end;
    const std::string_view name = text.substr(2, end - 2);
    if (text.substr(end, 1) == "}") {
      if (const auto value = look_up(name)) {
        append(*value);
      } else if (std::find(out_.missing.begin(), out_.missing.end(), name) == out_.missing.end()) {
        out_.missing.emplace_back(name);
      }
      return end + 1;
    }
    if (text.substr(end, 2) != ":-" || nesting >= kMaxNesting) return 0;
    const std::size_t close = closing_brace(text, end + 2);
    if (close == std::string_view::npos) return 0;
    if (const auto value = look_up(name); value && !value->empty()) {
      append(*value);
    } else {
      expand(text.substr(end + 2, close - end - 2), nesting + 1);
    }
    return close + 1;
  }

  std::optional<std::string> look_up(std::string_view name) const {
    return lookup_ ? lookup_(name) : std::nullopt;
  }

  void append(std::string_view text) {
    const std::size_t room = limit_ - out_.text.size();
    if (text.size() > room) out_.too_long = true;
    out_.text += text.substr(0, room);
  }

  const EnvironmentLookup& lookup_;
  std::size_t limit_;
  Expansion out_;
};

}  // namespace

Expansion expand_variables(std::string_view text, const EnvironmentLookup& lookup,
                           std::size_t limit) {
  Expander expander(lookup, limit);
  expander.expand(text, 0);
  return expander.take();
}

std::string expand_home(std::string_view text, std::string_view home) {
  if (home.empty() || (text != "~" && !text.starts_with("~/"))) return std::string(text);
  while (home.ends_with('/'))
    home.remove_suffix(1);
  text.remove_prefix(1);
  std::string result(home);
  result += text;
  return result.empty() ? "/" : result;
}

}  // namespace headrace::discovery
