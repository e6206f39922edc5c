// Takes turns: one round of each subject, then again.
#include <headrace/bench/rounds.hpp>

#include <cstdio>
#include <exception>

namespace headrace::bench {

namespace {

// Without what it was before: rounds that others have no match for would only mislead.
void give_up(Series& series, const std::string& reason) {
  series.rounds.clear();
  series.skipped = reason;
}

}  // namespace

std::vector<Series> take_turns(const std::vector<Subject>& subjects, std::size_t rounds) {
  std::vector<Series> all;
  for (const Subject& subject : subjects)
    all.push_back({subject.name, subject.party, {}, subject.skipped, subject.note});
  for (std::size_t number = 0; number <= rounds; ++number) {
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      Series& series = all[i];
      if (!series.skipped.empty()) continue;
      try {
        Round round = subjects[i].round();
        const bool warm_up = number == 0;
        if (!warm_up) series.rounds.push_back(std::move(round));
      } catch (const std::exception& error) {
        give_up(series, error.what());
        say("  " + series.subject + " is left out: " + series.skipped);
      }
    }
  }
  return all;
}

void say(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace headrace::bench
