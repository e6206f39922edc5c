// On what it was measured.
#pragma once

#include <headrace/bench/report.hpp>
#include <headrace/bench/setting.hpp>

namespace headrace::bench {

/// Asks the kernel, and each program that takes part for its version; one that can't say is left
/// out.
Machine this_machine(const Setting& setting);

/// What a command printed on stdout, its first line; empty if it failed.
std::string first_line_of(const std::vector<std::string>& command);

}  // namespace headrace::bench
