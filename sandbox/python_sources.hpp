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

}  // namespace headrace::sandbox
