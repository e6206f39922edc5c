// Tools of many servers as one list, each under a name of its own: `server__tool`.
#pragma once

#include <headrace/discovery/catalogue.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace headrace::server {

/// Longer names are refused by providers of models.
inline constexpr std::size_t longest_tool_name = 64;

/// `alias__tool`, in letters, digits, `_` and `-`; of any other a `_` is made. What is too long
/// ends in eight hexadecimal digits of a hash of both names, which stay the same for ever.
std::string gateway_name(std::string_view server_alias, std::string_view tool);

/// The same with the hash in any case: for a tool that would have another's name.
std::string distinct_gateway_name(std::string_view server_alias, std::string_view tool);

/// The raw definition of a tool under `name`, with all that its server said of it: but what a
/// strict client would refuse the whole list for is mended or left out, and so is `execution`, for
/// the tools that have to be called as tasks are called so by us.
std::string gateway_definition(const discovery::ToolDoc& tool, std::string_view name);

/// A hash of all that is known of a server's tools.
std::uint64_t fingerprint(const discovery::CatalogueServer& server);

struct GatewayTool {
  std::string name;
  std::string server;  ///< Exact.
  std::string tool;    ///< The same.
  bool needs_task = false;
  std::chrono::milliseconds call_timeout{0};  ///< As configured; zero: not.
};

/// The tools that servers are known to have, in the order of the servers and of their lists.
class GatewayTools {
 public:
  GatewayTools() = default;
  /// `patterns` with `*` and `?` say which names are wanted; none: all.
  GatewayTools(std::span<const discovery::CatalogueServer> servers,
               const std::vector<std::string>& patterns);
  GatewayTools(GatewayTools&&) = default;
  GatewayTools& operator=(GatewayTools&&) = default;

  std::span<const GatewayTool> all() const noexcept { return tools_; }
  /// Null when there is none of exactly this name.
  const GatewayTool* find(std::string_view name) const;
  /// For a message: what was meant, or nothing.
  std::string nearest(std::string_view name) const;

 private:
  std::vector<GatewayTool> tools_;
  std::unordered_map<std::string_view, std::uint32_t> by_name_;  // keys are in tools_
};

}  // namespace headrace::server
