// On what it was measured.
#pragma once

#include <headrace/bench/report.hpp>
#include <headrace/bench/setting.hpp>

namespace headrace::bench {

/// Asks the kernel, and each program that takes part for its version; one that can't say is left
/// out.
Machine this_machine(const Setting& setting);

/// From now on this process and those that it starts run on this core alone; -1: anywhere. Throws
/// std::runtime_error if there is no such core for us.
void pin_to(int core);

/// What a command printed on stdout, its first line; empty if it failed.
std::string first_line_of(const std::vector<std::string>& command);

}  // namespace headrace::bench
