// Expands `${VAR}`, `${VAR:-default}` and a leading `~` in configured strings.
#pragma once

#include <headrace/discovery/environment.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

struct Expansion {
  std::string text;
  std::vector<std::string> missing;  ///< variables that are not set and have no default
  bool too_long = false;             ///< `text` was cut at the limit
};

/// Replaces each `${VAR}` by its value, and `${VAR:-default}` by the default (itself expanded)
/// where VAR is unset or empty. `$${` stands for a plain `${`. Anything else stays as it is, also
/// `$VAR` and forms of the shell such as `${VAR%x}`. Values are not expanded again. `text` of the
/// result grows no longer than `limit` bytes.
Expansion expand_variables(std::string_view text, const EnvironmentLookup& lookup,
                           std::size_t limit);

/// `~` and `~/…` become `home` and what follows; anything else stays as it is, all if there
/// is no `home`.
std::string expand_home(std::string_view text, std::string_view home);

}  // namespace headrace::discovery
