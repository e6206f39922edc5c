// Reads an entry that code hands over while it runs, as those of configuration files are read.
#pragma once

#include <headrace/discovery/server_spec.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

struct GivenEntry {
  std::optional<ServerSpec> spec;  ///< without an alias; nothing when it can't be used
  /// Why it can't, or what of it is ignored. Sentences without their dots.
  std::vector<std::string> messages;
};

/// `config` is well-formed JSON, an object as a file has it under the name of a server. Nothing of
/// this process's environment flows into it: what refers to a variable without a default is an
/// error, as are `envFile` and `env_vars`. What would start this program again is never taken.
/// `home` is what `~` stands for.
GivenEntry read_given_entry(const std::string& name, std::string_view config,
                            const std::string& home);

}  // namespace headrace::discovery
