// How cost grows with sessions: the start of each further one, and the memory of all.
#include <headrace/bench/fit.hpp>
#include <headrace/bench/in_code.hpp>
#include <headrace/bench/scale.hpp>

#include <map>

namespace headrace::bench {

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
          session.target->run_python("pass", "session-" + std::to_string(running));
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
