// docker, with its daemon here or elsewhere.
#pragma once

#include <headrace/sandbox/runtime.hpp>

namespace headrace::sandbox {

extern const Runtime docker;

}  // namespace headrace::sandbox
