// What the last frame of a sandbox says about its interpreter, in words for the user.
#include <headrace/framing/object_scanner.hpp>
#include <headrace/framing/request_id.hpp>
#include <headrace/sandbox/interpreter_end.hpp>

#include <array>
#include <csignal>

namespace headrace::sandbox {
namespace {

struct Crash {
  int signal;
  std::string_view words;
};

constexpr std::array crashes = {
    Crash{SIGSEGV, "segmentation fault"},
    Crash{SIGABRT, "aborted by its C code"},
    Crash{SIGBUS, "bus error"},
    Crash{SIGILL, "illegal instruction"},
    Crash{SIGFPE, "arithmetic error in its C code"},
    Crash{SIGSYS, "a system call that the sandbox does not allow"},
    Crash{SIGTRAP, "trap in its C code"},
};

// What it exits with by itself.
constexpr int gave_up = 70;

// -1 if it is no small number.
int small_number(std::string_view raw) {
  const auto number = framing::integer_id(raw);
  return number && *number >= 0 && *number <= 255 ? static_cast<int>(*number) : -1;
}

}  // namespace

std::optional<InterpreterEnd> read_end(std::string_view params) {
  framing::ObjectScanner scanner;
  std::array<framing::Member, 3> members{{{"signal"}, {"exitCode"}, {"cause"}}};
  if (scanner.scan_members(params, members) != framing::Fault::none) return std::nullopt;
  InterpreterEnd end;
  if (!members[0].value.empty()) {
    end.signal = small_number(members[0].value);
    if (end.signal <= 0) return std::nullopt;
  } else {
    end.exit_code = small_number(members[1].value);
    if (end.exit_code < 0) return std::nullopt;
  }
  if (members[2].value == "\"memory\"") end.cause = "memory";
  if (members[2].value == "\"closed\"") end.cause = "closed";
  return end;
}

std::string describe_end(const InterpreterEnd& end, std::uint64_t memory_limit) {
  if (end.cause == "memory") {
    return "the interpreter was killed for using more than " + std::to_string(memory_limit >> 20) +
           " MiB of memory";
  }
  if (end.cause == "closed") {
    return "the code closed the interpreter's own descriptors, or put another program in its place";
  }
  if (end.signal == 0 && end.exit_code == gave_up) {
    return "the interpreter gave up: the code has closed its descriptors or broken its event loop";
  }
  if (end.signal == 0) {
    return "the interpreter is gone: the code ended its own process with exit code " +
           std::to_string(end.exit_code);
  }
  for (const Crash& crash : crashes) {
    if (crash.signal == end.signal) return "the interpreter crashed: " + std::string(crash.words);
  }
  if (end.signal == SIGKILL) {
    return "the interpreter was killed (SIGKILL): by its own code, or by a machine that is short "
           "of "
           "memory";
  }
  return "the interpreter was ended by signal " + std::to_string(end.signal);
}

}  // namespace headrace::sandbox
