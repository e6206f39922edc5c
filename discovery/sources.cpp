// Which servers are configured: reads every source, in order of precedence, and notices changes.
#include <headrace/discovery/alias.hpp>
#include <headrace/discovery/config_entry.hpp>
#include <headrace/discovery/config_file.hpp>
#include <headrace/discovery/expand.hpp>
#include <headrace/discovery/sources.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <dirent.h>
#include <map>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace headrace::discovery {
namespace {

// A file that is wrong throughout needs no more to be said about it.
constexpr std::size_t kMaxFaultsPerFile = 100;

enum class Syntax { json, toml };

// A file that may hold servers, whatever the source that named it.
struct SourceFile {
  std::string path;
  Syntax syntax = Syntax::json;
  bool required = false;
};

// A file as it was when it was read.
struct FileRecord {
  FileStamp stamp;
  bool settled = false;  // an equal stamp later means an unchanged file
  std::vector<ConfigEntry> entries;
  Faults faults;
};

std::string lower_extension(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return extension;
}

// The folder's `*.json`, sorted by name. A folder that is not there has none.
std::vector<SourceFile> list_folder(const std::string& folder, Faults& faults) {
  std::vector<SourceFile> files;
  DIR* stream = ::opendir(folder.c_str());
  if (stream == nullptr) {
    if (errno != ENOENT) {
      faults.push_back({Severity::error,
                        folder,
                        0,
                        {},
                        "the folder cannot be read: " + std::generic_category().message(errno)});
    }
    return files;
  }
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    // Hidden files are what editors and file systems leave, as a shell's *.json has it too.
    if (name.starts_with('.') || !name.ends_with(".json")) continue;
    std::string path = folder;
    if (!path.ends_with('/')) path += '/';
    path += name;
    files.push_back({std::move(path)});
  }
  ::closedir(stream);
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::int64_t nanoseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

void limit_faults(Faults& faults, const std::string& file) {
  if (faults.size() <= kMaxFaultsPerFile) return;
  const std::size_t more = faults.size() - kMaxFaultsPerFile;
  faults.resize(kMaxFaultsPerFile);
  faults.push_back({Severity::error, file, 0, {}, std::to_string(more) + " more like these"});
}

void assign_aliases(std::vector<ServerSpec>& servers) {
  std::vector<std::string_view> names;
  names.reserve(servers.size());
  for (const ServerSpec& server : servers)
    names.push_back(server.name);
  std::vector<std::string> aliases = unique_aliases(names, server_alias);
  for (std::size_t i = 0; i < servers.size(); ++i)
    servers[i].alias = std::move(aliases[i]);
}

}  // namespace

struct Sources::State {
  SourceOptions options;
  std::string home;
  std::map<std::string, FileRecord> records;  // by path
  Faults listing_faults;
  Discovery current;
  bool loaded = false;

  std::vector<SourceFile> list(Faults& faults) const {
    std::vector<SourceFile> files;
    for (const std::filesystem::path& folder : {options.first_dir, options.state_dir}) {
      if (folder.empty()) continue;
      for (SourceFile& file : list_folder(expand_home(folder.native(), home), faults)) {
        // One folder may be given as both.
        const bool listed =
            std::any_of(files.begin(), files.end(),
                        [&file](const SourceFile& other) { return other.path == file.path; });
        if (!listed) files.push_back(std::move(file));
      }
    }
    if (options.extra_config) {
      SourceFile extra{expand_home(options.extra_config->native(), home), Syntax::json, true};
      if (lower_extension(extra.path) == ".toml") extra.syntax = Syntax::toml;
      const bool listed = std::any_of(files.begin(), files.end(), [&extra](const SourceFile& file) {
        return file.path == extra.path;
      });
      if (!listed) files.push_back(std::move(extra));
    }
    return files;
  }

  FileRecord read(const SourceFile& file) const {
    FileRecord record;
    record.stamp = stamp_of(file.path);
    record.settled = !is_recent(record.stamp, nanoseconds(options.clock()));
    std::string text;
    std::string error;
    if (!read_config_file(file.path, text, error)) {
      // Between the listing and now it may have been removed: then there is nothing to say.
      if (file.required || record.stamp.error == 0 || is_dangling(file.path)) {
        record.faults.push_back(
            {Severity::error, file.path, 0, {}, "the file cannot be read: " + error});
      }
      return record;
    }
    const auto parse = file.syntax == Syntax::toml ? read_toml_config : read_json_config;
    const ConfigDocument document = parse(text, file.path, record.faults);
    const EntryContext context{file.path, document.description, options.environment, home,
                               options.allow_self};
    for (const ConfigMember& member : document.entries) {
      if (auto entry = read_entry(member, context, record.faults)) {
        record.entries.push_back(std::move(*entry));
      }
    }
    limit_faults(record.faults, file.path);
    return record;
  }

  static bool is_dangling(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_symlink(path, ignored);
  }

  // The first definition of a name wins, in the order of `files`.
  Discovery merge(const std::vector<SourceFile>& files) const {
    Discovery result;
    result.faults = listing_faults;
    std::unordered_map<std::string_view, const ConfigEntry*> owners;
    for (const SourceFile& file : files) {
      const FileRecord& record = records.at(file.path);
      result.faults.insert(result.faults.end(), record.faults.begin(), record.faults.end());
      Faults shadowed;
      for (const ConfigEntry& entry : record.entries) {
        const auto [owner, first] = owners.try_emplace(entry.spec.name, &entry);
        if (!first) {
          const ConfigEntry& winner = *owner->second;
          shadowed.push_back({Severity::info, file.path, entry.line, entry.spec.name,
                              "left out, since " + winner.spec.source.file + ':' +
                                  std::to_string(winner.line) + " defines it first"});
        } else if (!entry.disabled) {
          result.servers.push_back(entry.spec);
        }
      }
      limit_faults(shadowed, file.path);
      result.faults.insert(result.faults.end(), shadowed.begin(), shadowed.end());
    }
    assign_aliases(result.servers);
    return result;
  }
};

Sources::Sources(SourceOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->home = state_->options.home.native();
  if (state_->home.empty() && state_->options.environment) {
    state_->home = state_->options.environment("HOME").value_or("");
  }
}

Sources::~Sources() = default;
Sources::Sources(Sources&&) noexcept = default;
Sources& Sources::operator=(Sources&&) noexcept = default;

bool Sources::refresh() {
  State& state = *state_;
  Faults listing_faults;
  const std::vector<SourceFile> files = state.list(listing_faults);

  bool changed = !state.loaded || listing_faults != state.listing_faults;
  std::map<std::string, FileRecord> records;
  for (const SourceFile& file : files) {
    const auto known = state.records.find(file.path);
    if (known != state.records.end() && known->second.settled &&
        known->second.stamp == stamp_of(file.path)) {
      records.insert(state.records.extract(known));
    } else {
      records.insert_or_assign(file.path, state.read(file));
      changed = true;
    }
  }
  changed = changed || !state.records.empty();  // what is left there is gone from the sources
  state.records = std::move(records);
  state.listing_faults = std::move(listing_faults);
  if (!changed) return false;

  Discovery found = state.merge(files);
  const bool differs = found != state.current;
  state.current = std::move(found);
  state.loaded = true;
  return differs;
}

const Discovery& Sources::current() const noexcept {
  return state_->current;
}

Discovery discover(const SourceOptions& options) {
  Sources sources(options);
  sources.refresh();
  return sources.current();
}

}  // namespace headrace::discovery
