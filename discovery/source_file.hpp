// Reads one file that servers may be configured in, and tells when it has to be read again.
#pragma once

#include <headrace/discovery/config_entry.hpp>
#include <headrace/discovery/config_file.hpp>
#include <headrace/discovery/environment.hpp>
#include <headrace/discovery/fault.hpp>
#include <headrace/discovery/source_places.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::discovery {

/// A file that may hold servers, whatever the source that named it.
struct SourceFile {
  std::string path;
  Syntax syntax = Syntax::json;
  bool required = false;         ///< that it is not there is a fault
  const Agent* agent = nullptr;  ///< whose it is; null: our own
  std::string folder;            ///< the trusted workspace that it belongs to, if it does
};

/// What all files are read against.
struct SourceContext {
  const EnvironmentLookup& environment;
  const std::string& home;
  std::string_view workspace;  ///< the folder that is worked in, or empty
  bool allow_self = false;
  std::chrono::system_clock::time_point now;
};

/// A file as it was when it was read.
struct FileRecord {
  FileStamp stamp;
  bool settled = false;  ///< equal stamps later mean an unchanged file
  std::vector<ConfigEntry> entries;
  Faults faults;
  /// Files that its entries name, as they were.
  std::vector<std::pair<std::string, FileStamp>> others;
  bool broken = false;  ///< it could not be read or is not of its syntax
  /// Since when `entries` are those from before it was broken.
  std::optional<std::chrono::system_clock::time_point> held_since;
};

/// For how long a file that does not parse any more, perhaps as it is being written, is taken for
/// what it was.
inline constexpr std::chrono::seconds kHalfWrittenLimit{5};

/// Never throws for what the file holds: that is a fault in the record. Where the file is broken
/// and `before` was not, the entries of `before` stay for a while.
FileRecord read_source_file(const SourceFile& file, const SourceContext& context,
                            const FileRecord* before);

/// Looks at the file and those that it names (one `stat` each): whether reading it again would give
/// the same record.
bool is_unchanged(const SourceFile& file, const FileRecord& record);

/// Cuts what is said about one file: one that is wrong throughout needs no more.
void limit_faults(Faults& faults, const std::string& file);

}  // namespace headrace::discovery
