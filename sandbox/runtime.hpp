// What every runtime (podman, docker, bubblewrap) answers: the commands to run, and how to read
// them.
//
// No I/O happens here: these are plain functions from facts to argument vectors and back. The
// exceptions are the small local look-ups that `launch` of bubblewrap needs (where Python is).
#pragma once

#include <headrace/engine/step_down.hpp>
#include <headrace/sandbox/host_view.hpp>
#include <headrace/sandbox/inherited_file.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::sandbox {

/// What one sandbox may use. Sizes are in bytes.
struct SandboxLimits {
  std::uint64_t memory = 512ULL << 20;
  std::uint64_t pids = 128;         ///< Processes and threads together.
  std::optional<std::string> cpus;  ///< As `--cpus` takes it, e.g. "1.5".
  std::uint64_t tmp_size = 64ULL << 20;
  std::uint64_t workspace_size = 128ULL << 20;
};

/// One sandbox to be started.
struct SandboxSpec {
  /// An image; for bubblewrap a root file system or a Python executable if it is an absolute path.
  std::string image;
  SandboxLimits limits;
  std::string user = "65534:65534";  ///< `uid`, `uid:gid`; containers also take names.
  std::string name;                  ///< Unique, from `sandbox_name`.
  std::string owner;                 ///< From `this_process_owner`.
  /// bubblewrap: a folder of the host to appear as `package_directory`; empty: none.
  std::string packages;
};

/// Where `SandboxSpec::packages` appears in the sandbox.
inline constexpr std::string_view package_directory = "/run/headrace/packages";

/// How the session protocol reaches the interpreter.
enum class Channel {
  stdio,        ///< Descriptors 0 and 1; works everywhere.
  descriptor,   ///< An end of a socket pair, as `channel_descriptor`; local podman only.
  socket_file,  ///< A listening unix socket in a private directory; local docker only.
};

/// The number a passed-on socket has in the runtime's process and in the interpreter.
inline constexpr int channel_descriptor = 3;
/// Where `LaunchRequest::socket_directory` appears in the sandbox.
inline constexpr std::string_view channel_directory = "/run/headrace";
/// The socket in it.
inline constexpr std::string_view channel_file = "channel";

struct LaunchRequest {
  SandboxSpec spec;
  /// What follows the Python executable: see `interpreter_arguments`.
  std::vector<std::string> arguments;
  Channel channel = Channel::stdio;
  /// Host directory for `Channel::socket_file`. Its files must be open to `spec.user`.
  std::string socket_directory;
};

/// The limits that the interpreter must set on itself, since nothing else enforces them; 0: none.
/// They are the `options` of the boot frame.
struct InterpreterLimits {
  std::uint64_t memory = 0;
  std::uint64_t processes = 0;
  std::uint64_t file_size = 0;
  bool operator==(const InterpreterLimits&) const = default;
};

/// All that is needed to start a sandbox.
struct Launch {
  std::vector<std::string> argv;  ///< argv[0] is a path.
  /// The whole environment of the command. Unset: it inherits ours. bubblewrap gets an empty one
  /// because sandboxed code can read the environment of bubblewrap's process 1.
  std::optional<std::vector<std::string>> environment;
  std::string working_directory;        ///< To start the command in; empty: ours.
  std::vector<InheritedFile> files;     ///< To be open in the child under their numbers.
  std::optional<engine::UserIds> user;  ///< Whom to start the command as; unset: as we are.
  InterpreterLimits limits;
  /// The sandbox's processes are descendants of the started one, and nobody but us adds up their
  /// memory: watch them with `measure_usage`.
  bool watch_usage = false;
  /// The kernel ends all of it when we are gone, also by SIGKILL.
  bool ends_with_us = false;
};

/// One command to run to its end: stdin empty, output captured.
using Command = std::vector<std::string>;

struct CommandResult {
  int exit_code = -1;  ///< 128 + the signal's number if it was killed.
  std::string out;
  std::string err;
};

/// What a probe found out about a runtime here; input of everything that follows.
struct RuntimeFacts {
  std::string executable;   ///< Absolute path.
  std::string description;  ///< For people: "podman 4.3.1, cgroup v1".
  bool remote = false;      ///< The engine is on another machine, or in a virtual one.
  bool rootless = false;
  bool init = false;            ///< `--init` works.
  bool memory_limit = false;    ///< The engine enforces memory…
  bool swap_limit = false;      ///< …and swap…
  bool pids_limit = false;      ///< …and numbers of processes.
  bool disable_userns = false;  ///< bubblewrap: `--disable-userns` exists.
  bool operator==(const RuntimeFacts&) const = default;
};

/// Whether they differ in nothing but words.
bool same_abilities(RuntimeFacts one, const RuntimeFacts& other);

/// What a runtime most likely is like here, from the host alone.
struct Guess {
  RuntimeFacts facts;
  /// A sandbox may come up although the facts are wrong: hold them against a probe's before
  /// anything runs in it. Otherwise none comes up.
  bool to_confirm = false;
};

/// Facts, or one sentence that says why this runtime can't be used here.
struct ProbeVerdict {
  std::optional<RuntimeFacts> facts;
  std::string reason;
};

/// A container found by `list`.
struct Leftover {
  std::string name;
  std::string owner;
};

/// One kind of runtime: a name and the functions that know it. Empty commands mean "not needed".
struct Runtime {
  std::string_view name;          ///< As in MCP_BRIDGE_RUNTIME.
  std::string_view executable;    ///< To be looked for on PATH.
  std::string_view install_hint;  ///< The one command, or the two, that install it.

  /// Nothing where only a probe can tell.
  std::optional<Guess> (*guess)(const std::string& executable, const HostView&);
  /// To be run one after the other; all of them, whatever they answer.
  std::vector<Command> (*probe)(const std::string& executable, const HostView&);
  ProbeVerdict (*read_probe)(const std::string& executable, const HostView&,
                             std::span<const CommandResult>);

  /// Exit code 0 says that the image is here.
  Command (*image_present)(const RuntimeFacts&, const std::string& image);
  /// Writes its progress to stdout and stderr; needs minutes.
  Command (*pull)(const RuntimeFacts&, const std::string& image);

  /// Throws std::runtime_error, in words for the user, if the spec can't be satisfied.
  Launch (*launch)(const RuntimeFacts&, const HostView&, const LaunchRequest&);

  /// Ends a sandbox at once and removes it; exit code 0 also if there is none.
  Command (*remove)(const RuntimeFacts&, std::span<const std::string> names);
  /// Every container that some Headrace made; see `owner_is_gone`.
  Command (*list)(const RuntimeFacts&);
};

/// All that this build knows, in the order in which `auto` tries them.
std::span<const Runtime* const> all_runtimes() noexcept;

/// nullptr if there is none of that name. `bubblewrap` is taken for `bwrap`.
const Runtime* find_runtime(std::string_view name) noexcept;

/// Which channel is the fastest that this runtime can have here.
Channel best_channel(const Runtime& runtime, const RuntimeFacts& facts) noexcept;

/// What follows the Python executable: isolated, no bytecode, unbuffered, UTF-8, the loader and
/// what it is told of the channel.
std::vector<std::string> interpreter_arguments(std::string_view loader, std::string channel);

/// Reads what `Runtime::list` printed; lines of another shape are skipped.
std::vector<Leftover> parse_leftovers(std::string_view output);

/// A container name that no other sandbox has: `headrace-` and the owner and a number.
std::string sandbox_name(std::string_view owner, std::uint64_t number);

}  // namespace headrace::sandbox
