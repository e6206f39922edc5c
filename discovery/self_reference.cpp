// Recognises entries that would start this program, or the one that it replaces, inside itself.
#include <headrace/discovery/ascii.hpp>
#include <headrace/discovery/self_reference.hpp>

#include <algorithm>
#include <array>

namespace headrace::discovery {
namespace {

constexpr std::array<std::string_view, 3> kOwnNames = {
    "mcp-server-code-execution-mode", "mcp_server_code_execution_mode", "headrace"};
constexpr std::string_view kOwnScript = "mcp_server_code_execution_mode.py";

std::string_view base_name(std::string_view path) {
  while (path.ends_with('/'))
    path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

bool is_own(std::string_view lowered) {
  return lowered.ends_with(kOwnScript) ||
         std::find(kOwnNames.begin(), kOwnNames.end(), lowered) != kOwnNames.end();
}

// Where the command begins that `headrace proxy` starts; as many as there are when there is none.
std::size_t behind_proxy(const std::vector<std::string>& args) {
  std::size_t at = 1;
  while (at < args.size() && args[at].starts_with("--")) {
    if (args[at] == "--") return at + 1;
    at += args[at] == "--name" ? 2 : 1;
  }
  return std::min(at, args.size());
}

}  // namespace

bool looks_like_self(std::string_view name, std::string_view command,
                     const std::vector<std::string>& args) {
  if (is_own(ascii_lower(name))) return true;
  // Which stands before a server of its own.
  if (base_name(command) == "headrace" && !args.empty() && args[0] == "proxy") {
    const std::size_t at = behind_proxy(args);
    if (at >= args.size()) return false;
    const auto first = args.begin() + static_cast<std::ptrdiff_t>(at);
    return looks_like_self({}, *first, {first + 1, args.end()});
  }
  if (is_own(ascii_lower(base_name(command)))) return true;
  return std::any_of(args.begin(), args.end(), [](const std::string& arg) {
    const std::string lowered = ascii_lower(std::string_view(arg));
    return is_own(lowered) || is_own(base_name(lowered));
  });
}

}  // namespace headrace::discovery
