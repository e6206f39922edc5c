// The report as the page that is kept with the project.
#include <headrace/bench/report.hpp>
#include <headrace/bench/table.hpp>
#include <headrace/bench/words.hpp>

#include <string>
#include <vector>

namespace headrace::bench {

namespace {

// A bar would end the cell, a newline the row.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& text : cells)
    line += " " + cell(text) + " |";
  return line + "\n";
}

void add_figure(std::string& page, const Figure& figure, Said& said) {
  page += "\n### " + figure.title + "\n\n";
  const std::vector<std::vector<std::string>> rows = rows_of(figure);
  if (rows.size() > 1) {
    page += row(rows.front()) + "|---|";
    for (std::size_t i = 1; i < rows.front().size(); ++i)
      page += "--:|";
    page += "\n";
    for (std::size_t i = 1; i < rows.size(); ++i)
      page += row(rows[i]);
    page += "\n";
  }
  for (const std::string& remark : remarks_on(figure, said))
    page += "- " + cell(remark) + "\n";
  if (figure.goal) page += "- " + goal_line(figure) + "\n";
}

}  // namespace

std::string results_page(const Report& report, const std::string& plot_file) {
  const Machine& machine = report.machine;
  std::string page =
      "# Results\n\nWritten by `headrace-bench page`; [what the figures mean](README.md).\n\n";
  page += "| | |\n|---|---|\n";
  page += row({"measured", report.began});
  page += row({"Headrace", report.version});
  page += row({"machine", machine_line(report)});
  page += row({"system", machine.system});
  page += row({"built with", machine.compiler + ", simdjson's kernel: " + machine.simd});
  page += row({"versions", joined(machine.versions, ", ")});
  page += row({"repeat it", "`" + report.command + "`"});
  if (!plot_file.empty()) page += "\n![bars and curves of all figures](" + plot_file + ")\n";
  std::string scene;
  Said said;
  for (const Figure& figure : report.figures) {
    const std::string its_scene = figure.id.substr(0, figure.id.find('/'));
    if (its_scene != scene) page += "\n## " + its_scene + "\n";
    scene = its_scene;
    add_figure(page, figure, said);
  }
  return page;
}

}  // namespace headrace::bench
