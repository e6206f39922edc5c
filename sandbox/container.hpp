// What podman and docker have in common: the options that lock a container down.
#pragma once

#include <headrace/sandbox/runtime.hpp>

namespace headrace::sandbox {

/// The label that every container of ours carries; its value is the owner.
inline constexpr std::string_view owner_label = "headrace.owner";

/// Options of `run`, without the executable and what only one engine knows. `tmpfs_owner` is the
/// option, with its comma, by which the engine gives a tmpfs to the sandbox's user.
std::vector<std::string> container_options(const RuntimeFacts& facts, const SandboxSpec& spec,
                                           const std::string& tmpfs_owner);

/// The interpreter must limit itself where the engine does not.
InterpreterLimits limits_left_to_interpreter(const RuntimeFacts& facts,
                                             const SandboxLimits& limits);

/// The descriptor under which an engine's command finds the system call filter to give to
/// `--security-opt`, and that option's value.
inline constexpr int profile_descriptor = 10;
inline constexpr std::string_view profile_option = "seccomp=/proc/self/fd/10";

}  // namespace headrace::sandbox
