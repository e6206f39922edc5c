// Remembers in which folders the user lets configuration files start servers.
#include <headrace/discovery/config_file.hpp>
#include <headrace/discovery/replace_file.hpp>
#include <headrace/discovery/workspace_trust.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>

namespace headrace::discovery {
namespace {

bool is_missing(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool write_folders(const std::string& file, const std::vector<std::string>& folders,
                   std::string& error) {
  std::string text =
      "# Folders whose own MCP configuration files Headrace may start servers from.\n";
  for (const std::string& folder : folders)
    text += folder + '\n';
  return replace_file(file, text, error);
}

}  // namespace

std::string trust_file(const std::string& home, const EnvironmentLookup& environment) {
  const std::optional<std::string> config =
      environment ? environment("XDG_CONFIG_HOME") : std::nullopt;
  if (config && config->starts_with('/')) return *config + "/headrace/trusted-workspaces";
  return home.empty() ? "" : home + "/.config/headrace/trusted-workspaces";
}

bool read_trusted_workspaces(const std::string& file, std::vector<std::string>& folders,
                             std::string& error) {
  folders.clear();
  if (file.empty() || is_missing(file)) return true;
  std::string content;
  if (!read_config_file(file, content, error)) return false;
  std::string_view rest = content;
  while (!rest.empty()) {
    const std::size_t newline = rest.find('\n');
    const std::string_view line = rest.substr(0, newline);
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    if (line.starts_with('/')) folders.emplace_back(line);
  }
  return true;
}

bool trust_workspace(const std::string& file, const std::string& folder, std::string& error) {
  const std::string resolved = resolved_folder(folder);
  std::error_code failed;
  if (!resolved.starts_with('/') || !std::filesystem::is_directory(resolved, failed)) {
    error = "there is no folder `" + folder + '`';
    return false;
  }
  if (resolved.find('\n') != std::string::npos) {
    error = "the name of the folder holds a line break: it cannot be remembered";
    return false;
  }
  if (file.empty()) {
    error = "there is no place to remember it in: HOME is not set";
    return false;
  }
  std::vector<std::string> folders;
  if (!read_trusted_workspaces(file, folders, error)) {
    error = "`" + file + "` cannot be read: " + error;
    return false;
  }
  if (std::find(folders.begin(), folders.end(), resolved) != folders.end()) return true;
  folders.push_back(resolved);
  return write_folders(file, folders, error);
}

bool distrust_workspace(const std::string& file, const std::string& folder, std::string& error) {
  std::vector<std::string> folders;
  if (!read_trusted_workspaces(file, folders, error)) {
    error = "`" + file + "` cannot be read: " + error;
    return false;
  }
  const std::size_t before = folders.size();
  std::erase(folders, resolved_folder(folder));
  std::erase(folders, folder);
  return folders.size() == before || write_folders(file, folders, error);
}

std::string resolved_folder(const std::string& folder) {
  std::error_code failed;
  const std::filesystem::path path = std::filesystem::canonical(folder, failed);
  return failed ? folder : path.string();
}

bool is_within(std::string_view folder, std::string_view path) noexcept {
  while (folder.size() > 1 && folder.ends_with('/'))
    folder.remove_suffix(1);
  if (!folder.starts_with('/') || !path.starts_with(folder)) return false;
  return folder == "/" || path.size() == folder.size() || path[folder.size()] == '/';
}

}  // namespace headrace::discovery
