// Rivals that run code: how they are given it.
#pragma once

#include <headrace/bench/in_code.hpp>
#include <headrace/bench/setting.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace headrace::bench {

/// One that is up and has answered `initialize`, or why not.
struct CodeRival {
  Started started;
  Rival rival;
};

/// Those of the setting that run code.
std::vector<CodeRival> start_code_rivals(const Setting& setting);

/// The text that it answers to its piece of code of that name; what it calls an error is thrown.
std::string run_code(Target& target, const Rival& rival, const std::string& what);

/// What it says of times: a list of microseconds, or a single number. Throws when it is neither.
Round read_rival_times(std::string_view text);

}  // namespace headrace::bench
