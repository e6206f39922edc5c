// How cost grows with servers: their start, a call to each in turn, memory and descriptors.
#include <headrace/bench/code_rival.hpp>
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
      figure.series.back().skipped = failed[count];
      if (!failed[count].empty()) figure.series.back().rounds.clear();
      place_on_curve(report, name, static_cast<double>(count));
    }
    note_fits(report, name, "servers");
  }
}

void scale_sessions(const Setting& setting, Report& report) {
  const std::string runtime = quickest_runtime(setting);
  if (runtime.empty()) return;
  const std::vector<std::size_t> counts = setting.tiny
                                              ? std::vector<std::size_t>{1, 2}
                                              : std::vector<std::size_t>{1, 2, 4, 8, 16, 32, 64};
  const std::size_t rounds = setting.tiny ? 1 : std::min<std::size_t>(setting.rounds, 3);
  std::map<std::size_t, std::vector<Round>> starts;
  std::map<std::size_t, std::vector<Round>> memory;
  std::string failed;
  for (std::size_t round = 0; round < rounds && failed.empty(); ++round) {
    try {
      const Home home(setting, echo_servers(setting, 1));
      const Started session = start_session(
          setting, home, runtime, {{"MCP_BRIDGE_WARM", "0"}, {"MCP_BRIDGE_MAX_SESSIONS", "1000"}});
      if (!session.target) throw std::runtime_error(session.skipped);
      std::size_t running = 1;  // the one of start_session
      for (const std::size_t count : counts) {
        Round each;
        for (; running < count; ++running) {
          const Clock::time_point began = Clock::now();
          session.target->request("tools/call",
                                  run_params("pass", "session-" + std::to_string(running)));
          each.values.record(nanoseconds_since(began));
        }
        if (count > 1) starts[count].push_back(std::move(each));
        memory[count].push_back(
            one_value(static_cast<double>(session.target->memory_of_all().own)));
      }
    } catch (const std::exception& error) {
      failed = error.what();
    }
  }
  for (const std::size_t count : counts) {
    const std::string number = std::to_string(count);
    if (count > 1) {
      add_measured(report, "scale/sessions/start/" + number,
                   "the first run in a further session, up to " + number + " of them", Unit::time,
                   runtime, starts[count])
          .series.back()
          .skipped = starts[count].empty() ? failed : "";
      place_on_curve(report, "scale/sessions/start", static_cast<double>(count));
    }
    add_measured(report, "scale/sessions/memory/" + number,
                 "memory of all processes, shared with no other, sessions: " + number, Unit::bytes,
                 runtime, memory[count])
        .series.back()
        .skipped = memory[count].empty() ? failed : "";
    place_on_curve(report, "scale/sessions/memory", static_cast<double>(count));
  }
  note_fits(report, "scale/sessions/start", "sessions");
  note_fits(report, "scale/sessions/memory", "sessions");
}

}  // namespace headrace::bench
