// Lists the files that servers may be configured in, in order of precedence.
#include <headrace/discovery/ascii.hpp>
#include <headrace/discovery/expand.hpp>
#include <headrace/discovery/source_list.hpp>
#include <headrace/discovery/workspace_trust.hpp>

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <filesystem>
#include <system_error>
#include <unordered_set>

namespace headrace::discovery {
namespace {

bool is_there(const std::string& path) {
  return stamp_of(path).error == 0;
}

bool is_selected(const SourceSelection& selection, std::string_view id) {
  return std::find(selection.begin(), selection.end(), id) != selection.end();
}

}  // namespace

// The list while it is made.
struct SourceList::Listing {
  std::vector<SourceFile> files;
  std::unordered_set<std::string> paths;

  void add(SourceFile file) {
    if (paths.insert(file.path).second) files.push_back(std::move(file));
  }
};

SourceList::SourceList(const SourceOptions& options, std::string home) : clock_(options.clock) {
  for (const std::filesystem::path& folder : {options.first_dir, options.state_dir}) {
    if (!folder.empty()) own_folders_.push_back(expand_home(folder.native(), home));
  }
  if (options.extra_config) {
    SourceFile extra;
    extra.path = expand_home(options.extra_config->native(), home);
    extra.required = true;
    if (equal_any_case(std::filesystem::path(extra.path).extension().native(), ".toml"))
      extra.syntax = Syntax::toml;
    extra_.push_back(std::move(extra));
  }
  user_places_ = user_places(options.others, home, options.environment, options.platform);
  if (!options.workspace.empty()) {
    workspace_ = resolved_folder(expand_home(options.workspace.native(), home));
  }
  if (!workspace_.empty() && is_selected(options.others, kWorkspaceSources)) {
    workspace_places_ = workspace_places(workspace_);
    trust_file_ = trust_file(home, options.environment);
  }
}

std::vector<SourceFile> SourceList::files(Faults& faults) {
  Listing listing;
  const auto add_place = [&](const SourcePlace& place, const std::string& folder) {
    SourceFile file{place.path, place.syntax, false, place.agent, folder};
    if (!place.folder) return listing.add(std::move(file));
    for (const std::string& path : json_files_in(place.path, faults)) {
      file.path = path;
      listing.add(file);
    }
  };
  for (const std::string& folder : own_folders_) {
    for (const std::string& path : json_files_in(folder, faults))
      listing.add({path, Syntax::json, false, nullptr, {}});
  }
  for (const SourceFile& file : extra_)
    listing.add(file);
  for (const SourcePlace& place : user_places_)
    add_place(place, {});
  if (workspace_places_.empty()) return std::move(listing.files);

  refresh_trust(faults);
  for (const std::string& folder : trusted_) {
    for (const SourcePlace& place : workspace_places(folder))
      add_place(place, folder);
  }
  if (is_selected(trusted_, workspace_)) return std::move(listing.files);
  for (const SourcePlace& place : workspace_places_) {
    if (listing.paths.contains(place.path) || !is_there(place.path)) continue;
    faults.push_back({Severity::info,
                      place.path,
                      0,
                      {},
                      "not read, since " + ticked(workspace_) +
                          " is not trusted: `headrace servers --trust-workspace` there changes "
                          "that"});
  }
  return std::move(listing.files);
}

void SourceList::refresh_trust(Faults& faults) {
  const FileStamp stamp = stamp_of(trust_file_);
  if (!trust_settled_ || stamp != trust_stamp_) {
    trust_stamp_ = stamp;
    const auto now =
        std::chrono::duration_cast<std::chrono::nanoseconds>(clock_().time_since_epoch());
    trust_settled_ = !is_recent(stamp, now.count());
    trust_faults_.clear();
    std::string error;
    std::vector<std::string> folders;
    if (!read_trusted_workspaces(trust_file_, folders, error)) {
      trust_settled_ = false;
      trust_faults_.push_back(
          {Severity::error, trust_file_, 0, {}, "the file cannot be read: " + error});
    }
    std::erase_if(folders,
                  [this](const std::string& folder) { return !is_within(folder, workspace_); });
    std::sort(folders.begin(), folders.end(), [](const std::string& a, const std::string& b) {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    });
    folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
    trusted_ = std::move(folders);
  }
  faults.insert(faults.end(), trust_faults_.begin(), trust_faults_.end());
}

// The folder's `*.json`, sorted by name. A folder that is not there has none.
const std::vector<std::string>& SourceList::json_files_in(const std::string& folder,
                                                          Faults& faults) {
  std::vector<std::string>& files = folder_files_[folder];
  DIR* stream = ::opendir(folder.c_str());
  if (stream == nullptr) {
    const int error = errno;
    // What was there is still there, as far as anybody knows.
    if (!is_shortage(error)) files.clear();
    if (error != ENOENT) {
      faults.push_back({Severity::error,
                        folder,
                        0,
                        {},
                        "the folder cannot be read: " + std::generic_category().message(error)});
    }
    return files;
  }
  files.clear();
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    // Hidden files are what editors and file systems leave, as a shell's *.json has it too.
    if (name.starts_with('.') || !name.ends_with(".json")) continue;
    std::string path = folder;
    if (!path.ends_with('/')) path += '/';
    path += name;
    files.push_back(std::move(path));
  }
  ::closedir(stream);
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> SourceList::watched_paths() const {
  std::vector<std::string> paths = own_folders_;
  for (const SourcePlace& place : user_places_) {
    if (place.folder) paths.push_back(place.path);
  }
  if (!trust_file_.empty()) paths.push_back(trust_file_);
  for (const SourcePlace& place : workspace_places_) {
    if (place.folder) paths.push_back(place.path);
  }
  return paths;
}

}  // namespace headrace::discovery
