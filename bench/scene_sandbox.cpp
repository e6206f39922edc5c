// What code in a sandbox waits for: calls of tools, the next run, and the end of a cancelled one.
#include <headrace/bench/code_rival.hpp>
#include <headrace/bench/in_code.hpp>

#include <array>
#include <chrono>
#include <map>
#include <thread>

namespace headrace::bench {
namespace {

constexpr const char* hello = "print('hi')";
constexpr std::size_t together = 100;

struct CallKind {
  const char* id;
  const char* title;
  Calling calling;
  std::size_t width;
  std::size_t calls;  // in each round
};
constexpr std::array call_kinds{
    CallKind{"call", "a call from code, awaited one at a time", Calling::awaited, 1, 2000},
    CallKind{"sync_call", "a call from code, blocking", Calling::blocking, 1, 2000},
    CallKind{"gather", "a call from code, 100 at once", Calling::gathered, together, 2000},
};

// How each kind of code that never ends is ended.
struct Endless {
  const char* id;
  const char* code;
};
constexpr std::array endless{
    Endless{"computing", "while True: pass"},
    Endless{"sleeping", "import time\ntime.sleep(1000)"},
    Endless{"awaiting", "import asyncio\nawait asyncio.sleep(1000)"},
    Endless{"calling", "await mcp_silent.wait()"},
};

double call_goal(const std::string& runtime) {
  static const std::map<std::string, double> goals{{"podman", 50e3}, {"docker", 60e3}};
  const auto goal = goals.find(runtime);
  return goal == goals.end() ? 40e3 : goal->second;
}

// One of the two roads to a runtime, which both have the same figures.
struct Road {
  std::string name;
  Started session;
};

std::vector<Road> roads_to(const Setting& setting, const Home& home, const std::string& runtime) {
  std::vector<Road> roads;
  roads.push_back({runtime, start_session(setting, home, runtime)});
  // bubblewrap's interpreter has our own pipes: there is no other road.
  if (runtime != "bwrap") {
    const Environment slow{{"MCP_BRIDGE_CHANNEL", "stdio"}};
    roads.push_back({runtime + ", over stdin", start_session(setting, home, runtime, slow)});
  }
  return roads;
}

void measure_calls(const Setting& setting, Report& report, const std::string& runtime,
                   const std::vector<Road>& roads, const Started& direct) {
  for (const CallKind& kind : call_kinds) {
    const std::size_t count = counted(setting, kind.calls / kind.width);
    const std::string floor = "asyncio client on direct pipes";
    std::vector<Subject> subjects{subject_of(floor, Party::floor, direct, [&] {
      return calls_direct(*direct.target, kind.calling, count, kind.width);
    })};
    for (const Road& road : roads) {
      subjects.push_back(subject_of(road.name, Party::headrace, road.session, [&] {
        return calls_from_code(*road.session.target, kind.calling, count, kind.width);
      }));
    }
    Goal goal;
    goal.value = kind.width > 1 ? 25e3 : call_goal(runtime);
    add_figure(report, setting, "sandbox/" + runtime + "/" + kind.id,
               std::string(kind.title) + ", " + runtime, floor, subjects, goal);
  }
}

void measure_next_run(const Setting& setting, Report& report, const std::string& runtime,
                      const std::vector<Road>& roads, const Started& plain) {
  const std::size_t count = counted(setting, 50);
  const std::string floor = "a Python behind two pipes";
  std::vector<Subject> subjects{subject_of(floor, Party::floor, plain, [&] {
    return timed(count, [&] { run_plainly(*plain.target, hello); });
  })};
  for (const Road& road : roads) {
    subjects.push_back(subject_of(road.name, Party::headrace, road.session, [&] {
      return timed(count, [&] { road.session.target->run_python(hello); });
    }));
  }
  Goal goal;
  goal.value = 0.5e6;
  add_figure(report, setting, "sandbox/" + runtime + "/next_run",
             "print('hi') on a session that is there, " + runtime, floor, subjects, goal);
}

// From the cancellation of a run under way until the session has run another.
std::uint64_t cancelled_run(Target& target, std::string_view code, std::size_t number) {
  // The number is a text, so that it is none of the target's own.
  const std::string id = "\"cancelled-" + std::to_string(number) + "\"";
  target.send(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"tools/call","params":)" +
              run_params(code) + "}\n");
  // Nobody says when code has begun to compute; what is cancelled before would flatter.
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const Clock::time_point began = Clock::now();
  target.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id +
              "}}\n");
  target.run_python("pass");
  return nanoseconds_since(began);
}

void measure_cancelling(const Setting& setting, Report& report, const std::string& runtime) {
  const Home home(setting,
                  {{"silent", {setting.python, "-B", setting.scripts + "/silent_server.py"}}});
  Started session = start_session(setting, home, runtime);
  if (session.target) session.target->run_python("await mcp_silent.list_tools()");
  std::size_t number = 0;
  for (const Endless& kind : endless) {
    const std::string floor = "a run of nothing";
    const std::vector<Subject> subjects{
        subject_of(floor, Party::floor, session,
                   [&] { return timed(1, [&] { session.target->run_python("pass"); }); }),
        subject_of(runtime, Party::headrace, session, [&] {
          Round round;
          round.values.record(cancelled_run(*session.target, kind.code, ++number));
          return round;
        })};
    Goal goal;
    goal.value = 100e6;
    add_figure(report, setting, "sandbox/" + runtime + "/cancel_" + kind.id,
               "from a cancellation to the answer of another run, " + std::string(kind.id) + ", " +
                   runtime,
               floor, subjects, goal);
  }
}

// All that run code, ours and theirs, in one figure each.
void measure_rivals(const Setting& setting, Report& report) {
  std::vector<CodeRival> rivals = start_code_rivals(setting);
  if (rivals.empty()) return;
  const Home home(setting, echo_servers(setting, 1));
  std::vector<Road> ours;
  for (const std::string& runtime : setting.runtimes)
    ours.push_back({runtime, start_session(setting, home, runtime)});
  const Started direct = start_direct(setting);
  const std::string floor = "asyncio client on direct pipes";
  for (const CallKind& kind : call_kinds) {
    if (kind.calling == Calling::blocking) continue;
    const std::size_t count = counted(setting, kind.calls / kind.width);
    std::vector<Subject> subjects{subject_of(floor, Party::floor, direct, [&] {
      return calls_direct(*direct.target, kind.calling, count, kind.width);
    })};
    for (const Road& road : ours) {
      subjects.push_back(subject_of(road.name, Party::headrace, road.session, [&] {
        return calls_from_code(*road.session.target, kind.calling, count, kind.width);
      }));
    }
    for (CodeRival& rival : rivals) {
      subjects.push_back(subject_of(rival.rival.name, Party::rival, rival.started, [&] {
        return read_rival_times(
            run_code(*rival.started.target, rival.rival, kind.width > 1 ? "gather" : "call"));
      }));
    }
    add_figure(report, setting, std::string("sandbox/all/") + kind.id,
               std::string(kind.title) + ", of all that run code", floor, subjects);
  }
  std::vector<Subject> subjects;
  for (const Road& road : ours) {
    subjects.push_back(subject_of(road.name, Party::headrace, road.session, [&] {
      return timed(1, [&] { road.session.target->run_python(hello); });
    }));
  }
  for (CodeRival& rival : rivals) {
    subjects.push_back(subject_of(rival.rival.name, Party::rival, rival.started, [&] {
      return timed(1, [&] { run_code(*rival.started.target, rival.rival, "hello"); });
    }));
  }
  add_figure(report, setting, "sandbox/all/next_run", "hello once more, of all that run code", {},
             subjects);
}

}  // namespace

void measure_sandbox(const Setting& setting, Report& report) {
  for (const std::string& runtime : setting.runtimes) {
    const Home home(setting, echo_servers(setting, 20));
    const std::vector<Road> roads = roads_to(setting, home, runtime);
    const Started direct = start_direct(setting);
    const Started plain = start_plain_python(setting);
    measure_calls(setting, report, runtime, roads, direct);
    measure_next_run(setting, report, runtime, roads, plain);
  }
  for (const std::string& runtime : runtimes_of(setting))
    measure_cancelling(setting, report, runtime);
  measure_rivals(setting, report);
}

}  // namespace headrace::bench
