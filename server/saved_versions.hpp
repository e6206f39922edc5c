// Earlier versions of saved tools: `NAME/0001.py` and so on in a folder of their own.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace headrace::server {

/// Reads a plain file of at most `limit` bytes; empty when it is none, is longer or can't be read.
std::string read_plain_file(const std::filesystem::path& file, std::size_t limit);

/// Whoever changes anything here holds the folder's lock: see SavedTools.
class SavedVersions {
 public:
  explicit SavedVersions(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The number of what `current` holds, which may be missing: then of the last that was kept, 0 if
  /// there was none.
  unsigned current(const std::string& name, const std::filesystem::path& current) const;

  /// Keeps what `current` holds under its number, as a second name of the same file. False, with
  /// errno set, when it can't.
  bool keep(const std::string& name, const std::filesystem::path& current) const;

  /// Removes the oldest over the limits: 20 versions of each, 5,000 files and 64 MiB of all.
  void prune(const std::string& name) const;

 private:
  std::filesystem::path file(const std::string& name, unsigned number) const;
  unsigned newest(const std::string& name) const;
  void prune_all() const;

  std::filesystem::path folder_;
};

}  // namespace headrace::server
