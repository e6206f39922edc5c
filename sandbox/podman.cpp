// podman: local, rootless or not, or in a virtual machine behind a socket.
#include <headrace/sandbox/container.hpp>
#include <headrace/sandbox/failure.hpp>
#include <headrace/sandbox/podman.hpp>
#include <headrace/sandbox/seccomp_profile.hpp>

#include <algorithm>

#include <simdjson.h>

namespace headrace::sandbox {
namespace {

Command list(const RuntimeFacts& facts) {
  return {facts.executable, "ps",        "--all", "--filter", "label=" + std::string(owner_label),
          "--format",       "{{.Names}}"};
}

// What there is to know of an engine that is here.
RuntimeFacts local_facts(const std::string& executable, const HostView& host) {
  RuntimeFacts facts;
  facts.executable = executable;
  facts.rootless = !host.root;
  facts.memory_limit = host.root || host.delegated_memory;
  facts.pids_limit = host.root || host.delegated_pids;
  facts.swap_limit = facts.memory_limit && host.swap_accounting;
  facts.init = host.podman_init;
  return facts;
}

// To ask costs a tenth of a start, and only tells whether the engine is elsewhere: a command that
// talks to one refuses options that a local one is given.
std::optional<Guess> guess(const std::string& executable, const HostView& host) {
#ifdef __linux__
  if (!host.podman_host.empty()) return std::nullopt;
  Guess guess{local_facts(executable, host), false};
  guess.facts.description = host.root ? "podman" : "podman, rootless";
  return guess;
#else
  static_cast<void>(executable);
  static_cast<void>(host);
  return std::nullopt;
#endif
}

std::vector<Command> probe(const std::string& executable, const HostView&) {
  // `info` would tell more, and takes 150 ms. Whether the storage can be used, the start shows.
  return {{executable, "version", "--format", "json"}};
}

ProbeVerdict read_probe(const std::string& executable, const HostView& host,
                        std::span<const CommandResult> results) {
  for (const CommandResult& result : results) {
    if (result.exit_code != 0) {
      return {std::nullopt, explain_failure("podman", result.exit_code, result.err)};
    }
  }
  RuntimeFacts facts = local_facts(executable, host);
  std::string_view version = "of an unknown version";
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (!results.empty() && !parser.parse(results.front().out).get(document)) {
    if (document["Client"]["Version"].get(version) != simdjson::SUCCESS) version = "?";
    // The server's half is there only if the engine is at the other end of a socket.
    simdjson::dom::object server;
    facts.remote = document["Server"].get(server) == simdjson::SUCCESS;
  }
  if (facts.remote) {
    // Another machine's engine is taken to be an ordinary one.
    facts.rootless = facts.init = false;
    facts.memory_limit = facts.pids_limit = facts.swap_limit = true;
  }
  facts.description = "podman " + std::string(version) +
                      (facts.remote     ? ", remote"
                       : facts.rootless ? ", rootless"
                                        : "");
  return {facts, {}};
}

Command image_present(const RuntimeFacts& facts, const std::string& image) {
  return {facts.executable, "image", "exists", image};
}

Command pull(const RuntimeFacts& facts, const std::string& image) {
  return {facts.executable, "pull", image};
}

Launch launch(const RuntimeFacts& facts, const HostView&, const LaunchRequest& request) {
  Launch launch;
  std::vector<std::string>& argv = launch.argv;
  argv = {facts.executable, "run"};
  for (std::string& option : container_options(facts, request.spec, ",U")) {
    argv.push_back(std::move(option));
  }
  // podman's own defaults: the user's proxy variables, writable /run and /var/tmp, a search for
  // systemd, and writable volumes wherever the image declares some.
  for (const char* option : {"--http-proxy=false", "--read-only-tmpfs=false", "--systemd=false",
                             "--image-volume=ignore", "--no-hosts"}) {
    argv.emplace_back(option);
  }
  if (!facts.remote) {
    // The command that only talks to a socket does not know it.
    argv.emplace_back("--env-host=false");
    // When memory runs out, conmon makes a file called "oom" in the folder where podman was
    // started: let that be one where nobody can make files.
    launch.working_directory = "/proc";
    // A remote engine would look for the file on its own side.
    argv.emplace_back("--security-opt");
    argv.emplace_back(profile_option);
    launch.files.push_back(
        InheritedFile::holding(profile_descriptor, "headrace-seccomp", seccomp_profile_json()));
  }
  if (request.channel == Channel::descriptor) argv.emplace_back("--preserve-fds=1");
  argv.push_back(request.spec.image);
  argv.insert(argv.end(), request.arguments.begin(), request.arguments.end());
  launch.limits = limits_left_to_interpreter(facts, request.spec.limits);
  return launch;
}

Command remove(const RuntimeFacts& facts, std::span<const std::string> names) {
  Command command = {facts.executable, "rm", "--force", "--ignore", "--volumes"};
  command.insert(command.end(), names.begin(), names.end());
  return command;
}

}  // namespace

const Runtime podman = {
    .name = "podman",
    .executable = "podman",
    .install_hint =
        "sudo apt install podman (Debian, Ubuntu), sudo dnf install podman (Fedora), "
        "brew install podman && podman machine init --now (macOS)",
    .guess = guess,
    .probe = probe,
    .read_probe = read_probe,
    .image_present = image_present,
    .pull = pull,
    .launch = launch,
    .remove = remove,
    .list = list,
};

}  // namespace headrace::sandbox
