// Who started a container: an id that outlives the process, so that a later one can clean up.
#pragma once

#include <string>
#include <string_view>

namespace headrace::sandbox {

/// An id of this process that no other process ever has, on any machine: the boot, the pid
/// namespace, the pid and its start time. Only characters that labels and names allow.
std::string this_process_owner();

/// True only if the process is surely gone: it ran on this machine, in this pid namespace, and
/// there is none of that pid and start time. An id from elsewhere may be alive: false.
bool owner_is_gone(std::string_view owner) noexcept;

}  // namespace headrace::sandbox
