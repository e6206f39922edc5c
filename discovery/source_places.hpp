// The other programs whose servers are read too: their names, where their files lie, how they are
// written.
#pragma once

#include <headrace/discovery/dialect.hpp>
#include <headrace/discovery/environment.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

enum class Platform { linux_like, macos };

#ifdef __APPLE__
inline constexpr Platform kHostPlatform = Platform::macos;
#else
inline constexpr Platform kHostPlatform = Platform::linux_like;
#endif

enum class Syntax { json, toml };

/// A program that keeps servers in files of its own.
struct Agent {
  std::string_view id;    ///< as `MCP_BRIDGE_SOURCES` names it: `claude-code`
  std::string_view name;  ///< for people: `Claude Code`
  Dialect dialect;
};

/// All of them, in order of precedence.
std::span<const Agent> agents() noexcept;

/// The id under which a selection holds the files of trusted workspaces.
inline constexpr std::string_view kWorkspaceSources = "workspace";

/// Ids of agents, and `workspace`.
using SourceSelection = std::vector<std::string>;

/// Everything there is.
SourceSelection all_sources();

/// Reads `all`, `none`, or ids with commas between. Nothing, and a sentence in `error`, when it
/// names what there is not.
std::optional<SourceSelection> parse_sources(std::string_view text, std::string& error);

/// A file, or a folder whose `*.json` are meant. It need not exist.
struct SourcePlace {
  const Agent* agent = nullptr;  ///< one of `agents()`
  std::string path;
  bool folder = false;
  Syntax syntax = Syntax::json;
};

/// The selected agents' files of the user, in order of precedence. None without a `home`.
std::vector<SourcePlace> user_places(const SourceSelection& selection, const std::string& home,
                                     const EnvironmentLookup& environment, Platform platform);

/// Files that agents read in a folder that is worked in, in order of precedence.
std::vector<SourcePlace> workspace_places(std::string_view folder);

}  // namespace headrace::discovery
