// Where the programs are, how much is measured, and on which core.
#pragma once

#include <headrace/bench/report.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace headrace::bench {

/// A command on stdin and stdout, and under which name the echo server's tool is called through it.
struct Rival {
  std::string name;  // for people
  std::string key;   // on the command line
  /// With the echo server as what it stands before.
  std::vector<std::string> command;
  std::string tool = "echo";
  std::string version;
  /// Why it can't be measured here.
  std::string skipped;
  /// Of one that runs code: its tool for that, the argument that holds the code, and pieces of code
  /// by what they do ("hello", "call", "gather").
  bool runs_code = false;
  std::string call;
  std::string argument;
  std::map<std::string, std::string> code;
};

struct Setting {
  std::string headrace;     // the program
  std::string echo_server;  // bench/programs/echo_server
  std::string epoll_relay;  // the relay in C
  std::string asio_relay;   // the relay that does nothing
  std::string scripts;      // bench/programs: the floors in Python
  std::string python;
  int core = 0;  // everything is pinned to it; -1: nothing is
  std::size_t rounds = 10;
  /// Of all counts: 1 for real figures, less to see only that it works.
  double scale = 1;
  bool tiny = false;
  std::vector<std::string> runtimes;  // podman, docker, bwrap
  std::string image;                  // of containers
  std::vector<Rival> rivals;
};

/// `count` as much as the setting wants of it, at least 1.
std::size_t counted(const Setting& setting, std::size_t count);

// The scenes: each measures its subject and adds its figures.
void measure_floor(const Setting& setting, Report& report);
void measure_proxy(const Setting& setting, Report& report);
void measure_sandbox(const Setting& setting, Report& report);
void measure_start(const Setting& setting, Report& report);
void measure_framing(const Setting& setting, Report& report);
void measure_search(const Setting& setting, Report& report);
void measure_memory(const Setting& setting, Report& report);
void measure_scale(const Setting& setting, Report& report);

}  // namespace headrace::bench
