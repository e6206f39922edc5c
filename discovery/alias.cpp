// Python names for servers and tools: what sandboxed code writes after `mcp_` and after the dot.
#include <headrace/discovery/alias.hpp>
#include <headrace/discovery/ascii.hpp>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

namespace headrace::discovery {
namespace {

constexpr std::array<std::string_view, 35> kKeywords = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};
static_assert(std::is_sorted(kKeywords.begin(), kKeywords.end()));

// What Python, IPython and the server's own object mean by an attribute is no tool.
bool is_taken(std::string_view alias) {
  return alias.starts_with("__") || alias.starts_with("_repr_") || alias.starts_with("_ipy") ||
         alias == "_name" || alias == "_alias" || alias == "_server";
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || is_digit(c);
}

std::string identifier(std::string_view name, std::string_view fallback) {
  std::string alias;
  bool in_gap = false;
  for (const char any : name) {
    const char c = ascii_lower(any);
    const bool word = is_word(c);
    if (word) {
      alias += c;
    } else if (!in_gap) {
      alias += '_';
    }
    in_gap = !word;
  }
  if (alias.empty()) alias = fallback;
  if (is_digit(alias.front())) alias.insert(0, 1, '_');
  return alias;
}

}  // namespace

std::string server_alias(std::string_view name) {
  std::string alias = identifier(name, "server");
  // `mcp_servers` is all of them.
  if (alias == "servers") alias += '_';
  return alias;
}

std::string tool_alias(std::string_view name) {
  while (!name.empty() && is_space(name.front()))
    name.remove_prefix(1);
  while (!name.empty() && is_space(name.back()))
    name.remove_suffix(1);
  std::string alias = identifier(name, "tool");
  if (is_taken(alias)) {
    alias.erase(0, alias.find_first_not_of('_'));
    if (alias.empty()) alias = "tool";
    if (is_digit(alias.front())) alias.insert(0, 1, '_');
  }
  if (is_python_keyword(alias) || alias == "list_tools") alias += '_';
  return alias;
}

bool is_python_keyword(std::string_view word) noexcept {
  return std::binary_search(kKeywords.begin(), kKeywords.end(), word);
}

std::vector<std::string> unique_aliases(std::span<const std::string_view> names,
                                        std::string (*alias_of)(std::string_view)) {
  std::vector<std::string> aliases(names.size());
  std::unordered_set<std::string> taken;
  for (std::size_t i = 0; i < names.size(); ++i) {
    aliases[i] = alias_of(names[i]);
    if (aliases[i] == names[i]) taken.insert(aliases[i]);
  }
  // Where counting goes on for a base, so that many equal ones do not each start from 2.
  std::unordered_map<std::string, std::size_t> last_suffix;
  std::unordered_set<std::string_view> own_names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (aliases[i] == names[i] && own_names.insert(names[i]).second) continue;
    if (taken.insert(aliases[i]).second) continue;
    std::size_t& suffix = last_suffix.try_emplace(aliases[i], 1).first->second;
    std::string candidate;
    do {
      // Counting may make a name that is not to be had: `_` and `__2`.
      candidate = alias_of(aliases[i] + '_' + std::to_string(++suffix));
    } while (!taken.insert(candidate).second);
    aliases[i] = std::move(candidate);
  }
  return aliases;
}

}  // namespace headrace::discovery
