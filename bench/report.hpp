// What was measured, before it becomes a table, JSON, a plot or a page.
#pragma once

#include <headrace/bench/histogram.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headrace::bench {

/// What the values of a figure are. Times are recorded in nanoseconds, sizes in bytes, rates in
/// events or bytes per second.
enum class Unit { time, bytes, per_second, bytes_per_second, count };

/// Who a series belongs to; a floor is what the same work costs with less in between.
enum class Party { floor, headrace, rival };

/// One round of one subject.
struct Round {
  Histogram values;
  /// What was done in each second of the round, where that says more than single values: 0 if not.
  double per_second = 0;
  /// Nanoseconds of processor time that the measuring client itself took for each call: 0 where it
  /// is not known.
  double client_ns = 0;
};

/// One subject's rounds in one figure. Of all subjects of a figure the n-th rounds were measured
/// next to each other, so that their ratio is free of what drifts.
struct Series {
  std::string subject;
  Party party = Party::headrace;
  std::vector<Round> rounds;
  /// Why there are no rounds: what is missing and how to get it.
  std::string skipped;
  /// A remark for people, such as versions or which road was taken.
  std::string note;

  Histogram all() const;
  /// The median of the rounds that have a rate; 0 if none has.
  double per_second() const;
};

/// What DESIGN asks of Headrace's series; `at_most` false: at least.
struct Goal {
  double value = 0;
  /// Of the baseline's p50 instead of the figure's unit (in ns, bytes or per second).
  bool of_ratio = false;
  bool at_most = true;
  /// Compared is `per_second` instead of p50.
  bool of_rate = false;
};

/// One question and all its answers.
struct Figure {
  /// Short and stable, for machines: "proxy/200B/1".
  std::string id;
  /// For people: "round trip, 200 B, one in flight".
  std::string title;
  Unit unit = Unit::time;
  /// The subject that ratios are taken against; empty: none.
  std::string baseline;
  std::vector<Series> series;
  std::optional<Goal> goal;
  /// Where the figure is one point of a curve: which curve ("proxy/in_flight"), and its place.
  std::string curve;
  double place = 0;
};

struct Machine {
  std::string cpu;
  unsigned cpus = 0;
  std::string kernel;
  std::string system;                 // the distribution's name
  std::string compiler;               // of this build
  std::string simd;                   // the kernel that simdjson has chosen
  std::vector<std::string> versions;  // "podman 4.3.1", "python 3.11.2", …
  double load = 0;                    // before the first round
};

struct Report {
  std::string began;    // ISO 8601, UTC
  std::string command;  // as it was typed
  std::string version;  // of Headrace
  int core = -1;        // that all is pinned to; -1: none
  Machine machine;
  std::vector<Figure> figures;
};

/// The p50 of each round over that of the baseline's same round; a round that either lacks is left
/// out.
std::vector<double> ratios_by_round(const Figure& figure, const Series& series);

/// Their median; nothing where there are none.
std::optional<double> middle_ratio(const Figure& figure, const Series& series);

/// Whether the goal is met by the first of Headrace's series that was measured: by the median
/// of all values (or, of a ratio or rate, by the median of the rounds'); nothing where there is no
/// goal or nothing was measured.
std::optional<bool> reached(const Figure& figure);

/// A table for people: one block for each figure, a line for each series, its ratio and the range
/// of the rounds' ratios beside it.
std::string table(const Report& report);

/// The same for machines, with the quantiles of each round.
std::string json(const Report& report);
/// Reads what json() wrote: several runs become one page. Throws std::runtime_error with file and
/// what is wrong.
Report read_report(const std::string& file);

/// One SVG: bars of p50 with marks at p99 for single figures (on a logarithmic scale), lines for
/// curves. It needs nothing from elsewhere and is legible on dark and light pages.
std::string plot(const Report& report);

/// bench/RESULTS.md: machine, versions, date, how to repeat it, tables, and a link to the plot.
std::string results_page(const Report& report, const std::string& plot_file);

}  // namespace headrace::bench
