// Everything a user can set, read from the environment.
#pragma once

#include <headrace/discovery/environment.hpp>
#include <headrace/discovery/source_places.hpp>
#include <headrace/engine/logger.hpp>
#include <headrace/sandbox/runtime.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace headrace::server {

enum class OutputMode { compact, toon, json };

/// Whether an answer has `structuredContent`: with `automatic`, unless it shows pictures or
/// documents, which clients that prefer structured content would drop.
enum class StructuredContent { automatic, always, never };

/// The names and defaults are documented in docs/configuration.md.
struct Options {
  std::string runtime = "auto";
  std::string image = "python:3.14-slim";
  std::chrono::seconds timeout{30};
  std::chrono::seconds max_timeout{120};
  sandbox::SandboxLimits limits;
  std::string user = "65534:65534";
  /// Requirements as pip reads them, to be installed beside the image's own packages.
  std::vector<std::string> packages;
  std::optional<std::string> package_cache;
  /// False: the interpreter is spoken to by stdin and stdout, whatever else would be faster.
  bool fast_channel = true;
  std::chrono::seconds idle_limit{300};
  /// Sessions at once, spare interpreters not counted.
  std::size_t max_sessions = 8;
  /// Interpreters that are started before they are needed.
  std::size_t warm = 1;
  std::string state_dir = "~/MCPs";
  std::optional<std::string> servers_config;
  /// Which other programs' servers are read too.
  discovery::SourceSelection sources = discovery::all_sources();
  OutputMode output_mode = OutputMode::compact;
  StructuredContent structured_content = StructuredContent::automatic;
  engine::LogLevel log_level = engine::LogLevel::info;
  /// A folder for files of all that goes over the protocol's streams.
  std::optional<std::string> trace;
  bool allow_self = false;
  bool strict_servers = false;
  /// Servers whose tools are not known are asked for them before anybody wants them.
  bool background_lists = true;
  /// Code may start servers of its own, on the host.
  bool allow_add_servers = false;
  std::size_t max_output = 256 << 10;
  std::chrono::seconds start_timeout{60};
};

/// A value that can't be read; names the variable and says what it takes.
class OptionError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Throws OptionError. Empty variables count as unset.
Options read_options(const discovery::EnvironmentLookup& environment);

/// "30", "30s", "2m", "1h"; nothing when it is none of these.
std::optional<std::chrono::seconds> parse_seconds(std::string_view text);
/// "512m", "1g", "65536", "64KiB"; nothing when it is none of these.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace headrace::server
