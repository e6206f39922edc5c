// `headrace gateway`: the tools of all servers, on a client's stdio.
#pragma once

#include <headrace/server/options.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::server {

struct GatewayCommand {
  std::vector<std::string> servers;  ///< Names or patterns; empty: all.
  std::vector<std::string> tools;    ///< Patterns; empty: all.
  std::optional<std::chrono::seconds> timeout;
};

/// Serves until the client is gone; what the process is to exit with. May throw.
int run_gateway(const Options& options, std::string_view version, const GatewayCommand& command);

}  // namespace headrace::server
