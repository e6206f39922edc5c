// Lines and powers through points: exact ones are found exactly, and what can't be fitted is said.
#include <headrace/bench/fit.hpp>

#include <cmath>
#include <vector>

#include <gmock/gmock.h>

namespace headrace::bench {
namespace {

using testing::ContainsRegex;
using testing::MatchesRegex;

std::vector<Point> line_points(double at_zero, double slope, const std::vector<double>& places) {
  std::vector<Point> points;
  for (const double x : places)
    points.push_back({x, at_zero + slope * x});
  return points;
}

TEST(FitLine, FindsAnExactLineOverManyPowersOfTen) {
  const auto points = line_points(2'000, 0.25, {100, 1e3, 1e4, 1e5, 1e6, 16e6});
  const auto line = fit_line(points);
  ASSERT_TRUE(line);
  EXPECT_NEAR(line->at_zero, 2'000, 1e-6);
  EXPECT_NEAR(line->slope, 0.25, 1e-12);
  EXPECT_NEAR(line->r2, 1, 1e-12);
}

TEST(FitLine, FindsConstantsAndLinesThatFall) {
  const auto constant = fit_line(line_points(7, 0, {1, 2, 3}));
  ASSERT_TRUE(constant);
  EXPECT_NEAR(constant->slope, 0, 1e-12);
  EXPECT_NEAR(constant->at_zero, 7, 1e-12);
  EXPECT_EQ(constant->r2, 1);
  const auto falling = fit_line(line_points(10, -2, {1, 2, 3}));
  ASSERT_TRUE(falling);
  EXPECT_NEAR(falling->slope, -2, 1e-9);
}

// A tenth too much at one place is as bad wherever that is: not the largest decides.
TEST(FitLine, WeighsRelativeErrors) {
  auto points = line_points(1'000, 1, {1, 10, 100, 1e3, 1e4, 1e5, 1e6});
  points.back().y *= 1.1;
  const auto line = fit_line(points);
  ASSERT_TRUE(line);
  EXPECT_NEAR(line->at_zero, 1'000, 50);
  EXPECT_LT(line->r2, 1);
  EXPECT_GT(line->r2, 0.9);
}

TEST(FitLine, NeedsTwoPlacesAndCostsAboveZero) {
  EXPECT_FALSE(fit_line({}));
  EXPECT_FALSE(fit_line(std::vector<Point>{{1, 2}}));
  EXPECT_FALSE(fit_line(std::vector<Point>{{1, 2}, {1, 3}}));
  EXPECT_FALSE(fit_line(std::vector<Point>{{1, 2}, {2, 0}}));
  EXPECT_FALSE(fit_line(std::vector<Point>{{1, 2}, {2, std::nan("")}}));
}

TEST(FitPower, FindsExponents) {
  for (const double exponent : {0.0, 0.5, 1.0, 2.0}) {
    std::vector<Point> points;
    for (const double x : {1.0, 8.0, 64.0, 1000.0})
      points.push_back({x, 3 * std::pow(x, exponent)});
    const auto found = fit_power(points);
    ASSERT_TRUE(found);
    EXPECT_NEAR(*found, exponent, 1e-9);
  }
  EXPECT_FALSE(fit_power(std::vector<Point>{{0, 1}, {1, 2}}));
}

TEST(DescribeFit, NamesUnitsAndWhatIsCounted) {
  EXPECT_THAT(
      describe_fit(line_points(2.1e6, 130e3, {1, 10, 100, 200}), Unit::time, "servers"),
      MatchesRegex(
          "2\\.10 ms \\+ 130(\\.0)? µs × servers, R² 1\\.000; grows with the power 0\\..*"));
  EXPECT_THAT(describe_fit(line_points(10, -1, {1, 2, 3}), Unit::bytes, "tools"),
              MatchesRegex("10(\\.0)? B − 1(\\.00)? B × tools, .*"));
  EXPECT_THAT(describe_fit(line_points(1'234, 0.27, {100, 1e6}), Unit::time, "bytes"),
              testing::StartsWith("1.23 µs + bytes at 3.70 GB/s, R² 1.000;"));
  EXPECT_EQ(describe_fit({}, Unit::time, "servers"), "");
}

Figure at(double place, const std::vector<std::uint64_t>& values) {
  Figure figure;
  figure.curve = "curve";
  figure.place = place;
  Series series;
  series.subject = "ours";
  Round round;
  for (const std::uint64_t value : values)
    round.values.record(value);
  series.rounds.push_back(round);
  figure.series.push_back(series);
  return figure;
}

TEST(NoteFits, WritesIntoTheLastPlaceThatHasValues) {
  Report report;
  report.figures = {at(1, {110}), at(5, {150}), at(10, {200}), at(10, {200})};
  report.figures[3].curve = "another";
  Figure skipped;
  skipped.curve = "curve";
  skipped.place = 100;
  skipped.series.push_back({"ours", Party::headrace, {}, "no memory", {}});
  report.figures.push_back(skipped);
  note_fits(report, "curve", "calls");
  EXPECT_EQ(report.figures[0].series[0].note, "");
  EXPECT_EQ(report.figures[1].series[0].note, "");
  EXPECT_THAT(report.figures[2].series[0].note,
              ContainsRegex("p50: 100(\\.0)? ns \\+ 10(\\.0)? ns × calls.*; min: 100"));
  EXPECT_EQ(report.figures[3].series[0].note, "");
  EXPECT_EQ(report.figures[4].series[0].note, "");
}

}  // namespace
}  // namespace headrace::bench
