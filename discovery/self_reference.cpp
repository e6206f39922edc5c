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

}  // namespace

bool looks_like_self(std::string_view name, std::string_view command,
                     const std::vector<std::string>& args) {
  if (is_own(ascii_lower(name)) || is_own(ascii_lower(base_name(command)))) return true;
  return std::any_of(args.begin(), args.end(), [](const std::string& arg) {
    const std::string lowered = ascii_lower(std::string_view(arg));
    return is_own(lowered) || is_own(base_name(lowered));
  });
}

}  // namespace headrace::discovery
