// Which scenes there are.
#pragma once

#include <headrace/bench/setting.hpp>

#include <span>

namespace headrace::bench {

struct Scene {
  const char* name;
  const char* about;
  void (*measure)(const Setting& setting, Report& report);
  /// For `headrace-bench <name> --help`: what each of its figures is, and its floor.
  const char* figures = "";
};

/// In the order in which `all` measures them.
std::span<const Scene> scenes();

}  // namespace headrace::bench
