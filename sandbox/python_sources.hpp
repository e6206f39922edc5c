// The interpreter's side of the project, as it is compiled in.
#pragma once

#include <span>
#include <string_view>

namespace headrace::sandbox {

struct PythonSource {
  std::string_view module;  ///< Dotted name; a package goes by its own.
  std::string_view text;
};

/// Every file of `python/`, sorted by path.
std::span<const PythonSource> python_sources() noexcept;

/// All modules as one kind of Python compiles them; see cmake/pack_bytecode.py.
struct PythonBytecode {
  std::string_view key;    ///< As the loader says it: `cpython-313-3571`.
  std::string_view start;  ///< What a first run needs; packed, as base64.
  std::string_view later;  ///< The rest.
};

/// For the Pythons that were at hand when this was built; may be empty.
std::span<const PythonBytecode> python_bytecode() noexcept;

}  // namespace headrace::sandbox
