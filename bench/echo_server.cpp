// The fastest MCP server there can be: one tool that answers every call with the same 200 bytes.
// It reads no more of a message than its id and method, and so sets the floor for what others add.
#include <cerrno>
#include <string>
#include <string_view>
#include <unistd.h>

namespace {

using namespace std::string_view_literals;

constexpr auto call_result =
    R"({"content":[{"type":"text","text":"0123456789012345678901234567890123456789012345678901234567)"
    R"(890123456789012345678901234567890123456789012345678901234567890"}],"isError":false})"sv;
constexpr auto initialize_result = R"({"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"
                                   R"("serverInfo":{"name":"echo","version":"1"}})"sv;
constexpr auto tools_result =
    R"({"tools":[{"name":"echo","description":"Answers.","inputSchema":{"type":"object",)"
    R"("properties":{"text":{"type":"string"}}}}]})"sv;

// What follows `key` up to one of `ends`; empty when the key is not there.
std::string_view after(std::string_view line, std::string_view key, std::string_view ends) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + key.size();
  return line.substr(begin, line.find_first_of(ends, begin) - begin);
}

// A call by one of our own clients, whose lines all begin alike; true when it was one.
bool answer_call(std::string_view line, std::string& out) {
  constexpr auto head = R"({"jsonrpc":"2.0","id":)"sv;
  constexpr auto call = R"(,"method":"tools/call")"sv;
  if (!line.starts_with(head)) return false;
  const std::size_t comma = line.find(',', head.size());
  if (comma == std::string_view::npos || !line.substr(comma).starts_with(call)) return false;
  out.append(line.substr(0, comma)).append(R"(,"result":)"sv).append(call_result).append("}\n"sv);
  return true;
}

void answer(std::string_view line, std::string& out) {
  if (answer_call(line, out)) return;
  const std::string_view id = after(line, R"("id":)"sv, ",}"sv);
  if (id.empty()) return;
  const std::string_view method = after(line, R"("method":")"sv, "\""sv);
  out.append(R"({"jsonrpc":"2.0","id":)"sv).append(id);
  if (method == "tools/call"sv) {
    out.append(R"(,"result":)"sv).append(call_result);
  } else if (method == "initialize"sv) {
    out.append(R"(,"result":)"sv).append(initialize_result);
  } else if (method == "tools/list"sv) {
    out.append(R"(,"result":)"sv).append(tools_result);
  } else {
    out.append(R"(,"error":{"code":-32601,"message":"Method not found"})"sv);
  }
  out.append("}\n"sv);
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
    if (size <= 0) return 0;
    std::string_view text(in.data(), static_cast<std::size_t>(size));
    if (!rest.empty()) text = rest.append(text);
    out.clear();
    std::size_t end = text.find('\n');
    while (end != std::string_view::npos) {
      answer(text.substr(0, end), out);
      text.remove_prefix(end + 1);
      end = text.find('\n');
    }
    rest = std::string(text);
    if (!write_all(out)) return 0;
  }
}
