// The lock-down that podman and docker understand alike; every line is one guarantee.
#include <headrace/sandbox/container.hpp>
#include <headrace/sandbox/sandbox_environment.hpp>

namespace headrace::sandbox {

std::vector<std::string> container_options(const RuntimeFacts& facts, const SandboxSpec& spec,
                                           const std::string& tmpfs_owner) {
  const SandboxLimits& limits = spec.limits;
  // The owner matters: runc gives a tmpfs the mode of the folder that it covers, and docker makes
  // that folder, open to root alone, when the image has none.
  const std::string locked = ":rw,noexec,nosuid,nodev,mode=1777" + tmpfs_owner + ",size=";
  // clang-format off
  std::vector<std::string> options = {
      "--rm", "--interactive", "--name", spec.name,
      "--label", std::string(owner_label) + "=" + spec.owner,
      // The pull is done apart, so that its progress never mixes with the interpreter's stderr.
      "--pull", "never",
      // Output is the protocol: a copy of it in a log would only cost.
      "--log-driver", "none",
      // Killed commands must not leave a container in its ten seconds of grace.
      "--stop-timeout", "0",
      "--network", "none", "--hostname", "sandbox",
      "--read-only",
      "--tmpfs", "/tmp" + locked + std::to_string(limits.tmp_size),
      "--tmpfs", "/workspace" + locked + std::to_string(limits.workspace_size),
      "--workdir", "/workspace",
      "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
      "--user", spec.user,
      "--pids-limit", std::to_string(limits.pids), "--memory", std::to_string(limits.memory),
      // Not what the image would start, nor what it would run to see if that is well.
      "--entrypoint", "python3", "--no-healthcheck",
  };
  // clang-format on
  const auto add = [&options](std::string name, std::string value) {
    options.push_back(std::move(name));
    options.push_back(std::move(value));
  };
  // Memory and swap together: without it a container may swap as much again.
  if (facts.swap_limit) add("--memory-swap", std::to_string(limits.memory));
  if (limits.cpus) add("--cpus", *limits.cpus);
  if (facts.init) options.emplace_back("--init");
  for (const auto& [name, value] : sandbox_environment()) {
    add("--env", std::string(name) + "=" + std::string(value));
  }
  return options;
}

InterpreterLimits limits_left_to_interpreter(const RuntimeFacts& facts,
                                             const SandboxLimits& limits) {
  return {.memory = facts.memory_limit ? 0 : limits.memory,
          .processes = facts.pids_limit ? 0 : limits.pids,
          .file_size = 0};
}

}  // namespace headrace::sandbox
