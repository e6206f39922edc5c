// The environment variables that sandboxed code sees, the same in every runtime.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace headrace::sandbox {

/// Names and values. The interpreter itself runs with -I and ignores the PYTHON ones; they are for
/// the Pythons that sandboxed code starts.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 5>
sandbox_environment() {
  return {{{"HOME", "/workspace"},
           {"LANG", "C.UTF-8"},
           {"PYTHONDONTWRITEBYTECODE", "1"},
           {"PYTHONUNBUFFERED", "1"},
           {"PYTHONUTF8", "1"}}};
}

}  // namespace headrace::sandbox
