// The system call filter as a program that the kernel takes. Linux only.
#pragma once

#include <string>

namespace headrace::sandbox {

/// Classic BPF for this machine's architecture, as `bwrap --seccomp` reads it. Made once (about
/// 5 ms) and kept. Throws std::runtime_error if libseccomp fails.
const std::string& seccomp_program();

}  // namespace headrace::sandbox
