// What several tests of discovery share: a folder of their own, and shorter ways to ask.
#pragma once

#include <headrace/discovery/environment.hpp>
#include <headrace/discovery/fault.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery::test {

/// A new folder, removed with all that is in it at the end.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "headrace-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

  /// Writes a file; returns its path.
  std::string write(std::string_view name, std::string_view content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    const std::string file = *this / name;
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

 private:
  std::filesystem::path path_;
};

inline EnvironmentLookup variables(std::map<std::string, std::string> values) {
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(std::string(name));
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

inline std::vector<std::string> described(const Faults& faults) {
  std::vector<std::string> lines;
  for (const Fault& fault : faults) {
    lines.push_back(std::string(to_string(fault.severity)) + ' ' + describe(fault));
  }
  return lines;
}

}  // namespace headrace::discovery::test
