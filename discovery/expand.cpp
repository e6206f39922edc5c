// Expands `${VAR}`, `${VAR:-default}`, what agents write in their files, and a leading `~`.
#include <headrace/discovery/expand.hpp>

#include <algorithm>

namespace headrace::discovery {
namespace {

// Deeper defaults stay as they are: nobody writes them, and recursion needs an end.
constexpr int kMaxNesting = 16;

// How often a text is looked through for closing braces, twice for each nesting and some more: what
// opens braces and closes none stays as it is after that.
constexpr std::size_t kMaxEffort = 64;

// So many are enough to be told.
constexpr std::size_t kMaxNames = 20;

bool starts_name(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool continues_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9');
}

void add_once(std::vector<std::string>& list, std::string_view item) {
  if (list.size() < kMaxNames && std::find(list.begin(), list.end(), item) == list.end())
    list.emplace_back(item);
}

class Expander {
 public:
  Expander(const Variables& variables, std::size_t limit, std::size_t effort)
      : variables_(variables), limit_(limit), effort_(effort) {}

  void expand(std::string_view text, int nesting) {
    const std::string_view marks = variables_.braces ? "${" : "$";
    while (!text.empty() && !out_.too_long) {
      const std::size_t mark = text.find_first_of(marks);
      append(text.substr(0, mark));
      if (mark == std::string_view::npos) return;
      text.remove_prefix(mark);
      if (text.starts_with("$${")) {
        append("${");
        text.remove_prefix(3);
      } else if (const std::size_t used = reference(text, nesting); used != 0) {
        text.remove_prefix(used);
      } else {
        append(text.substr(0, 1));
        text.remove_prefix(1);
      }
    }
  }

  Expansion take() { return std::move(out_); }

 private:
  // Expands the reference that `text` starts with: how long it is, 0 when it is none.
  std::size_t reference(std::string_view text, int nesting) {
    if (text.starts_with("${env:")) return variable(text, 6, nesting);
    if (text.starts_with("${")) {
      const std::size_t used = special(text);
      return used != 0 ? used : variable(text, 2, nesting);
    }
    if (text.starts_with("{env:")) return variable(text, 5, nesting);
    if (text.starts_with("{file:")) return file(text, 1);
    return variables_.plain ? plain_variable(text) : 0;
  }

  // A reference that is no variable of the environment.
  std::size_t special(std::string_view text) {
    const std::size_t close = next_brace(text);
    if (close == std::string_view::npos) return 0;
    const std::string_view inner = text.substr(2, close - 2);
    constexpr std::string_view input_mark = "input:";
    if (inner.starts_with(input_mark)) {
      input(inner.substr(input_mark.size()));
    } else if (inner == "/") {
      append("/");
    } else if (inner.starts_with("workspaceFolder:") && !inner.starts_with("workspaceFolder:-")) {
      variable_value("workspaceFolder");
    } else if (inner.starts_with("file:")) {
      return file(text, 2);
    } else if (inner.starts_with("command:") || inner.starts_with("config:")) {
      return unknown(text, 2);
    } else {
      return 0;
    }
    return close + 1;
  }

  std::size_t unknown(std::string_view text, std::size_t start) {
    const std::size_t close = next_brace(text);
    if (close == std::string_view::npos) return 0;
    add_once(out_.unknown, text.substr(start, close - start));
    return close + 1;
  }

  // `file:path}` starts at `start`.
  std::size_t file(std::string_view text, std::size_t start) {
    const std::size_t close = next_brace(text);
    if (close == std::string_view::npos) return 0;
    if (!variables_.file) return unknown(text, start);
    constexpr std::size_t mark = std::string_view("file:").size();
    const std::string_view path = text.substr(start + mark, close - start - mark);
    if (const auto content = variables_.file(path)) {
      append(*content);
    } else {
      add_once(out_.missing_files, path);
    }
    return close + 1;
  }

  void input(std::string_view id) {
    if (const auto value = from_environment(input_variable(id))) return append(*value);
    for (const ConfigInput& known : variables_.inputs) {
      if (known.id == id && known.preset) return append(*known.preset);
    }
    add_once(out_.missing_inputs, id);
  }

  // The variable whose name starts at `start`, up to its closing brace.
  std::size_t variable(std::string_view text, std::size_t start, int nesting) {
    if (text.size() <= start || !starts_name(text[start])) return 0;
    std::size_t end = start + 1;
    while (end < text.size() && continues_name(text[end]))
      ++end;
    const std::string_view name = text.substr(start, end - start);
    if (text.substr(end, 1) == "}") {
      variable_value(name);
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

  std::size_t plain_variable(std::string_view text) {
    if (text.size() < 2 || !starts_name(text[1])) return 0;
    std::size_t end = 2;
    while (end < text.size() && continues_name(text[end]))
      ++end;
    const auto value = look_up(text.substr(1, end - 1));
    if (!value) return 0;
    append(*value);
    return end;
  }

  void variable_value(std::string_view name) {
    if (const auto value = look_up(name)) {
      append(*value);
    } else {
      add_once(out_.missing, name);
    }
  }

  std::optional<std::string> look_up(std::string_view name) const {
    if (auto value = from_environment(name)) return value;
    const auto unless_empty = [](std::string_view text) {
      return text.empty() ? std::nullopt : std::optional<std::string>(text);
    };
    const std::string_view workspace = variables_.workspace;
    if (name == "userHome") return unless_empty(variables_.home);
    if (name == "workspaceFolder") return unless_empty(workspace);
    if (name == "workspaceFolderBasename") {
      return unless_empty(workspace.substr(workspace.rfind('/') + 1));
    }
    if (name == "pathSeparator") return "/";
    return std::nullopt;
  }

  std::optional<std::string> from_environment(std::string_view name) const {
    return variables_.environment ? variables_.environment(name) : std::nullopt;
  }

  // Position of the first }, or npos.
  std::size_t next_brace(std::string_view text) {
    const std::size_t close = text.substr(0, effort_).find('}');
    effort_ -= std::min(close, std::min(text.size(), effort_));
    return close;
  }

  // Position of the } that closes the { before `from`, or npos.
  std::size_t closing_brace(std::string_view text, std::size_t from) {
    int depth = 1;
    for (std::size_t i = from; i < text.size() && effort_ > 0; ++i, --effort_) {
      if (text[i] == '}' && --depth == 0) return i;
      if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') {
        ++depth;
        ++i;
      }
    }
    return std::string_view::npos;
  }

  void append(std::string_view text) {
    const std::size_t room = limit_ - out_.text.size();
    if (text.size() > room) out_.too_long = true;
    out_.text += text.substr(0, room);
  }

  const Variables& variables_;
  std::size_t limit_;
  std::size_t effort_;  // bytes to be looked through
  Expansion out_;
};

}  // namespace

Expansion expand_variables(std::string_view text, const Variables& variables, std::size_t limit) {
  Expander expander(variables, limit, kMaxEffort * text.size());
  expander.expand(text, 0);
  return expander.take();
}

std::string input_variable(std::string_view id) {
  std::string name = "MCP_INPUT_";
  for (const char c : id) {
    if (c >= 'a' && c <= 'z') {
      name += static_cast<char>(c - 'a' + 'A');
    } else {
      name += (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    }
  }
  return name;
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
