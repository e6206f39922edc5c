// A program on two pipes, and MCP spoken to it as slowly as is convenient; load.hpp is the fast
// way.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace headrace::bench {

using Clock = std::chrono::steady_clock;

/// Additions to the environment; an empty value takes a name away.
using Environment = std::map<std::string, std::string>;

/// Resident memory in bytes; `own` is what no other process shares.
struct Memory {
  std::uint64_t resident = 0;
  std::uint64_t own = 0;
};

/// How a target ended when its input did.
struct Ending {
  /// From the end of its input until its own.
  std::chrono::nanoseconds took{};
  /// It did not end by itself.
  bool killed = false;
  /// How many of its processes outlived it by more than some seconds.
  std::size_t left = 0;
};

/// A child in a process group of its own; what of its processes outlives it becomes ours. What it
/// says on stderr is kept for messages, the last 8 KiB of it. Failures are std::runtime_error with
/// the command and those words.
class Target {
 public:
  explicit Target(std::vector<std::string> argv, const Environment& environment = {});
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  /// As end().
  ~Target();

  /// End of file, then a grace of 20 s, then SIGKILL to the group and to what else is left of its
  /// processes. Nothing is left to be done, and zeros are returned, when it is called again.
  Ending end() noexcept;

  int input() const noexcept { return write_; }
  int output() const noexcept { return read_; }
  pid_t pid() const noexcept { return pid_; }
  Clock::time_point began() const noexcept { return began_; }  // just before it was started

  void send(std::string_view bytes);
  /// Bytes that were read and belong to no line yet that was taken; load.hpp goes on from there.
  std::string& rest() noexcept { return rest_; }
  /// One line without its newline; waits up to `limit`.
  std::string line(std::chrono::seconds limit = std::chrono::seconds(120));
  Memory memory() const;
  /// Of it and all its descendants.
  Memory memory_of_all() const;

  /// MCP, legacy era: initialize, and initialized. Returns the result object's text.
  std::string initialize();
  /// The result object's text; an error answer is thrown.
  std::string request(std::string_view method, std::string_view params,
                      std::chrono::seconds limit = std::chrono::seconds(120));
  /// The text blocks of a tools/call with these params, each from its own line on; what the tool
  /// calls an error is thrown.
  std::string call(std::string_view params);
  /// What the code printed, by Headrace's run_python; without a session, in the usual one.
  std::string run_python(std::string_view code, std::string_view session = {});

  /// Throws std::runtime_error: the command, `what`, how it ended if it has, its last words.
  [[noreturn]] void fail(const std::string& what);

 private:
  bool ends_by_itself(Clock::time_point until) noexcept;
  std::string last_words() const;
  std::string how_it_ended();

  std::vector<std::string> argv_;
  Clock::time_point began_;
  pid_t pid_ = -1;
  int write_ = -1;
  int read_ = -1;
  int stderr_ = -1;
  bool reaped_ = false;
  int status_ = 0;
  std::uint64_t number_ = 0;
  std::string rest_;
};

/// The params of a tools/call that has Headrace run code.
std::string run_params(std::string_view code, std::string_view session = {});

}  // namespace headrace::bench
