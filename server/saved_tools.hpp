// Functions that code asked to keep: Python files in a folder, there again in every new session.
#pragma once

#include <headrace/server/saved_versions.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::server {

/// `FOLDER/NAME.py` is what a name stands for now, `FOLDER/.versions/NAME/` has what it was before.
/// Any number of processes may use one folder: who changes it holds a lock for that moment, and is
/// told to come again when another does. Whoever ends in the midst of a change leaves the tool as
/// it was or as it was to be.
class SavedTools {
 public:
  /// `folder` is made when the first tool is saved.
  explicit SavedTools(std::filesystem::path folder)
      : folder_(std::move(folder)), versions_(folder_ / ".versions") {}

  enum class Outcome { done, busy, failed };
  struct Change {
    Outcome outcome = Outcome::failed;
    std::string error;  ///< Words for the user, unless it is done.
    std::string path;   ///< Of the tool's file.
    unsigned version = 0;
  };

  /// Makes `source` what `name` stands for; the same once more is no new version. Fails when the
  /// name is no Python identifier, the source is no text of 1 byte to 256 KiB, the folder is full
  /// (1000 tools, 16 MiB), or the file can't be written.
  Change save(const std::string& name, std::string_view source) const;

  /// Makes `name` stand for nothing; what it was is kept among its versions.
  Change remove(const std::string& name) const;

  struct Tool {
    std::string name;
    std::string source;
    std::filesystem::path file;
  };
  /// Sorted by name; what can't be read, and what is too much, is left out.
  std::vector<Tool> read() const;
  /// `[{"name","source"}…]`, of all that read() has.
  std::string as_json() const;
  /// The same with `version`, and `saved`: when, in ISO 8601.
  std::string as_detailed_json() const;

  /// Differs when a tool was added, replaced or removed in between. Nothing when that can't be
  /// told, since the last change is as young as the clock of files is coarse.
  std::optional<std::int64_t> stamp() const;

 private:
  bool has_room(const std::filesystem::path& target, std::size_t size) const;
  bool replace(const std::filesystem::path& target, std::string_view source) const;

  std::filesystem::path folder_;
  SavedVersions versions_;
};

/// What one interpreter has still to hear of the saved tools.
class SavedToolsNews {
 public:
  explicit SavedToolsNews(std::shared_ptr<const SavedTools> tools) : tools_(std::move(tools)) {}

  /// All tools as a raw array, when it is a `fresh` interpreter or they have changed; else empty.
  std::string tell(bool fresh);

 private:
  std::shared_ptr<const SavedTools> tools_;
  std::optional<std::int64_t> heard_;
};

}  // namespace headrace::server
