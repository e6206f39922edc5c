// Rounds that are timed in this process, and how figures come into the report.
#pragma once

#include <headrace/bench/report.hpp>
#include <headrace/bench/rounds.hpp>
#include <headrace/bench/setting.hpp>
#include <headrace/bench/target.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace headrace::bench {

/// 64-bit nanoseconds since then.
std::uint64_t nanoseconds_since(Clock::time_point began);

/// `count` times, timed here.
Round timed(std::size_t count, const std::function<void()>& once);
/// One time, in nanoseconds.
Round one_value(double value);

/// A figure of these subjects.
Figure& add_figure(Report& report, const Setting& setting, std::string id, std::string title,
                   std::string baseline, const std::vector<Subject>& subjects,
                   std::optional<Goal> goal = {});
/// The last figure is a point of that curve.
void place_on_curve(Report& report, std::string curve, double place);
/// Of several figures that are measured together: one with rounds that are there already.
Figure& add_measured(Report& report, std::string id, std::string title, Unit unit,
                     const std::string& subject, std::vector<Round> rounds);

}  // namespace headrace::bench
