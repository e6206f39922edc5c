// Times what is measured here, and puts figures into the report.
#include <headrace/bench/figures.hpp>

#include <cmath>

namespace headrace::bench {

std::uint64_t nanoseconds_since(Clock::time_point began) {
  const auto passed = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began);
  return static_cast<std::uint64_t>(passed.count());
}

Round timed(std::size_t count, const std::function<void()>& once) {
  Round round;
  for (std::size_t i = 0; i < count; ++i) {
    const Clock::time_point began = Clock::now();
    once();
    round.values.record(nanoseconds_since(began));
  }
  return round;
}

Round one_value(double value) {
  Round round;
  round.values.record(static_cast<std::uint64_t>(std::llround(value)));
  return round;
}

Figure& add_figure(Report& report, const Setting& setting, std::string id, std::string title,
                   std::string baseline, const std::vector<Subject>& subjects,
                   std::optional<Goal> goal) {
  say(id);
  Figure figure;
  figure.id = std::move(id);
  figure.title = std::move(title);
  figure.baseline = std::move(baseline);
  figure.series = take_turns(subjects, setting.rounds);
  figure.goal = goal;
  report.figures.push_back(std::move(figure));
  return report.figures.back();
}

void place_on_curve(Report& report, std::string curve, double place) {
  report.figures.back().curve = std::move(curve);
  report.figures.back().place = place;
}

Figure& add_measured(Report& report, std::string id, std::string title, Unit unit,
                     const std::string& subject, std::vector<Round> rounds) {
  Figure figure;
  figure.id = std::move(id);
  figure.title = std::move(title);
  figure.unit = unit;
  Series series;
  series.subject = subject;
  series.rounds = std::move(rounds);
  figure.series.push_back(std::move(series));
  report.figures.push_back(std::move(figure));
  return report.figures.back();
}

}  // namespace headrace::bench
