// Environment variables: how they are looked up, and the few that a downstream server inherits.
#include <headrace/discovery/environment.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace headrace::discovery {
namespace {

constexpr std::array<std::string_view, 6> kInherited = {"HOME",  "LOGNAME", "PATH",
                                                        "SHELL", "TERM",    "USER"};

bool sets(const ServerSpec& spec, std::string_view name) {
  return std::any_of(spec.env.begin(), spec.env.end(),
                     [name](const auto& variable) { return variable.first == name; });
}

}  // namespace

EnvironmentLookup process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

unsigned nesting(const EnvironmentLookup& lookup) {
  const std::string value = lookup ? lookup(nesting_variable).value_or("") : std::string();
  unsigned depth = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), depth);
  return read.ec == std::errc() && depth < 1000 ? depth : 0;
}

std::vector<std::string> child_environment(const ServerSpec& spec,
                                           const EnvironmentLookup& lookup) {
  std::vector<std::string> result;
  for (std::string_view name : kInherited) {
    if (sets(spec, name)) continue;
    const std::optional<std::string> value = lookup ? lookup(name) : std::nullopt;
    // A value that starts so is a function exported by an old shell, which some shells would run.
    if (!value || value->starts_with("()")) continue;
    result.push_back(std::string(name) + '=' + *value);
  }
  for (const auto& [name, value] : spec.env)
    result.push_back(name + '=' + value);
  if (!sets(spec, nesting_variable))
    result.push_back(std::string(nesting_variable) + '=' + std::to_string(nesting(lookup) + 1));
  return result;
}

}  // namespace headrace::discovery
