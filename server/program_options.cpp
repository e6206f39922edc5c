// From what a user has set to what the parts of the program are given.
#include <headrace/engine/user_cache.hpp>
#include <headrace/server/program_options.hpp>

#include <cstdlib>

namespace headrace::server {
namespace {

// Empty when there is no place for it.
std::string cache_file(std::string_view name) {
  const std::filesystem::path folder = engine::user_cache();
  return folder.empty() ? std::string() : (folder / name).string();
}

}  // namespace

std::filesystem::path expanded(const std::string& path) {
  const char* home = std::getenv("HOME");
  if (home != nullptr && (path == "~" || path.starts_with("~/"))) return home + path.substr(1);
  return path;
}

BridgeOptions bridge_options(const Options& options, std::string_view version,
                             std::shared_ptr<engine::Trace> trace) {
  BridgeOptions bridge;
  bridge.registry.downstream.trace = trace;
  bridge.launcher.trace = std::move(trace);
  bridge.registry.sources.first_dir = "~/MCPs";
  bridge.registry.sources.state_dir = options.state_dir;
  if (options.servers_config) {
    bridge.registry.sources.extra_config = expanded(*options.servers_config);
  }
  bridge.registry.sources.others = options.sources;
  std::error_code nowhere;
  bridge.registry.sources.workspace = std::filesystem::current_path(nowhere);
  bridge.registry.sources.allow_self = options.allow_self;
  bridge.registry.downstream.identity.implementation = {"headrace", std::string(version),
                                                        "Headrace"};
  bridge.registry.downstream.start_limit = options.start_timeout;
  bridge.registry.era_file = cache_file("eras.json");
  bridge.registry.catalogue_folder = cache_file("catalogue");
  bridge.background_lists = options.background_lists;
  bridge.registry.downstream.stop_times = {std::chrono::milliseconds(400),
                                           std::chrono::milliseconds(300)};
  bridge.launcher.runtime = options.runtime;
  bridge.launcher.image = options.image;
  bridge.launcher.limits = options.limits;
  bridge.launcher.user = options.user;
  bridge.launcher.packages.requirements = options.packages;
  if (options.package_cache) bridge.launcher.packages.cache = expanded(*options.package_cache);
  bridge.launcher.packages.requirements_file = expanded(options.state_dir) / "requirements.txt";
  bridge.launcher.fast_channel = options.fast_channel;
  bridge.launcher.server_version = version;
  bridge.pool.size = options.warm;
  bridge.pool.idle_limit = options.idle_limit;
  bridge.max_sessions = options.max_sessions;
  bridge.session.idle_limit = options.idle_limit;
  bridge.session.output_limit = options.max_output;
  bridge.session.memory_limit = options.limits.memory;
  bridge.session.process_limit = options.limits.pids;
  bridge.strict_servers = options.strict_servers;
  bridge.allow_add_servers = options.allow_add_servers;
  bridge.saved_tools = expanded(options.state_dir) / "user_tools";
  return bridge;
}

}  // namespace headrace::server
