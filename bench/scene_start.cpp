// How long it takes until there is an answer: to `initialize`, and to the first run.
#include <headrace/bench/code_rival.hpp>
#include <headrace/bench/in_code.hpp>

#include <csignal>
#include <thread>

namespace headrace::bench {
namespace {

constexpr const char* hello = "print('hi')";

// Some rivals stay when their client has gone: they are told to end, so that nobody waits for them.
void end_soon(const Target& target) {
  ::kill(-target.pid(), SIGTERM);
}

std::uint64_t answered_after(Target& target) {
  target.initialize();
  return nanoseconds_since(target.began());
}

void measure_initialize(const Setting& setting, Report& report) {
  const Home home(setting, echo_servers(setting, 20));
  const std::size_t starts = counted(setting, 4);
  const auto each = [starts](const std::function<std::uint64_t()>& start) {
    Round round;
    for (std::size_t i = 0; i < starts; ++i)
      round.values.record(start());
    return round;
  };
  const std::string floor = "the echo server";
  std::vector<Subject> subjects{{floor, Party::floor,
                                 [&] {
                                   return each([&] {
                                     Target server({setting.echo_server});
                                     return answered_after(server);
                                   });
                                 }},
                                {"headrace", Party::headrace, [&] {
                                   return each([&] {
                                     Target headrace({setting.headrace}, home.environment());
                                     return answered_after(headrace);
                                   });
                                 }}};
  for (const Rival& rival : setting.rivals) {
    subjects.push_back({rival.name, Party::rival,
                        [&] {
                          // Theirs take seconds, most of them.
                          Target target(rival.command);
                          const std::uint64_t took = answered_after(target);
                          end_soon(target);
                          return one_value(static_cast<double>(took));
                        },
                        rival.skipped, rival.version});
  }
  Goal goal;
  goal.value = 10e6;
  add_figure(report, setting, "start/initialize",
             "from the start of the process to the answer to initialize, 20 servers configured",
             floor, subjects, goal);
}

// The session's own interpreter, so that floor and Headrace start the same one.
std::string python_of(const Setting& setting, const Home& home, const std::string& runtime,
                      std::string& skipped) {
  const Started session = start_session(setting, home, runtime);
  skipped = session.skipped;
  if (!session.target) return {};
  std::string path = session.target->run_python("import sys; print(sys.executable)");
  while (!path.empty() && (path.back() == '\n' || path.back() == ' '))
    path.pop_back();
  return path;
}

void measure_cold(const Setting& setting, Report& report, const Home& home,
                  const std::string& runtime, const std::string& python,
                  const std::string& skipped) {
  const std::vector<std::string> command = bare_sandbox(setting, runtime, python);
  const std::string floor = "the runtime's bare command";
  const std::vector<Subject> subjects{
      {floor, Party::floor,
       [&] {
         Target bare(command);
         bare.line();
         return one_value(static_cast<double>(nanoseconds_since(bare.began())));
       },
       skipped},
      {runtime, Party::headrace,
       [&] {
         Target headrace({setting.headrace}, home.environment(runtime));
         headrace.initialize();
         return timed(1, [&] { headrace.run_python(hello); });
       },
       skipped}};
  Goal goal;
  goal.value = 1.15;
  goal.of_ratio = true;
  add_figure(report, setting, "start/" + runtime + "/first_run_cold",
             "print('hi') as the first request of a fresh process, " + runtime, floor, subjects,
             goal);
}

void measure_warm(const Setting& setting, Report& report, const Home& home,
                  const std::string& runtime, const std::string& skipped) {
  // In which a spare interpreter comes up: how far it is cannot be seen from outside.
  const auto warming = std::chrono::milliseconds(setting.tiny ? 500 : 3000);
  const std::string floor = "a Python behind two pipes";
  const std::vector<Subject> subjects{
      {floor, Party::floor,
       [&] {
         const Started plain = start_plain_python(setting);
         if (!plain.target) throw std::runtime_error(plain.skipped);
         run_plainly(*plain.target, hello);
         return timed(1, [&] { run_plainly(*plain.target, hello); });
       },
       skipped},
      {runtime, Party::headrace,
       [&] {
         Target headrace({setting.headrace}, home.environment(runtime));
         headrace.initialize();
         std::this_thread::sleep_for(warming);
         return timed(1, [&] { headrace.run_python(hello); });
       },
       skipped}};
  Goal goal;
  goal.value = 10e6;
  add_figure(report, setting, "start/" + runtime + "/first_run_warm",
             "print('hi') as the first request, when a spare interpreter has come up, " + runtime,
             floor, subjects, goal);
}

// From the start of the process to what `hello` printed, of all that run code.
void measure_rivals(const Setting& setting, Report& report) {
  const Home home(setting, echo_servers(setting, 1));
  std::vector<Subject> subjects;
  for (const std::string& runtime : setting.runtimes) {
    subjects.push_back({runtime, Party::headrace,
                        [&] {
                          Target headrace({setting.headrace}, home.environment(runtime));
                          headrace.initialize();
                          headrace.run_python(hello);
                          return one_value(
                              static_cast<double>(nanoseconds_since(headrace.began())));
                        },
                        missing_runtime(runtime)});
  }
  bool any = false;
  for (const Rival& rival : setting.rivals) {
    if (!rival.runs_code) continue;
    any = true;
    subjects.push_back({rival.name, Party::rival,
                        [&] {
                          Target target(rival.command);
                          target.initialize();
                          run_code(target, rival, "hello");
                          const std::uint64_t took = nanoseconds_since(target.began());
                          end_soon(target);
                          return one_value(static_cast<double>(took));
                        },
                        rival.skipped, rival.version});
  }
  if (!any) return;
  add_figure(report, setting, "start/all/hello",
             "from the start of the process to the first hello, of all that run code", {},
             subjects);
}

}  // namespace

void measure_start(const Setting& setting, Report& report) {
  measure_initialize(setting, report);
  for (const std::string& runtime : runtimes_of(setting)) {
    const Home home(setting, echo_servers(setting, 20));
    std::string skipped;
    const std::string python = python_of(setting, home, runtime, skipped);
    measure_cold(setting, report, home, runtime, python, skipped);
    measure_warm(setting, report, home, runtime, skipped);
  }
  measure_rivals(setting, report);
}

}  // namespace headrace::bench
