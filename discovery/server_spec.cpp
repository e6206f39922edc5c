// How to start one downstream server, and where that was written.
#include <headrace/discovery/glob.hpp>
#include <headrace/discovery/server_spec.hpp>

namespace headrace::discovery {

bool same_process(const ServerSpec& a, const ServerSpec& b) noexcept {
  return a.command == b.command && a.args == b.args && a.env == b.env && a.cwd == b.cwd &&
         a.protocol == b.protocol && a.roots == b.roots;
}

bool allows_tool(const ToolRules& rules, std::string_view tool) noexcept {
  return !matches_any_glob(rules.disabled, tool) &&
         (!rules.enabled || matches_any_glob(*rules.enabled, tool));
}

}  // namespace headrace::discovery
