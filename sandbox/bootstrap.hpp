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
  std::string server_name;
  std::string server_version;
  std::string packages;  ///< A folder in the sandbox to import from, before all installed ones.
};

/// What the loader is told of the channel: `stdio`, the number of a descriptor, or a path.
std::string channel_argument(Channel channel);

/// The line that answers the loader's hello (docs/session-protocol.md), its newline included.
/// `bytecode` is what the loader said it can run, and may be anything: sources go to one that
/// nothing was compiled for.
std::string boot_frame(const BootOptions& options, std::string_view bytecode);

}  // namespace headrace::sandbox
