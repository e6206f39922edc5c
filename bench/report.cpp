// What follows from what was measured: ratios, and whether a goal is reached.
#include <headrace/bench/report.hpp>

#include <algorithm>

namespace headrace::bench {

namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

const Series* find(const Figure& figure, const std::string& subject) {
  for (const Series& series : figure.series) {
    if (series.subject == subject) return &series;
  }
  return nullptr;
}

const Series* headrace_of(const Figure& figure) {
  for (const Series& series : figure.series) {
    if (series.party == Party::headrace && !series.rounds.empty()) return &series;
  }
  return nullptr;
}

}  // namespace

Histogram Series::all() const {
  Histogram together;
  for (const Round& round : rounds)
    together.merge(round.values);
  return together;
}

double Series::per_second() const {
  std::vector<double> rates;
  for (const Round& round : rounds) {
    if (round.per_second > 0) rates.push_back(round.per_second);
  }
  return rates.empty() ? 0 : median(std::move(rates));
}

std::vector<double> ratios_by_round(const Figure& figure, const Series& series) {
  std::vector<double> ratios;
  const Series* baseline = figure.baseline.empty() ? nullptr : find(figure, figure.baseline);
  if (baseline == nullptr) return ratios;
  const std::size_t rounds = std::min(baseline->rounds.size(), series.rounds.size());
  for (std::size_t i = 0; i < rounds; ++i) {
    const Histogram& values = series.rounds[i].values;
    const auto base = static_cast<double>(baseline->rounds[i].values.quantile(0.5));
    if (base > 0 && values.count() > 0) {
      ratios.push_back(static_cast<double>(values.quantile(0.5)) / base);
    }
  }
  return ratios;
}

std::optional<double> middle_ratio(const Figure& figure, const Series& series) {
  std::vector<double> ratios = ratios_by_round(figure, series);
  if (ratios.empty()) return {};
  return median(std::move(ratios));
}

std::optional<bool> reached(const Figure& figure) {
  const Series* series = headrace_of(figure);
  if (!figure.goal || series == nullptr) return {};
  const Goal& goal = *figure.goal;
  double value = 0;
  if (goal.of_ratio) {
    const auto ratio = middle_ratio(figure, *series);
    if (!ratio) return {};
    value = *ratio;
  } else if (goal.of_rate) {
    value = series->per_second();
    if (value <= 0) return {};
  } else {
    const Histogram all = series->all();
    if (all.count() == 0) return {};
    value = static_cast<double>(all.quantile(0.5));
  }
  return goal.at_most ? value <= goal.value : value >= goal.value;
}

}  // namespace headrace::bench
