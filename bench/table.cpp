// The report as a table for people.
#include <headrace/bench/table.hpp>
#include <headrace/bench/words.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace headrace::bench {

namespace {

using Row = std::vector<std::string>;

bool has_rates(const Figure& figure) {
  return std::any_of(figure.series.begin(), figure.series.end(),
                     [](const Series& series) { return series.per_second() > 0; });
}

// Where all series have one value in a round, more than its middle and its ends says nothing.
bool has_spread(const Figure& figure) {
  return std::any_of(figure.series.begin(), figure.series.end(), [](const Series& series) {
    return series.all().count() > series.rounds.size();
  });
}

Row heads(const Figure& figure) {
  Row row{"", "p50"};
  if (has_spread(figure)) row.insert(row.end(), {"p90", "p99", "p99.9"});
  row.push_back("min");
  if (has_rates(figure)) row.push_back("rate");
  if (!figure.baseline.empty()) row.insert(row.end(), {"ratio", "of each round"});
  return row;
}

std::string range(const std::vector<double>& ratios) {
  const auto [least, greatest] = std::minmax_element(ratios.begin(), ratios.end());
  return ratio_in_words(*least) + " to " + ratio_in_words(*greatest);
}

Row cells(const Figure& figure, const Series& series) {
  const Histogram all = series.all();
  const auto at = [&](double share) {
    return in_words(static_cast<double>(all.quantile(share)), figure.unit);
  };
  Row row{series.subject, at(0.5)};
  if (has_spread(figure)) row.insert(row.end(), {at(0.9), at(0.99), at(0.999)});
  row.push_back(in_words(static_cast<double>(all.min()), figure.unit));
  if (has_rates(figure)) {
    const double rate = series.per_second();
    row.push_back(rate > 0 ? in_words(rate, Unit::per_second) : "");
  }
  const std::vector<double> ratios = ratios_by_round(figure, series);
  if (ratios.empty()) return row;
  row.push_back(ratio_in_words(*middle_ratio(figure, series)));
  row.push_back(series.subject == figure.baseline ? "" : range(ratios));
  return row;
}

}  // namespace

std::vector<Row> rows_of(const Figure& figure) {
  std::vector<Row> rows{heads(figure)};
  for (const Series& series : figure.series) {
    if (!series.rounds.empty()) rows.push_back(cells(figure, series));
    rows.back().resize(rows.front().size());
  }
  return rows;
}

std::vector<std::string> remarks_on(const Figure& figure, Said& said) {
  constexpr std::size_t longest = 400;
  std::vector<std::string> lines;
  std::string again;
  for (const Series& series : figure.series) {
    if (!series.skipped.empty()) {
      if (said.emplace(series.subject, series.skipped).second) {
        lines.push_back(series.subject + ": not measured: " + one_line(series.skipped, longest));
      } else {
        again += (again.empty() ? "" : ", ") + series.subject;
      }
    }
    if (!series.note.empty() && said.emplace(series.subject, series.note).second) {
      lines.push_back(series.subject + ": " + one_line(series.note, longest));
    }
  }
  if (!again.empty()) lines.push_back(again + ": not measured, as above");
  return lines;
}

std::string goal_line(const Figure& figure) {
  if (!figure.goal) return {};
  const std::optional<bool> met = reached(figure);
  const std::string of = figure.goal->of_ratio ? " of " + figure.baseline : "";
  return "to reach: " + in_words(*figure.goal, figure.unit) + of + ": " +
         (!met   ? "not measured"
          : *met ? "reached"
                 : "NOT reached");
}

std::string machine_line(const Report& report) {
  const Machine& machine = report.machine;
  std::string line = machine.cpu + ", ";
  line += report.core < 0 ? std::to_string(machine.cpus) + " cores, nothing pinned"
                          : "all on core " + std::to_string(report.core) + " of " +
                                std::to_string(machine.cpus);
  return line + ", Linux " + machine.kernel;
}

std::string table(const Report& report) {
  std::string text =
      machine_line(report) + ", load " + in_words(report.machine.load, Unit::count) + " before\n";
  Said said;
  for (const Figure& figure : report.figures) {
    text += "\n" + figure.title + "  [" + figure.id + "]\n";
    const std::vector<Row> rows = rows_of(figure);
    std::vector<std::size_t> widths(rows.front().size());
    for (const Row& row : rows) {
      for (std::size_t i = 0; i < row.size(); ++i)
        widths[i] = std::max(widths[i], columns(row[i]));
    }
    for (const Row& row : rows.size() > 1 ? rows : std::vector<Row>()) {
      std::string line = "  " + left(row[0], widths[0]);
      for (std::size_t i = 1; i < row.size(); ++i)
        line += "  " + right(row[i], widths[i]);
      text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    for (const std::string& remark : remarks_on(figure, said))
      text += "  " + remark + "\n";
    if (figure.goal) text += "  " + goal_line(figure) + "\n";
  }
  return text;
}

}  // namespace headrace::bench
