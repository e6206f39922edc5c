// How to start one downstream server, and where that was written.
#include <headrace/discovery/server_spec.hpp>

namespace headrace::discovery {

bool same_process(const ServerSpec& a, const ServerSpec& b) noexcept {
  return a.command == b.command && a.args == b.args && a.env == b.env && a.cwd == b.cwd;
}

}  // namespace headrace::discovery
