// How to start one downstream server, and where that was written.
#include <headrace/discovery/glob.hpp>
#include <headrace/discovery/server_spec.hpp>

#include <algorithm>

namespace headrace::discovery {
namespace {

bool names(const std::vector<std::string>& list, std::string_view tool) noexcept {
  return std::any_of(list.begin(), list.end(),
                     [tool](const std::string& item) { return matches_glob(item, tool); });
}

}  // namespace

bool same_process(const ServerSpec& a, const ServerSpec& b) noexcept {
  return a.command == b.command && a.args == b.args && a.env == b.env && a.cwd == b.cwd &&
         a.protocol == b.protocol && a.roots == b.roots;
}

bool allows_tool(const ToolRules& rules, std::string_view tool) noexcept {
  return !names(rules.disabled, tool) && (!rules.enabled || names(*rules.enabled, tool));
}

}  // namespace headrace::discovery
