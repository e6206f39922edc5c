// Weighted least squares, and the words for it.
#include <headrace/bench/fit.hpp>
#include <headrace/bench/words.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <vector>

namespace headrace::bench {
namespace {

struct Weighted {
  double x;
  double y;
  double weight;
};

bool can_be_fitted(std::span<const Point> points) {
  std::set<double> places;
  for (const Point& point : points) {
    if (!(point.y > 0) || !std::isfinite(point.y) || !std::isfinite(point.x)) return false;
    places.insert(point.x);
  }
  return places.size() >= 2;
}

Line solve(std::span<const Weighted> points) {
  double weights = 0;
  double x = 0;
  double y = 0;
  for (const Weighted& point : points) {
    weights += point.weight;
    x += point.weight * point.x;
    y += point.weight * point.y;
  }
  x /= weights;
  y /= weights;
  double xx = 0;
  double xy = 0;
  double yy = 0;
  for (const Weighted& point : points) {
    xx += point.weight * (point.x - x) * (point.x - x);
    xy += point.weight * (point.x - x) * (point.y - y);
    yy += point.weight * (point.y - y) * (point.y - y);
  }
  Line line;
  line.slope = xy / xx;
  line.at_zero = y - line.slope * x;
  line.r2 = yy > 0 ? xy * xy / (xx * yy) : 1;
  return line;
}

std::string printed(const char* format, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string signed_words(double value, Unit unit) {
  return (value < 0 ? "−" : "") + in_words(std::abs(value), unit);
}

}  // namespace

std::optional<Line> fit_line(std::span<const Point> points) {
  if (!can_be_fitted(points)) return std::nullopt;
  std::vector<Weighted> weighted;
  for (const Point& point : points)
    weighted.push_back({point.x, point.y, 1 / (point.y * point.y)});
  return solve(weighted);
}

std::optional<double> fit_power(std::span<const Point> points) {
  if (!can_be_fitted(points)) return std::nullopt;
  std::vector<Weighted> logarithms;
  for (const Point& point : points) {
    if (!(point.x > 0)) return std::nullopt;
    logarithms.push_back({std::log(point.x), std::log(point.y), 1});
  }
  return solve(logarithms).slope;
}

std::string describe_fit(std::span<const Point> points, Unit unit, std::string_view of_what) {
  const std::optional<Line> line = fit_line(points);
  if (!line) return {};
  std::string text = signed_words(line->at_zero, unit);
  if (of_what == "bytes" && unit == Unit::time && line->slope > 0) {
    // Fractions of a nanosecond say little.
    text += " + bytes at " + in_words(1e9 / line->slope, Unit::bytes_per_second);
  } else {
    text += line->slope < 0 ? " − " : " + ";
    text += in_words(std::abs(line->slope), unit) + " × " + std::string(of_what);
  }
  text += printed(", R² %.3f", line->r2);
  if (const std::optional<double> power = fit_power(points)) {
    text += "; grows with the power " + printed("%.2f", *power);
  }
  return text;
}

void note_fits(Report& report, std::string_view curve, std::string_view of_what) {
  struct Measured {
    std::vector<Point> medians;
    std::vector<Point> least;
    Series* last = nullptr;
  };
  std::map<std::string, Measured> subjects;
  Unit unit = Unit::time;
  for (Figure& figure : report.figures) {
    if (figure.curve != curve) continue;
    unit = figure.unit;
    for (Series& series : figure.series) {
      if (series.rounds.empty()) continue;
      const Histogram all = series.all();
      Measured& measured = subjects[series.subject];
      measured.medians.push_back({figure.place, static_cast<double>(all.quantile(0.5))});
      measured.least.push_back({figure.place, static_cast<double>(all.min())});
      measured.last = &series;
    }
  }
  for (const auto& [subject, measured] : subjects) {
    // Through two points there is always a line.
    if (measured.medians.size() < 3) continue;
    const std::string medians = describe_fit(measured.medians, unit, of_what);
    if (medians.empty()) continue;
    std::string& note = measured.last->note;
    if (!note.empty()) note += "; ";
    note += "over the curve, p50: " + medians;
    const std::string least = describe_fit(measured.least, unit, of_what);
    if (!least.empty()) note += "; min: " + least;
  }
}

}  // namespace headrace::bench
