// Environment variables: how they are looked up, and the few that a downstream server inherits.
#pragma once

#include <headrace/discovery/server_spec.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// Value of a variable, or nothing when it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(std::string_view name)>;

/// Looks variables up in the environment of this process.
EnvironmentLookup process_environment();

/// Tells a Headrace how many others stand above it, each started by a server of the next.
inline constexpr std::string_view nesting_variable = "MCP_BRIDGE_NESTING";

/// What `lookup` has of it; 0 when that is no number or not set.
unsigned nesting(const EnvironmentLookup& lookup);

/// The whole environment of `spec`'s process, as `NAME=value`: HOME, LOGNAME, PATH, SHELL, TERM and
/// USER where `lookup` knows them, overridden and followed by the entry's own `env`; and last the
/// nesting of a Headrace that it may start.
std::vector<std::string> child_environment(const ServerSpec& spec, const EnvironmentLookup& lookup);

}  // namespace headrace::discovery
