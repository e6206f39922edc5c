// The other programs whose servers are read too: their names, where their files lie, how they are
// written.
#include <headrace/discovery/source_places.hpp>

#include <algorithm>
#include <array>

namespace headrace::discovery {
namespace {

constexpr std::chrono::milliseconds kSeconds{1000};
constexpr std::chrono::milliseconds kMilliseconds{1};

constexpr Dialect foreign(std::chrono::milliseconds timeout_unit) {
  Dialect dialect;
  dialect.own = false;
  dialect.timeout_unit = timeout_unit;
  return dialect;
}

constexpr Dialect claude_code() {
  Dialect dialect = foreign(kMilliseconds);
  dialect.projects = true;
  return dialect;
}

constexpr Dialect gemini() {
  Dialect dialect = foreign(kMilliseconds);
  dialect.plain_variables = true;
  return dialect;
}

constexpr Dialect opencode() {
  Dialect dialect = foreign(kMilliseconds);
  dialect.brace_variables = true;
  dialect.timeout_is_for_start = true;
  return dialect;
}

constexpr Dialect copilot() {
  Dialect dialect = foreign(kMilliseconds);
  dialect.tools_are_allowed = true;
  return dialect;
}

constexpr std::array kAgents = {
    Agent{"mcp", "~/.config/mcp", foreign(kSeconds)},
    Agent{"claude-code", "Claude Code", claude_code()},
    Agent{"claude-desktop", "Claude Desktop", foreign(kMilliseconds)},
    Agent{"cursor", "Cursor", foreign(kMilliseconds)},
    Agent{"windsurf", "Windsurf", foreign(kSeconds)},
    Agent{"vscode", "VS Code", foreign(kMilliseconds)},
    Agent{"gemini", "Gemini CLI", gemini()},
    Agent{"codex", "Codex", foreign(kSeconds)},
    Agent{"opencode", "OpenCode", opencode()},
    Agent{"antigravity", "Antigravity", foreign(kMilliseconds)},
    Agent{"zed", "Zed", foreign(kSeconds)},
    Agent{"copilot", "Copilot CLI", copilot()},
    Agent{"cline", "Cline", foreign(kSeconds)},
    Agent{"roo", "Roo Code", foreign(kSeconds)},
    Agent{"kiro", "Kiro", foreign(kMilliseconds)},
    Agent{"qwen", "Qwen Code", gemini()},
    Agent{"amp", "Amp", foreign(kMilliseconds)},
    Agent{"lmstudio", "LM Studio", foreign(kMilliseconds)},
    Agent{"junie", "Junie", foreign(kMilliseconds)},
};

// Where a path of the table starts.
enum class Base {
  home,
  config,        // XDG_CONFIG_HOME, or ~/.config
  applications,  // the same on Linux, ~/Library/Application Support on macOS
  codex,         // CODEX_HOME, or ~/.codex
  copilot,       // COPILOT_HOME, or ~/.copilot
};

struct Place {
  std::string_view agent;
  Base base;
  std::string_view path;
  bool folder = false;
  Syntax syntax = Syntax::json;
};

constexpr Place kUserPlaces[] = {
    {"mcp", Base::config, "mcp/servers", true},
    {"claude-code", Base::home, ".claude.json"},
    {"claude-desktop", Base::applications, "Claude/claude_desktop_config.json"},
    {"cursor", Base::home, ".cursor/mcp.json"},
    {"windsurf", Base::home, ".codeium/windsurf/mcp_config.json"},
    {"windsurf", Base::home, ".codeium/mcp_config.json"},
    {"vscode", Base::applications, "Code/User/mcp.json"},
    {"vscode", Base::applications, "Code/User/settings.json"},
    {"vscode", Base::applications, "Code - Insiders/User/mcp.json"},
    {"vscode", Base::applications, "Code - Insiders/User/settings.json"},
    {"vscode", Base::home, ".vscode-server/data/User/mcp.json"},
    {"vscode", Base::home, ".vscode-server-insiders/data/User/mcp.json"},
    {"vscode", Base::applications, "VSCodium/User/mcp.json"},
    {"gemini", Base::home, ".gemini/settings.json"},
    {"codex", Base::codex, "config.toml", false, Syntax::toml},
    {"opencode", Base::config, "opencode/opencode.json"},
    {"opencode", Base::config, "opencode/opencode.jsonc"},
    {"opencode", Base::home, ".opencode.json"},
    {"antigravity", Base::home, ".gemini/config/mcp_config.json"},
    {"antigravity", Base::home, ".gemini/antigravity/mcp_config.json"},
    {"antigravity", Base::home, ".antigravity/mcp.json"},
    {"antigravity", Base::home, ".antigravity/settings.json"},
    {"zed", Base::config, "zed/settings.json"},
    {"copilot", Base::copilot, "mcp-config.json"},
    {"cline", Base::home, ".cline/data/settings/cline_mcp_settings.json"},
    {"cline", Base::applications,
     "Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"},
    {"roo", Base::applications,
     "Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json"},
    {"kiro", Base::home, ".kiro/settings/mcp.json"},
    {"qwen", Base::home, ".qwen/settings.json"},
    {"amp", Base::config, "amp/settings.json"},
    {"lmstudio", Base::home, ".lmstudio/mcp.json"},
    {"junie", Base::home, ".junie/mcp/mcp.json"},
};

constexpr Place kWorkspacePlaces[] = {
    {"claude-code", Base::home, ".mcp.json"},
    {"claude-desktop", Base::home, "claude_desktop_config.json"},
    {"cursor", Base::home, ".cursor/mcp.json"},
    {"vscode", Base::home, ".vscode/mcp.json"},
    {"vscode", Base::home, ".vscode/settings.json"},
    {"gemini", Base::home, ".gemini/settings.json"},
    {"codex", Base::home, ".codex/config.toml", false, Syntax::toml},
    {"opencode", Base::home, "opencode.json"},
    {"opencode", Base::home, "opencode.jsonc"},
    {"opencode", Base::home, ".opencode.json"},
    {"antigravity", Base::home, ".agents/mcp_config.json"},
    {"zed", Base::home, ".zed/settings.json"},
    {"copilot", Base::home, ".github/mcp.json"},
    {"roo", Base::home, ".roo/mcp.json"},
    {"kiro", Base::home, ".kiro/settings/mcp.json"},
    {"qwen", Base::home, ".qwen/settings.json"},
    {"amp", Base::home, ".amp/settings.json"},
    {"junie", Base::home, ".junie/mcp/mcp.json"},
    {"mcp", Base::home, "mcp-servers", true},
};

const Agent* find_agent(std::string_view id) {
  const auto found =
      std::find_if(kAgents.begin(), kAgents.end(), [id](const Agent& a) { return a.id == id; });
  return found == kAgents.end() ? nullptr : &*found;
}

std::string joined(std::string_view folder, std::string_view path) {
  std::string result(folder);
  if (!result.ends_with('/')) result += '/';
  return result += path;
}

std::string base_folder(Base base, const std::string& home, const EnvironmentLookup& environment,
                        Platform platform) {
  // A relative one is to be ignored, says the specification of XDG_CONFIG_HOME.
  const auto named = [&](std::string_view variable, std::string_view otherwise) {
    const std::optional<std::string> value = environment ? environment(variable) : std::nullopt;
    return value && value->starts_with('/') ? *value : joined(home, otherwise);
  };
  switch (base) {
    case Base::applications:
      if (platform == Platform::macos) return joined(home, "Library/Application Support");
      [[fallthrough]];
    case Base::config:
      return named("XDG_CONFIG_HOME", ".config");
    case Base::codex:
      return named("CODEX_HOME", ".codex");
    case Base::copilot:
      return named("COPILOT_HOME", ".copilot");
    case Base::home:
      break;
  }
  return home;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\n";
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

}  // namespace

std::span<const Agent> agents() noexcept {
  return kAgents;
}

SourceSelection all_sources() {
  SourceSelection selection;
  for (const Agent& agent : kAgents)
    selection.emplace_back(agent.id);
  selection.emplace_back(kWorkspaceSources);
  return selection;
}

std::optional<SourceSelection> parse_sources(std::string_view text, std::string& error) {
  SourceSelection selection;
  if (trimmed(text) == "none") return selection;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view id = trimmed(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    if (id.empty()) continue;
    if (id == "all") return all_sources();
    if (find_agent(id) == nullptr && id != kWorkspaceSources) {
      error = "there is no source '" + std::string(id) + "': it takes `all`, `none`, or some of ";
      for (const Agent& agent : kAgents)
        error += std::string(agent.id) + ", ";
      error += kWorkspaceSources;
      return std::nullopt;
    }
    selection.emplace_back(id);
  }
  return selection;
}

std::vector<SourcePlace> user_places(const SourceSelection& selection, const std::string& home,
                                     const EnvironmentLookup& environment, Platform platform) {
  std::vector<SourcePlace> places;
  if (home.empty()) return places;
  for (const Place& place : kUserPlaces) {
    if (std::find(selection.begin(), selection.end(), place.agent) == selection.end()) continue;
    places.push_back({find_agent(place.agent),
                      joined(base_folder(place.base, home, environment, platform), place.path),
                      place.folder, place.syntax});
  }
  return places;
}

std::vector<SourcePlace> workspace_places(std::string_view folder) {
  std::vector<SourcePlace> places;
  for (const Place& place : kWorkspacePlaces) {
    places.push_back(
        {find_agent(place.agent), joined(folder, place.path), place.folder, place.syntax});
  }
  return places;
}

}  // namespace headrace::discovery
