// A program on two pipes, and MCP spoken to it as slowly as is convenient.
#include <headrace/bench/processes.hpp>
#include <headrace/bench/target.hpp>
#include <headrace/bench/words.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <simdjson.h>

namespace headrace::bench {

namespace {

using framing::JsonWriter;
using std::chrono::milliseconds;

constexpr auto grace = std::chrono::seconds(20);
constexpr auto grace_of_the_rest = std::chrono::seconds(3);

std::vector<std::string> merged(const Environment& additions) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (additions.find(std::string(text.substr(0, text.find('=')))) == additions.end()) {
      all.emplace_back(text);
    }
  }
  for (const auto& [name, value] : additions) {
    if (!value.empty()) all.push_back(name + "=" + value);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (std::string& word : words)
    all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

// Without folders, which are long and say little.
std::string shortened(std::vector<std::string> words) {
  for (std::string& word : words) {
    const std::size_t slash = word.rfind('/');
    if (slash != std::string::npos && slash + 1 < word.size()) word.erase(0, slash + 1);
  }
  return joined(words, " ");
}

[[noreturn]] void fail_at(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::pair<int, int> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_at("a pipe can't be made");
  return {ends[0], ends[1]};
}

// Its children begin as any program does: with a group of their own and the usual signals.
int spawn(pid_t& pid, std::vector<std::string>& argv, const Environment& additions, int input,
          int output, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> environment = merged(additions);
  std::vector<char*> words = pointers(argv);
  std::vector<char*> settings = pointers(environment);
  const int error =
      posix_spawnp(&pid, words[0], &actions, &attributes, words.data(), settings.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

bool ends_within(const std::vector<ProcessId>& processes, milliseconds limit) {
  const auto until = Clock::now() + limit;
  while (std::any_of(processes.begin(), processes.end(), is_running)) {
    if (Clock::now() >= until) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

}  // namespace

Target::Target(std::vector<std::string> argv, const Environment& environment)
    : argv_(std::move(argv)) {
  if (argv_.empty()) throw std::runtime_error("a command without a word can't be started");
  // What a target leaves behind comes to us, so that it can be counted and ended.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // To write to one that has ended is an error like others, and no signal.
  std::signal(SIGPIPE, SIG_IGN);
  const auto [their_input, our_output] = make_pipe();
  const auto [our_input, their_output] = make_pipe();
  stderr_ = ::memfd_create("stderr", MFD_CLOEXEC);
  if (stderr_ < 0) fail_at("a file for stderr can't be made");
  began_ = Clock::now();
  const int error = spawn(pid_, argv_, environment, their_input, their_output, stderr_);
  ::close(their_input);
  ::close(their_output);
  write_ = our_output;
  read_ = our_input;
  if (error == 0) return;
  for (const int fd : {write_, read_, stderr_})
    ::close(fd);
  throw std::runtime_error(joined(argv_, " ") + " can't be started: " + std::strerror(error));
}

Target::~Target() {
  end();
  ::close(stderr_);
}

Ending Target::end() noexcept {
  Ending ending;
  if (write_ < 0) return ending;
  const std::vector<ProcessId> family = descendants(pid_);
  const auto began = Clock::now();
  ::close(std::exchange(write_, -1));
  ending.killed = !ends_by_itself(began + grace);
  if (ending.killed) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
    reaped_ = true;
  }
  ending.took = Clock::now() - began;
  ::close(std::exchange(read_, -1));
  if (ends_within(family, grace_of_the_rest)) return ending;
  for (const ProcessId& process : family) {
    if (!is_running(process)) continue;
    ++ending.left;
    ::kill(process.pid, SIGKILL);
    ::waitpid(process.pid, nullptr, 0);  // fails at once where it is not our child
  }
  return ending;
}

// It may still be writing: with nobody reading it would not see the end of its input.
bool Target::ends_by_itself(Clock::time_point until) noexcept {
  while (!reaped_) {
    reaped_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
    if (reaped_) break;
    if (Clock::now() >= until) return false;
    char unread[4096];
    pollfd output{read_, POLLIN, 0};
    if (::poll(&output, 1, 1) == 1 && ::read(read_, unread, sizeof unread) <= 0) {
      std::this_thread::sleep_for(milliseconds(1));
    }
  }
  return true;
}

std::string Target::last_words() const {
  constexpr off_t most = 8 << 10;
  const off_t size = ::lseek(stderr_, 0, SEEK_END);
  std::string words(static_cast<std::size_t>(std::clamp<off_t>(size, 0, most)), '\0');
  const ssize_t got = ::pread(stderr_, words.data(), words.size(), std::max<off_t>(0, size - most));
  words.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  while (!words.empty() && (words.back() == '\n' || words.back() == ' '))
    words.pop_back();
  return words;
}

std::string Target::how_it_ended() {
  // The end of its output comes a little before its own.
  for (int i = 0; i < 200 && !reaped_; ++i) {
    reaped_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
    if (!reaped_) std::this_thread::sleep_for(milliseconds(1));
  }
  if (!reaped_) return {};
  if (WIFSIGNALED(status_)) {
    return std::string("it was ended by ") + ::strsignal(WTERMSIG(status_));
  }
  return "it ended with status " + std::to_string(WEXITSTATUS(status_));
}

void Target::fail(const std::string& what) {
  std::string message = shortened(argv_) + ": " + what;
  if (const std::string end = how_it_ended(); !end.empty()) message += "; " + end;
  if (const std::string words = last_words(); !words.empty()) message += "; its stderr: " + words;
  throw std::runtime_error(message);
}

void Target::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(write_, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) fail("it takes no more input");
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string Target::line(std::chrono::seconds limit) {
  const auto until = Clock::now() + limit;
  std::size_t seen = 0;
  for (;;) {
    const std::size_t end = rest_.find('\n', seen);
    if (end != std::string::npos) {
      std::string found = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      return found;
    }
    seen = rest_.size();
    const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
    pollfd output{read_, POLLIN, 0};
    const int ready = ::poll(&output, 1, static_cast<int>(std::max<long>(0, left.count())));
    if (ready == 0) fail("it said nothing for " + std::to_string(limit.count()) + " s");
    if (ready < 0) continue;
    constexpr std::size_t chunk = std::size_t{256} << 10;
    rest_.resize(seen + chunk);
    const ssize_t size = ::read(read_, rest_.data() + seen, chunk);
    rest_.resize(seen + static_cast<std::size_t>(std::max<ssize_t>(0, size)));
    if (size == 0) fail("it closed its output");
    if (size < 0 && errno != EINTR && errno != EAGAIN) fail("its output can't be read");
  }
}

Memory Target::memory() const {
  return memory_of(pid_);
}

Memory Target::memory_of_all() const {
  Memory all = memory_of(pid_);
  for (const ProcessId& process : descendants(pid_)) {
    const Memory one = memory_of(process.pid);
    all.resident += one.resident;
    all.own += one.own;
  }
  return all;
}

std::string Target::initialize() {
  std::string result =
      request("initialize", R"({"protocolVersion":"2025-06-18","capabilities":{},)"
                            R"("clientInfo":{"name":"headrace-bench","version":"1"}})");
  send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
  return result;
}

std::string Target::request(std::string_view method, std::string_view params,
                            std::chrono::seconds limit) {
  const std::uint64_t id = ++number_;
  std::string text;
  JsonWriter writer(text);
  writer.begin_object().member("jsonrpc", "2.0").member("id", id).member("method", method);
  writer.raw_member("params", params).end_object();
  send(text + "\n");
  simdjson::dom::parser parser;
  // One that says much, and never this, is not waited for either.
  const auto until = Clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(until - Clock::now());
    if (left.count() <= 0) {
      fail("it did not answer " + std::string(method) + " within " + std::to_string(limit.count()) +
           " s");
    }
    const std::string answer = line(left);
    simdjson::dom::object message;
    if (parser.parse(answer).get(message) != simdjson::SUCCESS) continue;
    simdjson::dom::element its_id;
    if (message["id"].get(its_id) != simdjson::SUCCESS) continue;
    if (message["method"].error() == simdjson::SUCCESS) {
      // Whoever waits for us should know that it waits in vain.
      send("{\"jsonrpc\":\"2.0\",\"id\":" + simdjson::to_string(its_id) +
           R"(,"error":{"code":-32601,"message":"Method not found"}})" + "\n");
      continue;
    }
    std::uint64_t number = 0;
    if (its_id.get(number) != simdjson::SUCCESS || number != id) continue;
    simdjson::dom::element result;
    if (message["result"].get(result) == simdjson::SUCCESS) return simdjson::minify(result);
    fail(std::string(method) + " was refused: " + answer.substr(0, 500));
  }
}

std::string Target::call(std::string_view params) {
  const std::string result = request("tools/call", params);
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(result);
  std::string words;
  simdjson::dom::array blocks;
  if (root["content"].get(blocks) != simdjson::SUCCESS) fail("a result without content: " + result);
  for (const simdjson::dom::element block : blocks) {
    std::string_view text;
    if (block["text"].get(text) == simdjson::SUCCESS) {
      words.append(words.empty() ? "" : "\n").append(text);
    }
  }
  bool failed = false;
  if (root["isError"].get(failed) == simdjson::SUCCESS && failed) {
    fail("a tool failed: " + words.substr(0, 400));
  }
  return words;
}

std::string Target::run_python(std::string_view code, std::string_view session) {
  return call(run_params(code, session));
}

std::string run_params(std::string_view code, std::string_view session) {
  std::string params;
  JsonWriter writer(params);
  writer.begin_object().member("name", "run_python").key("arguments").begin_object();
  writer.member("code", code).member("timeout", 120);
  if (!session.empty()) writer.member("session", session);
  writer.end_object().end_object();
  return params;
}

}  // namespace headrace::bench
