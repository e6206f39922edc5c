// The parts of a table, which the page has too.
#pragma once

#include <headrace/bench/report.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace headrace::bench {

/// The heads and then a row for each series that was measured, all of the same length.
std::vector<std::vector<std::string>> rows_of(const Figure& figure);

/// What has been said of subjects, so that it is not said again.
using Said = std::set<std::pair<std::string, std::string>>;

/// A line for each note and for each reason why there is nothing.
std::vector<std::string> remarks_on(const Figure& figure, Said& said);

/// What is asked and whether it is reached; empty where nothing is asked.
std::string goal_line(const Figure& figure);

/// Processor, cores, kernel.
std::string machine_line(const Report& report);

}  // namespace headrace::bench
