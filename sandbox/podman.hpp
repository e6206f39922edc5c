// podman, rootless or not, local or behind a socket.
#pragma once

#include <headrace/sandbox/runtime.hpp>

namespace headrace::sandbox {

extern const Runtime podman;

}  // namespace headrace::sandbox
