// Starts sessions and floors, and reads the times that they print.
#include <headrace/bench/in_code.hpp>
#include <headrace/engine/executable.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace headrace::bench {
namespace {

// A container's engine may decide where it starts, so the code pins itself.
constexpr std::string_view preparation = R"(
import asyncio, json, os, time
async def measure(kind, count, width):
    times = []
    for _ in range(count):
        began = time.perf_counter()
        if kind == 'awaited':
            await mcp_echo.echo(text='hello')
        elif kind == 'blocking':
            mcp_echo.echo.sync(text='hello')
        else:
            await asyncio.gather(*(mcp_echo.echo(text='hello') for _ in range(width)))
        times.append(round((time.perf_counter() - began) * 1e6 / width, 3))
    print(json.dumps(times))
)";

constexpr std::string_view pinning = R"(
try:
    os.sched_setaffinity(0, {%CORE%})
except (AttributeError, OSError):
    pass
)";

std::string_view word(Calling calling) {
  switch (calling) {
    case Calling::awaited:
      return "awaited";
    case Calling::blocking:
      return "blocking";
    case Calling::gathered:
      return "gathered";
  }
  return {};
}

std::string prepared_code(const Setting& setting) {
  std::string code(preparation);
  if (setting.core >= 0) {
    std::string pin(pinning);
    const std::string_view place = "%CORE%";
    pin.replace(pin.find(place), place.size(), std::to_string(setting.core));
    code += pin;
  }
  return code;
}

bool has_socket(pid_t pid) {
  std::error_code error;
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string link = std::filesystem::read_symlink(entry.path(), error).string();
    if (!error && link.starts_with("socket:")) return true;
  }
  return false;
}

const char* past_space(const char* at, const char* end) {
  while (at < end && std::string_view(", \t\r\n").find(*at) != std::string_view::npos)
    ++at;
  return at;
}

Started started(const std::function<std::shared_ptr<Target>()>& start) {
  try {
    return {start(), {}, {}};
  } catch (const std::exception& error) {
    return {nullptr, error.what(), {}};
  }
}

}  // namespace

std::string missing_runtime(const std::string& runtime) {
  std::string message;
  const char* path = std::getenv("PATH");
  const bool found =
      !engine::find_executable(runtime, path == nullptr ? "" : path, message).empty();
  return found ? std::string() : runtime + " is not installed";
}

std::string quickest_runtime(const Setting& setting) {
  const auto& runtimes = setting.runtimes;
  if (runtimes.empty()) return {};
  const bool bwrap = std::find(runtimes.begin(), runtimes.end(), "bwrap") != runtimes.end();
  return bwrap ? "bwrap" : runtimes.front();
}

std::vector<std::string> runtimes_of(const Setting& setting) {
  if (!setting.tiny || setting.runtimes.empty()) return setting.runtimes;
  return {quickest_runtime(setting)};
}

Started start_session(const Setting& setting, const Home& home, const std::string& runtime,
                      const Environment& more) {
  std::string missing = missing_runtime(runtime);
  if (!missing.empty()) return {nullptr, std::move(missing), {}};
  Started session = started([&] {
    Environment environment = home.environment(runtime);
    for (const auto& [name, value] : more)
      environment[name] = value;
    auto target = std::make_shared<Target>(std::vector{setting.headrace}, environment);
    target->initialize();
    target->run_python(prepared_code(setting));
    return target;
  });
  if (session.target && runtime != "bwrap") {
    // What it has open is what it uses; its own pipes are no sockets.
    session.note = has_socket(session.target->pid()) ? "frames go over a socket"
                                                     : "frames go over the engine's stdin";
  }
  return session;
}

Started start_direct(const Setting& setting) {
  return started([&] {
    return std::make_shared<Target>(std::vector{setting.python, std::string("-B"),
                                                setting.scripts + "/direct.py",
                                                std::string("calls"), setting.echo_server});
  });
}

Started start_plain_python(const Setting& setting) {
  return started([&] {
    return std::make_shared<Target>(std::vector{
        setting.python, std::string("-B"), setting.scripts + "/direct.py", std::string("runs")});
  });
}

Round calls_from_code(Target& session, Calling calling, std::size_t count, std::size_t width,
                      bool whole) {
  const std::string code = "await measure('" + std::string(word(calling)) + "', " +
                           std::to_string(count) + ", " + std::to_string(width) + ")";
  return read_times(session.run_python(code), whole ? static_cast<double>(width) : 1);
}

Round calls_direct(Target& direct, Calling calling, std::size_t count, std::size_t width,
                   bool whole) {
  std::string line = calling == Calling::gathered ? "many " : "one ";
  line += std::to_string(count) + " " + std::to_string(width) + "\n";
  direct.send(line);
  return read_times(direct.line(), whole ? static_cast<double>(width) : 1);
}

std::string run_plainly(Target& python, std::string_view code) {
  std::string line;
  framing::append_quoted(line, code);
  python.send(line + "\n");
  return python.line();
}

Round read_times(std::string_view text, double factor) {
  const std::string shown(text.substr(0, 200));
  // The last: some put words before what the code has said.
  const std::size_t begin = text.rfind('[');
  const std::size_t end = begin == std::string_view::npos ? begin : text.find(']', begin);
  if (end == std::string_view::npos) {
    throw std::runtime_error("no list of times in: " + shown);
  }
  Round round;
  const char* const last = text.data() + end;
  const char* at = past_space(text.data() + begin + 1, last);
  while (at < last) {
    double microseconds = 0;
    const auto [next, error] = std::from_chars(at, last, microseconds);
    if (error != std::errc() || !(microseconds >= 0)) {
      throw std::runtime_error("a time can't be read: " + shown);
    }
    round.values.record(static_cast<std::uint64_t>(std::llround(microseconds * 1e3 * factor)));
    at = next;
    at = past_space(at, last);
  }
  if (round.values.count() == 0) throw std::runtime_error("the list of times is empty: " + shown);
  return round;
}

Subject subject_of(std::string name, Party party, const Started& started,
                   std::function<Round()> round) {
  return {std::move(name), party, std::move(round), started.skipped, started.note};
}

std::vector<std::string> bare_sandbox(const Setting& setting, const std::string& runtime,
                                      const std::string& python) {
  const std::vector<std::string> code{python, "-I", "-B", "-c",
                                      "import asyncio, json, os; os.write(1, b'up\\n')"};
  std::vector<std::string> command;
  if (runtime == "bwrap") {
    command = {"bwrap",  "--ro-bind", "/",     "/",    "--unshare-all", "--die-with-parent",
               "--proc", "/proc",     "--dev", "/dev", "--tmpfs",       "/tmp"};
  } else {
    command = {runtime,
               "run",
               "--rm",
               "-i",
               "--network",
               "none",
               "--read-only",
               "--cap-drop",
               "ALL",
               "--security-opt",
               "no-new-privileges",
               "--memory",
               "512m",
               "--pids-limit",
               "128",
               setting.image};
  }
  command.insert(command.end(), code.begin(), code.end());
  return command;
}

}  // namespace headrace::bench
