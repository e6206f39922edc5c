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

/// The whole environment of `spec`'s process, as `NAME=value`: HOME, LOGNAME, PATH, SHELL, TERM and
/// USER where `lookup` knows them, overridden and followed by the entry's own `env`.
std::vector<std::string> child_environment(const ServerSpec& spec, const EnvironmentLookup& lookup);

}  // namespace headrace::discovery
