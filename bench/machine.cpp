// On what it was measured.
#include <headrace/bench/machine.hpp>
#include <headrace/bench/target.hpp>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <sys/utsname.h>
#include <thread>

#include <simdjson.h>

namespace headrace::bench {

namespace {

std::string unquoted(std::string text) {
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

// What follows `key` and the separator in a file of lines.
std::string value_in(const char* file, const std::string& key, char separator) {
  std::ifstream lines(file);
  std::string line;
  while (std::getline(lines, line)) {
    const std::size_t at = line.find(separator);
    if (at == std::string::npos) continue;
    const std::size_t name_end = line.find_last_not_of(" \t", at == 0 ? 0 : at - 1);
    if (line.substr(0, name_end + 1) != key) continue;
    const std::size_t value = line.find_first_not_of(" \t", at + 1);
    return value == std::string::npos ? "" : unquoted(line.substr(value));
  }
  return {};
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace

std::string first_line_of(const std::vector<std::string>& command) {
  try {
    Target target(command);
    return target.line(std::chrono::seconds(20));
  } catch (const std::exception&) {
    return {};
  }
}

Machine this_machine(const Setting& setting) {
  Machine machine;
  utsname names{};
  ::uname(&names);
  machine.kernel = names.release;
  machine.cpu = value_in("/proc/cpuinfo", "model name", ':');
  if (machine.cpu.empty()) machine.cpu = names.machine;
  machine.cpus = std::thread::hardware_concurrency();
  machine.system = value_in("/etc/os-release", "PRETTY_NAME", '=');
  machine.compiler = compiler();
  machine.simd = simdjson::get_active_implementation()->name();
  double load = 0;
  if (::getloadavg(&load, 1) == 1) machine.load = load;
  std::vector<std::string> programs = setting.runtimes;
  programs.insert(programs.end(), {setting.python, "node"});
  for (const std::string& program : programs) {
    std::string version = program.empty() ? "" : first_line_of({program, "--version"});
    // Node says its number alone.
    if (version.starts_with('v')) version = program + " " + version.substr(1);
    if (!version.empty()) machine.versions.push_back(version);
  }
  for (const Rival& rival : setting.rivals) {
    if (rival.skipped.empty() && !rival.version.empty()) {
      machine.versions.push_back(rival.name + " " + rival.version);
    }
  }
  return machine;
}

}  // namespace headrace::bench
