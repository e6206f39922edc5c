// The parts of a table, which the page has too.
#pragma once

#include <headrace/bench/report.hpp>

#include <string>
#include <vector>

namespace headrace::bench {

/// The heads and then a row for each series that was measured, all of the same length.
std::vector<std::vector<std::string>> rows_of(const Figure& figure);

/// What is asked and whether it is reached; empty where nothing is asked.
std::string goal_line(const Figure& figure);

/// Processor, cores, kernel.
std::string machine_line(const Report& report);

}  // namespace headrace::bench
