// The client in the measurement of one hop: blocking pipes, so that it adds as little as can be.
//
//   headrace_bench_hop CALLS ROUNDS IN_FLIGHT COMMAND [ARGUMENT]… [-- COMMAND …]…
//
// Rounds of all commands alternate. Prints a JSON array with an object for each command: `times`,
// microseconds a call: of each call when one is in flight, else one mean for each round.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

class Target {
 public:
  explicit Target(std::vector<char*> argv) : in_(64 << 10, '\0') {
    int to[2];
    int from[2];
    if (::pipe(to) != 0 || ::pipe(from) != 0) fail("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    for (const int fd : {to[0], to[1], from[0], from[1]})
      posix_spawn_file_actions_addclose(&actions, fd);
    // Those of earlier targets: one that keeps another's would keep it from ending.
    for (const int fd : open_fds)
      posix_spawn_file_actions_addclose(&actions, fd);
    argv.push_back(nullptr);
    const int error = posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
      errno = error;
      fail(argv[0]);
    }
    ::close(to[0]);
    ::close(from[1]);
    write_ = to[1];
    read_ = from[0];
    open_fds.insert(open_fds.end(), {write_, read_});
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target() {
    ::close(write_);
    ::close(read_);
    ::waitpid(pid_, nullptr, 0);
  }

  void round(std::size_t calls, std::size_t in_flight) {
    const auto began = Clock::now();
    std::size_t answered = 0;
    std::size_t sent = 0;
    auto last = began;
    while (answered < calls) {
      out_.clear();
      for (; sent < calls && sent - answered < in_flight; ++sent)
        append_request();
      send();
      answered += receive();
      if (in_flight > 1) continue;
      const auto now = Clock::now();
      times.push_back(microseconds(now - last));
      last = now;
    }
    if (in_flight > 1) {
      times.push_back(microseconds(Clock::now() - began) / static_cast<double>(calls));
    }
  }

  std::vector<double> times;

 private:
  static std::vector<int> open_fds;

  void append_request() {
    // 200 bytes, more or less.
    out_ += R"({"jsonrpc":"2.0","id":)" + std::to_string(++number_) +
            R"(,"method":"tools/call","params":{"name":"echo","arguments":{"text":"01234567890123)"
            R"(456789012345678901234567890123456789012345678901234567890123456789012345678901234)"
            R"(5678901234567890"}}})"
            "\n";
  }

  void send() {
    std::string_view left = out_;
    while (!left.empty()) {
      const ssize_t written = ::write(write_, left.data(), left.size());
      if (written < 0 && errno != EINTR) fail("write");
      if (written > 0) left.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  std::size_t receive() {
    for (;;) {
      const ssize_t size = ::read(read_, in_.data(), in_.size());
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) throw std::runtime_error("the target ended before it answered all calls");
      const std::string_view text(in_.data(), static_cast<std::size_t>(size));
      // A look at the first is enough, and costs little.
      if (text.substr(0, 80).find(R"("error":)") != std::string_view::npos) {
        throw std::runtime_error("a call failed: " + std::string(text.substr(0, 300)));
      }
      const auto lines = std::count(text.begin(), text.end(), '\n');
      if (lines > 0) return static_cast<std::size_t>(lines);
    }
  }

  pid_t pid_ = -1;
  int write_ = -1;
  int read_ = -1;
  std::uint64_t number_ = 0;
  std::string out_;
  std::string in_;
};

std::vector<int> Target::open_fds;

std::vector<std::unique_ptr<Target>> start(int argc, char** argv) {
  std::vector<std::unique_ptr<Target>> targets;
  std::vector<char*> command;
  for (int i = 0; i <= argc; ++i) {
    if (i < argc && std::string_view(argv[i]) != "--") {
      command.push_back(argv[i]);
    } else if (!command.empty()) {
      targets.push_back(std::make_unique<Target>(std::exchange(command, {})));
    }
  }
  return targets;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 5) {
    std::fputs("usage: headrace_bench_hop CALLS ROUNDS IN_FLIGHT COMMAND... [-- COMMAND...]\n",
               stderr);
    return 2;
  }
  const std::size_t calls = std::max(1UL, std::strtoul(argv[1], nullptr, 10));
  const std::size_t rounds = std::max(1UL, std::strtoul(argv[2], nullptr, 10));
  const std::size_t in_flight = std::clamp(std::strtoul(argv[3], nullptr, 10), 1UL, 200UL);
  const auto targets = start(argc - 4, argv + 4);
  for (const auto& target : targets) {
    target->round(calls, in_flight);  // warm-up
    target->times.clear();
  }
  for (std::size_t i = 0; i < rounds; ++i) {
    for (const auto& target : targets)
      target->round(calls, in_flight);
  }
  const char* before = "[";
  for (const auto& target : targets) {
    std::printf("%s{\"times\":[", before);
    const char* comma = "";
    for (const double time : target->times) {
      std::printf("%s%.3f", comma, time);
      comma = ",";
    }
    std::fputs("]}", stdout);
    before = ",\n";
  }
  std::puts("]");
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::fprintf(stderr, "headrace_bench_hop: %s\n", error.what());
  return EXIT_FAILURE;
}
