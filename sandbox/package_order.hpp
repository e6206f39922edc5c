// What the installer (python/package_installer.py) is told on its stdin, and what it says of a
// Python.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace headrace::sandbox {

struct PackageOrder {
  std::string requirements;  ///< The text of a requirements file.
  /// It runs in a container, and so has to be told of the host's settings for pip.
  bool in_container = false;
  std::string target;        ///< A folder to install to; empty: where the Python's own are.
  std::string python_facts;  ///< JSON, from facts_line(); empty: for the Python that installs.
  std::string archive;       ///< A tar file to make of the target; empty: none.
};

/// One line of JSON, its newline included.
std::string order_line(const PackageOrder& order);

/// The JSON in what the installer printed; an image may print a greeting before it. Empty if there
/// is none.
std::string facts_line(std::string_view output);

/// Empty when it is not there, no plain file or longer than anybody means.
std::string read_small_file(const std::filesystem::path& path);

}  // namespace headrace::sandbox
