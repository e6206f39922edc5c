// Expands `${VAR}`, `${VAR:-default}`, what agents write in their files, and a leading `~`.
#pragma once

#include <headrace/discovery/environment.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// Something that VS Code would ask the user for.
struct ConfigInput {
  std::string id;
  std::string description;
  std::optional<std::string> preset;  ///< what the user would be offered

  bool operator==(const ConfigInput&) const = default;
};

/// The text of a file that a reference names as it is written there; nothing when it has none.
using FileText = std::function<std::optional<std::string>(std::string_view path)>;

/// What references are replaced by. All that it refers to has to outlive it.
struct Variables {
  const EnvironmentLookup& environment;
  std::string_view home = {};       ///< `${userHome}`
  std::string_view workspace = {};  ///< `${workspaceFolder}`
  std::span<const ConfigInput> inputs = {};
  bool plain = false;   ///< also `$VAR`, where it is set
  bool braces = false;  ///< also `{env:VAR}` and `{file:path}`
  FileText file = {};   ///< `${file:path}`; none: only its agent resolves it
};

struct Expansion {
  std::string text;
  std::vector<std::string> missing;         ///< variables that are not set and have no default
  std::vector<std::string> missing_inputs;  ///< ids of inputs that have no value
  std::vector<std::string> missing_files;   ///< paths of files that have no text
  std::vector<std::string> unknown;         ///< such as `command:x`, which only its agent resolves
  bool too_long = false;                    ///< `text` was cut at the limit
};

/// Replaces each `${VAR}` and `${env:VAR}` by its value, and `${VAR:-default}` by the default
/// (itself expanded) where VAR is unset or empty. Names that no variable of the environment has:
/// `userHome`, `workspaceFolder` (also with `:NAME` behind it), `workspaceFolderBasename`,
/// `pathSeparator` and `/`. `${input:id}` is the environment's MCP_INPUT_<ID>, else the input's
/// preset. `${file:path}` is the text of a file. `$${` stands for a plain `${`. Anything else stays
/// as it is, also forms of the shell such as `${VAR%x}`. Values are not expanded again. `text` of
/// the result grows no longer than `limit` bytes, each list of names no longer than twenty, and the
/// time in proportion to the text.
Expansion expand_variables(std::string_view text, const Variables& variables, std::size_t limit);

/// The variable that an input's value is taken from: MCP_INPUT_ and its id in upper case, with _
/// for all but letters and digits.
std::string input_variable(std::string_view id);

/// `~` and `~/…` become `home` and what follows; anything else stays as it is, all if there
/// is no `home`.
std::string expand_home(std::string_view text, std::string_view home);

}  // namespace headrace::discovery
