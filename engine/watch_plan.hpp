// Decides which places have to be watched so that any change of some paths is noticed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace headrace::engine {

/// What is at a path, its last part not followed if that is a link.
struct PathLook {
  enum class Kind { missing, file, folder, link, other };

  Kind kind = Kind::missing;
  std::string target;  ///< of a link
};

using LookAt = std::function<PathLook(const std::string& path)>;

/// A file, or a folder of which some names matter. With neither it is a folder on the way, of which
/// only matters that it stays where it is.
struct WatchedPlace {
  bool is_file = false;
  bool all = false;  ///< whatever appears in the folder or goes matters
  std::set<std::string, std::less<>> names;

  bool operator==(const WatchedPlace&) const = default;
};

/// By paths in which no part is a link.
using WatchPlan = std::map<std::string, WatchedPlace>;

/// `paths` are absolute, of files and folders, whether they are there or not: of what is not, the
/// nearest folder above it is in the plan; of what is a link, what it leads to as well. Names of a
/// folder that is among `paths` all matter, the content of files in it does not.
WatchPlan plan_watches(std::span<const std::string> paths, const LookAt& look);

/// What the system may tell of a watched place.
enum class PlaceNews {
  written,  ///< the content of the file, or its attributes or the folder's
  entry,    ///< a name in the folder came, went, or means something else now
  gone,     ///< it is no longer there, or no longer watched
};

struct NewsMeaning {
  bool changed = false;  ///< of what is watched
  bool replan = false;   ///< something else has to be watched now
};

NewsMeaning meaning_of(const WatchedPlace& place, PlaceNews news, std::string_view name);

}  // namespace headrace::engine
