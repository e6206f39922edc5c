// The fastest MCP server there can be: one tool that answers every call with a line of 200 bytes,
// or of as many as the argument `size` says. It reads no more of a message than it must, and so
// sets the floor for what others add.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <unistd.h>

namespace {

using namespace std::string_view_literals;

constexpr auto head = R"({"jsonrpc":"2.0","id":)"sv;
constexpr auto before_text = R"(,"result":{"content":[{"type":"text","text":")"sv;
constexpr auto after_text = R"("}],"isError":false}})"
                            "\n"sv;
constexpr auto tools_result =
    R"({"tools":[{"name":"echo","description":"Answers.","inputSchema":{"type":"object",)"
    R"("properties":{"text":{"type":"string"},"size":{"type":"integer"}}}}]})"sv;
constexpr std::size_t usual_size = 200;
constexpr std::size_t greatest_size = std::size_t{1} << 30;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// Goes over the members of one object, in any order and with any spaces.
class Members {
 public:
  explicit Members(std::string_view object) : text_(object) { take('{'); }

  bool next(std::string_view& key, std::string_view& value) {
    take(',');
    key = one_value();
    if (!take(':')) return false;
    value = one_value();
    return !value.empty();
  }

 private:
  bool take(char expected) {
    while (at_ < text_.size() && is_space(text_[at_]))
      ++at_;
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }

  std::string_view one_value() {
    while (at_ < text_.size() && is_space(text_[at_]))
      ++at_;
    const std::size_t begin = at_;
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (depth == 0 && (c == ',' || c == ':' || c == '}' || c == ']' || is_space(c))) break;
      if (c == '"') skip_string();
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
    }
    return text_.substr(begin, at_ - begin);
  }

  // To its closing quote, of which there is one in a million bytes.
  void skip_string() {
    for (++at_; at_ < text_.size(); ++at_) {
      const void* quote = std::memchr(text_.data() + at_, '"', text_.size() - at_);
      if (quote == nullptr) {
        at_ = text_.size() - 1;
        return;
      }
      at_ = static_cast<std::size_t>(static_cast<const char*>(quote) - text_.data());
      std::size_t backslashes = 0;
      while (text_[at_ - backslashes - 1] == '\\')
        ++backslashes;
      if (backslashes % 2 == 0) return;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string_view member(std::string_view object, std::string_view wanted) {
  Members members(object);
  std::string_view key;
  std::string_view value;
  while (members.next(key, value)) {
    if (key.size() == wanted.size() + 2 && key.substr(1, wanted.size()) == wanted) return value;
  }
  return {};
}

std::size_t number(std::string_view text) {
  std::size_t value = usual_size;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::min(value, greatest_size);
}

void append_answer(std::string_view id, std::size_t size, std::string& out) {
  const std::size_t around = head.size() + id.size() + before_text.size() + after_text.size();
  out.append(head).append(id).append(before_text);
  out.append(size > around ? size - around : 1, 'x').append(after_text);
}

// A call by one of our own clients, whose lines all begin alike; true when it was one.
bool answer_call(std::string_view line, std::string& out) {
  constexpr auto call = R"(,"method":"tools/call","params":{"name":"echo","arguments":{"text":")"sv;
  if (!line.starts_with(head)) return false;
  const std::size_t comma = line.find(',', head.size());
  if (comma == std::string_view::npos || !line.substr(comma).starts_with(call)) return false;
  // The text is the only argument when its closing quote is followed by nothing but brackets.
  constexpr auto tail = R"("}}})"sv;
  if (!line.ends_with(tail) || line.find('"', comma + call.size()) != line.size() - tail.size()) {
    return false;
  }
  append_answer(line.substr(head.size(), comma - head.size()), usual_size, out);
  return true;
}

void append_result(std::string_view id, std::string_view result, std::string& out) {
  out.append(head).append(id).append(R"(,"result":)"sv).append(result).append("}\n"sv);
}

// Whatever version the client speaks.
std::string initialize_result(std::string_view params) {
  std::string_view version = member(params, "protocolVersion"sv);
  if (version.empty()) version = R"("2025-06-18")"sv;
  return R"({"protocolVersion":)" + std::string(version) +
         R"(,"capabilities":{"tools":{}},"serverInfo":{"name":"echo","version":"1"}})";
}

void answer(std::string_view line, std::string& out) {
  if (answer_call(line, out)) return;
  const std::string_view id = member(line, "id"sv);
  const std::string_view method = member(line, "method"sv);
  if (id.empty() || method.empty()) return;
  const std::string_view params = member(line, "params"sv);
  if (method == R"("tools/call")"sv) {
    append_answer(id, number(member(member(params, "arguments"sv), "size"sv)), out);
  } else if (method == R"("initialize")"sv) {
    append_result(id, initialize_result(params), out);
  } else if (method == R"("tools/list")"sv) {
    append_result(id, tools_result, out);
  } else if (method == R"("ping")"sv) {
    append_result(id, "{}"sv, out);
  } else {
    out.append(head).append(id);
    out.append(R"(,"error":{"code":-32601,"message":"Method not found"}})"
               "\n"sv);
  }
}

bool write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

int main() {
  std::string in(256 << 10, '\0');
  std::string rest;
  std::string out;
  for (;;) {
    const ssize_t size = ::read(STDIN_FILENO, in.data(), in.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return EXIT_SUCCESS;
    std::string_view text(in.data(), static_cast<std::size_t>(size));
    out.clear();
    // Of a long line only what is new is looked at.
    const std::size_t seen = rest.size();
    if (seen != 0) text = rest.append(text);
    std::size_t end = text.find('\n', seen);
    while (end != std::string_view::npos) {
      answer(text.substr(0, end), out);
      text.remove_prefix(end + 1);
      end = text.find('\n');
    }
    if (seen == 0) {
      rest.assign(text);
    } else {
      rest.erase(0, rest.size() - text.size());
    }
    if (!write_all(out)) return EXIT_SUCCESS;
  }
}
