// `headrace proxy`: between the client on our stdio and one server that it starts.
#pragma once

#include <headrace/server/options.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace headrace::server {

struct ProxyCommand {
  std::vector<std::string> command;  ///< The server's, with its arguments.
  std::string name;                  ///< Of the server in messages; empty: that of its program.
};

/// As shells have it.
inline constexpr int exit_not_started = 127;

/// Runs it to the end of the conversation. Returns what the process is to exit with: 0 when the
/// client ended it, or a signal; else what the server exited with, or 1 if that is 0; 128 and the
/// signal that killed it; exit_not_started. Throws what stdio that is not open throws.
int run_proxy(const Options& options, std::string_view version, const ProxyCommand& command);

}  // namespace headrace::server
