// bubblewrap: namespaces around the host's own Python or a folder's. Linux only.
#pragma once

#include <headrace/sandbox/runtime.hpp>

namespace headrace::sandbox {

extern const Runtime bubblewrap;

}  // namespace headrace::sandbox
