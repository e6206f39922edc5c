// What makes a bare Python an interpreter of ours: the loader and the boot frame.
#pragma once

#include <headrace/sandbox/runtime.hpp>

#include <string>
#include <string_view>

namespace headrace::sandbox {

/// The program for `python3 -c`.
std::string_view loader() noexcept;

/// The program for `python3 -c` that installs packages; runs outside of sandboxes.
std::string_view package_installer() noexcept;

struct BootOptions {
  InterpreterLimits limits;
  Channel channel = Channel::stdio;
  std::string server_name;
  std::string server_version;
  std::string packages;  ///< A folder in the sandbox to import from, before all installed ones.
};

/// The line that the loader reads first (docs/session-protocol.md), its newline included.
std::string boot_frame(const BootOptions& options);

}  // namespace headrace::sandbox
