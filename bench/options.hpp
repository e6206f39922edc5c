// What the command line asks for.
#pragma once

#include <headrace/bench/setting.hpp>

#include <string>
#include <vector>

namespace headrace::bench {

/// What the process ends with when its command line is wrong.
inline constexpr int exit_usage = 2;

struct Wanted {
  enum class What { measure, page, install, nothing };
  What what = What::nothing;
  /// Of the process, where there is nothing to do: help was printed, or the command line is wrong.
  int status = 0;

  Setting setting;
  std::vector<std::string> scenes;
  std::string json;  // a file, or "-"
  std::string plot;
  std::string command;  // as typed

  std::vector<std::string> reports;  // of `page`
  std::string page;

  std::vector<std::string> rivals;  // to install; none: all
  std::string definitions;          // bench/rivals
  std::string installed;
};

/// Prints help and complaints itself. Throws std::runtime_error for a setting that can't be.
Wanted read_options(int argc, char** argv);

}  // namespace headrace::bench
