// Takes turns: one round of each subject, then again, so that what drifts hits all alike.
#pragma once

#include <headrace/bench/report.hpp>

#include <functional>
#include <string>
#include <vector>

namespace headrace::bench {

/// Something that can be measured for a round; it lives as long as the figure takes.
struct Subject {
  std::string name;
  Party party = Party::headrace;
  /// One round; called once more before the first, and that one is thrown away. What it throws
  /// becomes the reason in Series::skipped, and the others go on.
  std::function<Round()> round;
  /// Set where it can't be measured at all.
  std::string skipped = {};
  std::string note = {};
};

std::vector<Series> take_turns(const std::vector<Subject>& subjects, std::size_t rounds);

/// A line on stderr for who waits.
void say(const std::string& text);

}  // namespace headrace::bench
