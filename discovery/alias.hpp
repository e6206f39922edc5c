// Python names for servers and tools: what sandboxed code writes after `mcp_` and after the dot.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// Lower case, runs of anything but a-z, 0-9 and _ become one _, a leading digit gets a _ before
/// it, nothing at all is `server`. Not yet unique.
std::string server_alias(std::string_view name);

/// The same, with outer white space dropped, the default `tool`, and a _ after a Python keyword.
std::string tool_alias(std::string_view name);

/// Whether `word` cannot be an identifier in Python 3.9 to 3.14.
bool is_python_keyword(std::string_view word) noexcept;

/// One alias for each name, in the same order and unique: a second one gets `_2`, and so on. A name
/// that is its own alias keeps it whatever its place, so that an alias never means another name.
std::vector<std::string> unique_aliases(std::span<const std::string_view> names,
                                        std::string (*alias_of)(std::string_view));

}  // namespace headrace::discovery
