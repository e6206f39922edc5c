// The line through measured points: what something costs at all, and what each more of it costs.
#pragma once

#include <headrace/bench/report.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace headrace::bench {

struct Point {
  double x = 0;  // how many, or how large
  double y = 0;  // what that cost; above 0
};

/// y = at_zero + slope · x, by least squares of the relative error: a curve over several powers of
/// ten would else be decided by its last point. `r2` is 1 where all points are on the line.
struct Line {
  double at_zero = 0;
  double slope = 0;
  double r2 = 0;
};

/// Nothing for less than two different x, or for a y that is not above 0.
std::optional<Line> fit_line(std::span<const Point> points);

/// The exponent p of y = c · x^p, by least squares of the logarithms: 1 is proportional, 0 is
/// constant. Nothing where fit_line() has nothing, or for an x that is not above 0.
std::optional<double> fit_power(std::span<const Point> points);

/// "2.10 ms + 130 µs × servers, R² 0.998; grows with the power 0.93"; empty without a fit. `unit`
/// is that of y; the slope of time over "bytes" is written as a rate.
std::string describe_fit(std::span<const Point> points, Unit unit, std::string_view of_what);

/// Fits each subject's p50 and its least values over the places of the figures that belong to
/// `curve`, and writes that into the note of its series in the last of them; three places at least.
void note_fits(Report& report, std::string_view curve, std::string_view of_what);

}  // namespace headrace::bench
