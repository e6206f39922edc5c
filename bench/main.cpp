// headrace-bench: measures, reports, and writes the page of results.
#include <headrace/bench/machine.hpp>
#include <headrace/bench/options.hpp>
#include <headrace/bench/pinning.hpp>
#include <headrace/bench/rivals.hpp>
#include <headrace/bench/rounds.hpp>
#include <headrace/bench/scenes.hpp>
#include <headrace/bench/supervised.hpp>
#include <headrace/bench/temporary_folder.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace {

using namespace headrace::bench;

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// What it holds stays until there is something to put in its place.
void check_writable(const std::string& file) {
  const std::ofstream out(file, std::ios::binary | std::ios::app);
  if (!out) throw std::runtime_error(file + " can't be written");
}

int measure(const Wanted& wanted) {
  const bool writes_file = !wanted.json.empty() && wanted.json != "-";
  // Not first after hours of measuring.
  if (writes_file) check_writable(wanted.json);
  if (!wanted.plot.empty()) check_writable(wanted.plot);
  pin_to(wanted.setting.core);
  Report report;
  report.began = utc_now();
  report.command = wanted.command;
  report.version = HEADRACE_VERSION;
  report.core = wanted.setting.core;
  report.machine = this_machine(wanted.setting);
  for (const Scene& scene : scenes()) {
    const bool asked =
        std::find(wanted.scenes.begin(), wanted.scenes.end(), scene.name) != wanted.scenes.end();
    if (!asked) continue;
    say(std::string("== ") + scene.name);
    scene.measure(wanted.setting, report);
    // Of a run that is interrupted, what is done is kept.
    if (writes_file) write_file(wanted.json, json(report) + "\n");
  }
  if (wanted.json == "-") {
    std::puts(json(report).c_str());
  } else {
    std::fputs(table(report).c_str(), stdout);
  }
  if (!wanted.plot.empty()) write_file(wanted.plot, plot(report));
  return EXIT_SUCCESS;
}

// Of several reports the first says on what it was measured; of a figure that more than one has,
// the last is taken.
Report joined(const std::vector<std::string>& files) {
  Report all = read_report(files.front());
  for (std::size_t i = 1; i < files.size(); ++i) {
    Report next = read_report(files[i]);
    all.command += "; " + next.command;
    for (Figure& figure : next.figures) {
      const auto same = std::find_if(all.figures.begin(), all.figures.end(),
                                     [&](const Figure& old) { return old.id == figure.id; });
      if (same != all.figures.end()) {
        *same = std::move(figure);
      } else {
        all.figures.push_back(std::move(figure));
      }
    }
  }
  return all;
}

int write_page(const Wanted& wanted) {
  const Report report = joined(wanted.reports);
  const std::filesystem::path drawing =
      std::filesystem::path(wanted.page).replace_extension(".svg");
  write_file(drawing, plot(report));
  write_file(wanted.page, results_page(report, drawing.filename()));
  return EXIT_SUCCESS;
}

int carry_out(const Wanted& wanted) {
  switch (wanted.what) {
    case Wanted::What::measure:
      return supervised([&wanted] { return measure(wanted); });
    case Wanted::What::page:
      return write_page(wanted);
    case Wanted::What::install:
      return install_rivals(wanted.definitions, wanted.installed, wanted.rivals) ? EXIT_SUCCESS
                                                                                 : EXIT_FAILURE;
    case Wanted::What::nothing:
      break;
  }
  return wanted.status;
}

}  // namespace

int main(int argc, char** argv) {
  int failed = exit_usage;
  try {
    const Wanted wanted = read_options(argc, argv);
    failed = EXIT_FAILURE;
    return carry_out(wanted);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "headrace-bench: %s\n", error.what());
    return failed;
  }
}
