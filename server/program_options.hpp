// From what a user has set to what the parts of the program are given.
#pragma once

#include <headrace/server/bridge.hpp>
#include <headrace/server/options.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace headrace::server {

/// A leading `~` is the home folder.
std::filesystem::path expanded(const std::string& path);

/// `version` is that of the program; `trace` may be null. Reads the environment for places.
BridgeOptions bridge_options(const Options& options, std::string_view version,
                             std::shared_ptr<engine::Trace> trace);

}  // namespace headrace::server
