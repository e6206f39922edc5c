// Functions that code asked to keep: Python files in a folder, there again in every new session.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace headrace::server {

class SavedTools {
 public:
  /// `folder` is made when the first tool is saved.
  explicit SavedTools(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Writes `name`.py, whole or not at all, in place of one of that name. Returns its path; empty,
  /// with words in `error`, when the name is no Python identifier, the source is too long, the
  /// folder is full (1000 tools, 16 MiB), or the file can't be written.
  std::string save(const std::string& name, std::string_view source, std::string& error) const;

  /// `[{"name","source"}…]`, sorted by name; what can't be read, and what is too much, is left out.
  std::string as_json() const;

 private:
  bool has_room(const std::filesystem::path& target, std::size_t size) const;

  std::filesystem::path folder_;
};

}  // namespace headrace::server
