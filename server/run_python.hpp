// The tool: its definition, its arguments, and its way through the bridge.
#pragma once

#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/server/bridge.hpp>
#include <headrace/server/options.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace headrace::server {

struct RunLimits {
  std::chrono::seconds timeout{30};
  std::chrono::seconds max_timeout{120};
  OutputMode output_mode = OutputMode::compact;
  StructuredContent structured_content = StructuredContent::automatic;
};

/// Reads the raw arguments of a call; else what is wrong with them, in words for the model.
std::variant<CodeRun, std::string> read_arguments(const std::string& arguments,
                                                  const RunLimits& limits);

/// Told after a run, before its answer: the resources that it has made or changed.
using ResourcesChanged = std::function<void(const std::vector<std::string>& uris)>;

/// `run_python` on this bridge, for a server role.
engine::mcp::ToolSpec run_python_tool(std::shared_ptr<Bridge> bridge, engine::Executor executor,
                                      RunLimits limits, ResourcesChanged resources_changed = {});

}  // namespace headrace::server
