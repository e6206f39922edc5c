// What it takes to be there: idle, with servers in use, and for each session and server more.
#include <headrace/bench/in_code.hpp>
#include <headrace/bench/words.hpp>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace headrace::bench {
namespace {

constexpr std::size_t servers = 20;

double as_double(std::uint64_t bytes) {
  return static_cast<double>(bytes);
}

// Series of memory have a note of what no other process shares; this keeps it between rounds.
struct Own {
  std::uint64_t bytes = 0;
  Round of(const Memory& memory) {
    bytes = memory.own;
    return one_value(as_double(memory.resident));
  }
};

void note_own(Figure& figure, const std::vector<const Own*>& own) {
  for (std::size_t i = 0; i < own.size(); ++i) {
    Series& series = figure.series.at(i);
    if (series.rounds.empty()) continue;
    if (!series.note.empty()) series.note += "; ";
    series.note +=
        "shared with no other process: " + in_words(as_double(own[i]->bytes), Unit::bytes);
  }
}

Round direct_memory(const Setting& setting, Own& own) {
  const Started direct = start_direct(setting);
  if (!direct.target) throw std::runtime_error(direct.skipped);
  calls_direct(*direct.target, Calling::awaited, 100);
  return own.of(direct.target->memory());
}

constexpr const char* direct_name = "asyncio client of one server";

void measure_idle(const Setting& setting, Report& report) {
  const Home home(setting, echo_servers(setting, servers));
  Own floor;
  Own ours;
  const std::vector<Subject> subjects{
      {direct_name, Party::floor, [&] { return direct_memory(setting, floor); }},
      {"headrace", Party::headrace, [&] {
         Target headrace({setting.headrace}, home.environment());
         headrace.initialize();
         headrace.request("tools/list", "{}");
         // What is done once a client is there is done by then, or under way.
         std::this_thread::sleep_for(std::chrono::milliseconds(200));
         return ours.of(headrace.memory());
       }}};
  Goal goal;
  goal.value = 10e6;
  Figure& figure =
      add_figure(report, setting, "memory/idle", "resident, idle with 20 servers configured",
                 direct_name, subjects, goal);
  figure.unit = Unit::bytes;
  note_own(figure, {&floor, &ours});
}

constexpr const char* use_all = R"(
import asyncio
for server in mcp_servers.values():
    for _ in range(50):
        await server.echo(text='x')
await asyncio.gather(*(mcp_echo.echo(text='x') for _ in range(1000)))
)";

void measure_used(const Setting& setting, Report& report, const std::string& runtime) {
  const Home home(setting, echo_servers(setting, servers));
  Own floor;
  Own ours;
  std::uint64_t for_a_server = 0;
  const std::vector<Subject> subjects{
      {direct_name, Party::floor, [&] { return direct_memory(setting, floor); }},
      {runtime, Party::headrace, [&] {
         const Started session = start_session(setting, home, runtime);
         if (!session.target) throw std::runtime_error(session.skipped);
         const std::uint64_t before = session.target->memory().resident;
         session.target->run_python(use_all);
         const Memory after = session.target->memory();
         for_a_server = after.resident > before ? (after.resident - before) / servers : 0;
         return ours.of(after);
       }}};
  Figure& figure =
      add_figure(report, setting, "memory/" + runtime + "/used",
                 "resident, after calls to each of 20 servers and 1,000 at once, " + runtime,
                 direct_name, subjects);
  figure.unit = Unit::bytes;
  note_own(figure, {&floor, &ours});
  if (for_a_server > 0) {
    figure.series.back().note += "; each server more, its own processes not counted: " +
                                 in_words(as_double(for_a_server), Unit::bytes);
  }
}

// A spare interpreter that comes up meanwhile would be counted or not, as it happens.
const Environment further{{"MCP_BRIDGE_WARM", "0"}, {"MCP_BRIDGE_MAX_SESSIONS", "64"}};

constexpr const char* own_memory = R"(
with open('/proc/self/smaps_rollup') as lines:
    print(sum(int(line.split()[1]) for line in lines if line.startswith('Private_')) * 1024)
)";

// Of all sessions but the first, so that what is there once is not in it.
void measure_session(const Setting& setting, Report& report, const std::string& runtime) {
  const Home home(setting, echo_servers(setting, 1));
  const std::size_t sessions = setting.tiny ? 2 : 8;
  const auto each = [&](bool all) {
    const Started session = start_session(setting, home, runtime, further);
    if (!session.target) throw std::runtime_error(session.skipped);
    Target& target = *session.target;
    const auto size = [&] { return (all ? target.memory_of_all() : target.memory()).own; };
    target.run_python("pass", "first");
    const std::uint64_t before = size();
    for (std::size_t i = 0; i < sessions; ++i)
      target.run_python("pass", "further-" + std::to_string(i));
    const std::uint64_t after = size();
    return one_value(after > before ? as_double((after - before) / sessions) : 0);
  };
  const auto inside = [&] {
    const Started session = start_session(setting, home, runtime, further);
    if (!session.target) throw std::runtime_error(session.skipped);
    const std::string text = session.target->run_python(own_memory);
    return one_value(static_cast<double>(std::strtoull(text.c_str(), nullptr, 10)));
  };
  std::vector<Subject> subjects{
      {"the interpreter, by its own account", Party::headrace, inside},
      {"in headrace itself", Party::headrace, [&] { return each(false); }}};
  // A container is no child of ours: of it, we could only count its engine's client.
  if (runtime == "bwrap")
    subjects.push_back({"all processes", Party::headrace, [&] { return each(true); }});
  add_figure(report, setting, "memory/" + runtime + "/session",
             "each further session, shared with no other process, " + runtime, {}, subjects)
      .unit = Unit::bytes;
}

}  // namespace

void measure_memory(const Setting& setting, Report& report) {
  Setting fewer = setting;
  // Memory hardly differs between rounds, and each of them starts everything anew.
  fewer.rounds = std::min<std::size_t>(setting.rounds, 3);
  measure_idle(fewer, report);
  for (const std::string& runtime : runtimes_of(setting)) {
    measure_used(fewer, report, runtime);
    measure_session(fewer, report, runtime);
  }
}

}  // namespace headrace::bench
