// How cost grows with servers: their start, a call to each in turn, memory and descriptors.
#include <headrace/bench/fit.hpp>
#include <headrace/bench/in_code.hpp>
#include <headrace/bench/scale.hpp>

#include <array>
#include <filesystem>
#include <map>

namespace headrace::bench {
namespace {

constexpr const char* call_each = R"(
import json, time
times = []
for server in mcp_servers.values():
    began = time.perf_counter()
    await server.echo(text='hello')
    times.append(round((time.perf_counter() - began) * 1e6, 3))
print(json.dumps(times))
)";

constexpr const char* start_all = R"(
import asyncio, json, time
began = time.perf_counter()
await asyncio.gather(*(server.echo(text='hello') for server in mcp_servers.values()))
print(json.dumps([round((time.perf_counter() - began) * 1e6, 3)]))
)";

// What one process of Headrace with so many servers is measured for.
struct Place {
  std::vector<Round> first;
  std::vector<Round> next;
  std::vector<Round> together;
  std::vector<Round> memory;
  std::vector<Round> descriptors;
};

void measure_place(const Setting& setting, const std::string& runtime, std::size_t count,
                   Place& place) {
  const Home home(setting, echo_servers(setting, count));
  // Else some are started before they are called, and asked for their tools.
  const Environment quiet{{"MCP_BRIDGE_BACKGROUND_LISTS", "0"}};
  const Started session = start_session(setting, home, runtime, quiet);
  if (!session.target) throw std::runtime_error(session.skipped);
  place.first.push_back(read_times(session.target->run_python(call_each)));
  place.next.push_back(read_times(session.target->run_python(call_each)));
  place.memory.push_back(one_value(static_cast<double>(session.target->memory().resident)));
  place.descriptors.push_back(
      one_value(static_cast<double>(open_descriptors(session.target->pid()))));
  const Home again(setting, echo_servers(setting, count));
  const Started other = start_session(setting, again, runtime, quiet);
  if (!other.target) throw std::runtime_error(other.skipped);
  place.together.push_back(read_times(other.target->run_python(start_all)));
}

struct Curve {
  const char* id;
  const char* title;
  Unit unit;
  std::vector<Round> Place::*rounds;
};
constexpr std::array curves{
    Curve{"first_call", "the first call to each in turn, with the server's start", Unit::time,
          &Place::first},
    Curve{"call", "a call to each in turn", Unit::time, &Place::next},
    Curve{"start_together", "all called at once, none of them started yet, until all have answered",
          Unit::time, &Place::together},
    Curve{"memory", "resident, all running", Unit::bytes, &Place::memory},
    Curve{"descriptors", "open descriptors, all running", Unit::count, &Place::descriptors},
};

// Beyond the curve: what its line says of so many servers, beside what is measured.
void check_prediction(const Setting& setting, Report& report, const std::string& runtime,
                      const std::map<std::size_t, Place>& places, std::size_t count) {
  Place place;
  std::string failed;
  try {
    measure_place(setting, runtime, count, place);
  } catch (const std::exception& error) {
    failed = error.what();
  }
  for (const Curve& curve : curves) {
    std::vector<Point> points;
    for (const auto& [servers, measured] : places) {
      Histogram all;
      for (const Round& round : measured.*(curve.rounds))
        all.merge(round.values);
      points.push_back({static_cast<double>(servers), static_cast<double>(all.quantile(0.5))});
    }
    const auto line = fit_line(points);
    // What does not grow has no line to go on along.
    if (!line || line->r2 < 0.9) continue;
    const double predicted = line->at_zero + line->slope * static_cast<double>(count);
    Figure figure;
    figure.id = std::string("scale/beyond/servers/") + curve.id + "/" + std::to_string(count);
    figure.title =
        std::string(curve.title) + ", beyond the curve, servers: " + std::to_string(count);
    figure.unit = curve.unit;
    figure.baseline = "by the line";
    figure.series.push_back(
        {"by the line", Party::floor, {one_value(std::max(0.0, predicted))}, {}, {}});
    figure.series.push_back({runtime,
                             Party::headrace,
                             failed.empty() ? place.*(curve.rounds) : std::vector<Round>(),
                             failed,
                             {}});
    report.figures.push_back(std::move(figure));
  }
}

}  // namespace

std::size_t open_descriptors(pid_t pid) {
  const std::filesystem::directory_iterator folder("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

void scale_servers(const Setting& setting, Report& report) {
  const std::string runtime = quickest_runtime(setting);
  if (runtime.empty()) return;
  const std::vector<std::size_t> counts = setting.tiny
                                              ? std::vector<std::size_t>{1, 5}
                                              : std::vector<std::size_t>{1, 5, 20, 50, 100, 200};
  // Each place starts everything anew, so that a few rounds take long enough.
  const std::size_t rounds = setting.tiny ? 1 : std::min<std::size_t>(setting.rounds, 5);
  std::map<std::size_t, Place> places;
  std::map<std::size_t, std::string> failed;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const std::size_t count : counts) {
      if (failed.contains(count)) continue;
      try {
        measure_place(setting, runtime, count, places[count]);
      } catch (const std::exception& error) {
        failed[count] = error.what();
      }
    }
  }
  for (const Curve& curve : curves) {
    const std::string name = std::string("scale/servers/") + curve.id;
    for (const std::size_t count : counts) {
      const std::string number = std::to_string(count);
      Figure& figure = add_measured(report, name + "/" + number,
                                    std::string(curve.title) + ", servers: " + number, curve.unit,
                                    runtime, places[count].*(curve.rounds));
      if (const auto reason = failed.find(count); reason != failed.end()) {
        figure.series.back().skipped = reason->second;
        figure.series.back().rounds.clear();
      }
      place_on_curve(report, name, static_cast<double>(count));
    }
    note_fits(report, name, "servers");
  }
  if (setting.tiny || !failed.empty()) return;
  for (const std::size_t count : {std::size_t{500}, std::size_t{1000}})
    check_prediction(setting, report, runtime, places, count);
}

}  // namespace headrace::bench
