// The system call filter as a program that the kernel takes. Linux only.
#pragma once

#include <string>

namespace headrace::sandbox {

/// Classic BPF for this machine's architecture, as `bwrap --seccomp` reads it. Compiled by the
/// build; in a program that was built for another machine than the build's at the first call, which
/// throws std::runtime_error if libseccomp fails.
const std::string& seccomp_program();

}  // namespace headrace::sandbox
