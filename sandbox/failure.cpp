// The table of known failures: what a runtime writes, and what that means for the user.
#include <headrace/sandbox/failure.hpp>

#include <array>
#include <cctype>

namespace headrace::sandbox {
namespace {

struct KnownFailure {
  std::string_view runtime;  ///< Empty: any.
  std::string_view sign;     ///< In lower case.
  std::string_view meaning;
};

// The first match wins: the specific ones stand before the general.
constexpr std::array known_failures = {
    KnownFailure{"docker", "permission denied while trying to connect",
                 "this user may not talk to the docker daemon: add it to the group docker "
                 "(sudo usermod -aG docker $USER, then log in again) or use rootless docker"},
    KnownFailure{"docker", "cannot connect to the docker daemon",
                 "the docker daemon is not running: sudo systemctl start docker, or start Docker "
                 "Desktop; if it is elsewhere, check DOCKER_HOST and docker context ls"},
    KnownFailure{"docker", "error during connect",
                 "the docker daemon can't be reached: check DOCKER_HOST and docker context ls"},
    KnownFailure{"docker", "failed to connect to the docker api",
                 "the docker daemon is not running: sudo systemctl start docker, or start Docker "
                 "Desktop; if it is elsewhere, check DOCKER_HOST and docker context ls"},
    KnownFailure{"docker", "exec: \"docker-init\"",
                 "docker's init is missing on the daemon's machine: install docker-init or tini"},
    KnownFailure{"podman", "unable to connect to podman",
                 "podman's machine or service does not answer: podman machine start, or check "
                 "CONTAINER_HOST and podman system connection list"},
    KnownFailure{"podman", "cannot connect to podman",
                 "podman's machine or service does not answer: podman machine start, or check "
                 "CONTAINER_HOST and podman system connection list"},
    KnownFailure{"podman", "no subuid ranges found",
                 "rootless podman needs ids for this user: sudo usermod --add-subuids "
                 "100000-165535 --add-subgids 100000-165535 $USER, then podman system migrate"},
    KnownFailure{"podman", "no subgid ranges found",
                 "rootless podman needs ids for this user: sudo usermod --add-subuids "
                 "100000-165535 --add-subgids 100000-165535 $USER, then podman system migrate"},
    KnownFailure{"podman", "potentially insufficient uids or gids available",
                 "the image needs more ids than this user has: enlarge its ranges in /etc/subuid "
                 "and /etc/subgid, then podman system migrate"},
    KnownFailure{"podman", "newuidmap",
                 "rootless podman needs newuidmap: install uidmap (Debian, Ubuntu) or shadow-utils "
                 "(Fedora)"},
    KnownFailure{"podman", "cannot clone: operation not permitted",
                 "this machine does not let ordinary users make user namespaces: "
                 "sudo sysctl kernel.unprivileged_userns_clone=1"},
    KnownFailure{"podman", "xdg_runtime_dir",
                 "rootless podman needs a login session: set XDG_RUNTIME_DIR, or sudo loginctl "
                 "enable-linger $USER"},
    KnownFailure{"podman", "could not find catatonit",
                 "podman's init is missing: install catatonit"},
    KnownFailure{"bwrap", "no permissions to create new namespace",
                 "this machine does not let ordinary users make user namespaces: sudo sysctl "
                 "kernel.unprivileged_userns_clone=1, or on Ubuntu an AppArmor profile for bwrap"},
    KnownFailure{"bwrap", "setting up uid map",
                 "this machine does not let bubblewrap make user namespaces: on Ubuntu 24.04 and "
                 "newer it needs an AppArmor profile (sudo apt install apparmor-profiles)"},
    KnownFailure{"bwrap", "creating new namespace failed",
                 "user namespaces are off on this machine, or none is left: look at sysctl "
                 "user.max_user_namespaces"},
    KnownFailure{
        "bwrap", "operation not permitted",
        "this machine does not let bubblewrap make namespaces: inside a container it needs "
        "--security-opt seccomp=unconfined and apparmor=unconfined, on Ubuntu an AppArmor "
        "profile"},
    KnownFailure{"bwrap", "can't find source path",
                 "a folder that the sandbox needs can't be reached by the user it runs as"},
    KnownFailure{"bwrap", "execvp",
                 "the sandbox's root file system has no such program: it needs python3"},
    KnownFailure{"", "image not known",
                 "the image is not on this machine: pull it, or name another in MCP_BRIDGE_IMAGE"},
    KnownFailure{"", "no such image",
                 "the image is not on this machine: pull it, or name another in MCP_BRIDGE_IMAGE"},
    KnownFailure{"", "unable to find image",
                 "the image is not on this machine: pull it, or name another in MCP_BRIDGE_IMAGE"},
    KnownFailure{"", "manifest unknown", "the registry has no such image: check MCP_BRIDGE_IMAGE"},
    KnownFailure{"", "pull access denied",
                 "the registry has no such image, or wants a login: check MCP_BRIDGE_IMAGE"},
    KnownFailure{"", "unauthorized",
                 "the registry wants a login: use the engine's command login, or check "
                 "MCP_BRIDGE_IMAGE"},
    KnownFailure{"", "unexpected http status: 5",
                 "the registry has a fault of its own: try again later"},
    KnownFailure{"", "short-name",
                 "podman does not know which registry the image is from: write the whole name in "
                 "MCP_BRIDGE_IMAGE, e.g. docker.io/library/python:3.14-slim"},
    KnownFailure{"", "toomanyrequests",
                 "the registry refuses for now, too many pulls: log in to it, or try again later"},
    KnownFailure{"", "no such host",
                 "the registry can't be reached: check the network, or load the image by hand"},
    KnownFailure{"", "i/o timeout",
                 "the registry can't be reached: check the network, or load the image by hand"},
    KnownFailure{"", "connection refused",
                 "the registry or the engine can't be reached: check the network"},
    KnownFailure{"", "network is unreachable",
                 "the registry can't be reached: check the network, or load the image by hand"},
    KnownFailure{"", "no space left on device",
                 "the disk is full: free some space, e.g. with the engine's system prune"},
    KnownFailure{"", "executable file \"python3\" not found",
                 "the image has no python3: name another in MCP_BRIDGE_IMAGE"},
    KnownFailure{"", "executable file `python3` not found",
                 "the image has no python3: name another in MCP_BRIDGE_IMAGE"},
    KnownFailure{"", "exec: \"python3\"",
                 "the image has no python3: name another in MCP_BRIDGE_IMAGE"},
    // The engines' inits, which start before it.
    KnownFailure{"", "exec python3 failed",
                 "the image has no python3: name another in MCP_BRIDGE_IMAGE"},
    KnownFailure{"", "failed to exec pid1: no such file",
                 "the image has no python3: name another in MCP_BRIDGE_IMAGE"},
    // podman does not always pass on the rest of that line.
    KnownFailure{"podman", "error (catatonit:",
                 "the image has no python3, or it can't be run: name another in MCP_BRIDGE_IMAGE"},
    KnownFailure{"", "unable to find user",
                 "the image has no such user: give numbers in MCP_BRIDGE_CONTAINER_USER"},
    KnownFailure{"", "exec format error",
                 "the image is made for another kind of processor: name one for this machine in "
                 "MCP_BRIDGE_IMAGE"},
    KnownFailure{"", "is already in use", "there is a container of this name already"},
};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string_view last_line(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  const std::size_t newline = text.find_last_of('\n');
  if (newline == std::string_view::npos) return text;
  const std::string_view line = text.substr(newline + 1);
  // podman's and docker's advice below an error.
  return line.starts_with("See '") ? last_line(text.substr(0, newline)) : line;
}

}  // namespace

std::string explain_failure(std::string_view runtime, int exit_code, std::string_view stderr_text) {
  constexpr std::size_t longest_line = 400;
  const std::string lower = lower_case(stderr_text);
  const std::string_view line = last_line(stderr_text).substr(0, longest_line);
  for (const KnownFailure& failure : known_failures) {
    if (!failure.runtime.empty() && failure.runtime != runtime) continue;
    if (lower.find(failure.sign) == std::string::npos) continue;
    return std::string(runtime) + ": " + std::string(failure.meaning) + " (" + std::string(line) +
           ")";
  }
  if (line.empty()) {
    std::string text = std::string(runtime) + " ended with exit code " + std::to_string(exit_code) +
                       " and said nothing";
    // podman speaks of its own failures, but loses what a container says that ends at once.
    if (runtime == "podman" && exit_code == 1)
      text +=
          ": most likely the image has no python3, or it can't be run: name another in "
          "MCP_BRIDGE_IMAGE";
    return text;
  }
  return std::string(runtime) + ": " + std::string(line);
}

}  // namespace headrace::sandbox
