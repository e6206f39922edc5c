// The system call filter as the JSON profile that podman and docker take.
#pragma once

#include <string>

namespace headrace::sandbox {

/// Made once and kept. The engines' own profiles let code make user namespaces, trace and use vsock
/// sockets, and take longer to compile.
const std::string& seccomp_profile_json();

}  // namespace headrace::sandbox
