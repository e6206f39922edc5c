// What MCP_BRIDGE_PACKAGES and a requirements.txt ask for, and what pip's failures mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::sandbox {

/// Requirements separated by spaces or commas, as in `numpy pandas>=2,<3 'foo[a,b];
/// os_name=="nt"'`: a comma before a comparison belongs to it, quotes hold a requirement together.
/// Nothing, if one is no requirement: an option of pip, a path, an open quote.
std::optional<std::vector<std::string>> split_packages(std::string_view text);

/// A name for whatever depends on all of `parts` and on nothing else; letters and digits.
std::string fingerprint(const std::vector<std::string>& parts);

/// Whether pip failed since it could not reach what it installs from.
bool is_network_failure(std::string_view pip_output);

/// Whether pip itself is broken, or too old for its Python.
bool has_crashed(std::string_view pip_output);

/// What to do about it, and the last that pip said. `wheels_only`: nothing could be compiled.
std::string explain_pip_failure(int exit_code, std::string_view pip_output, bool wheels_only);

}  // namespace headrace::sandbox
