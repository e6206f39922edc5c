// Remembers in which folders the user lets configuration files start servers.
#pragma once

#include <headrace/discovery/environment.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// The file that holds them: `headrace/trusted-workspaces` in XDG_CONFIG_HOME or `~/.config`. Empty
/// when there is neither.
std::string trust_file(const std::string& home, const EnvironmentLookup& environment);

/// The folders in it: absolute, one a line; empty lines and those that start with `#` are none. No
/// file is no folder. False, and half a sentence in `error`, when it cannot be read.
bool read_trusted_workspaces(const std::string& file, std::vector<std::string>& folders,
                             std::string& error);

/// Adds a folder (or takes it out), links resolved. The file is replaced in one step and is the
/// user's alone. False, and a sentence in `error`, when the folder is none or the file cannot be
/// written. Two that do so at once: one of them may be lost.
bool trust_workspace(const std::string& file, const std::string& folder, std::string& error);
bool distrust_workspace(const std::string& file, const std::string& folder, std::string& error);

/// A path without links, `.` and `..`; as it is when there is no such folder.
std::string resolved_folder(const std::string& folder);

/// Whether `path` is `folder` or lies below it; both absolute.
bool is_within(std::string_view folder, std::string_view path) noexcept;

}  // namespace headrace::discovery
