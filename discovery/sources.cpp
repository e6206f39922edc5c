// Which servers are configured: reads every source, in order of precedence, and notices changes.
#include <headrace/discovery/alias.hpp>
#include <headrace/discovery/source_file.hpp>
#include <headrace/discovery/source_list.hpp>
#include <headrace/discovery/sources.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

namespace headrace::discovery {
namespace {

void assign_aliases(std::vector<ServerSpec>& servers) {
  std::vector<std::string_view> names;
  std::vector<std::string*> places;
  for (ServerSpec& server : servers) {
    names.push_back(server.name);
    places.push_back(&server.alias);
  }
  for (ServerSpec& server : servers) {
    for (OtherName& other : server.other_names) {
      names.push_back(other.name);
      places.push_back(&other.alias);
    }
  }
  std::vector<std::string> aliases = unique_aliases(names, server_alias);
  for (std::size_t i = 0; i < places.size(); ++i)
    *places[i] = std::move(aliases[i]);
}

std::string place_of(const ConfigEntry& entry) {
  return entry.spec.source.file + ':' + std::to_string(entry.line);
}

// Joins what the files say: the first definition of a name wins.
class Merge {
 public:
  explicit Merge(const Faults& faults) { result_.faults = faults; }

  void add(const SourceFile& file, const FileRecord& record) {
    result_.faults.insert(result_.faults.end(), record.faults.begin(), record.faults.end());
    Faults notices;
    for (const ConfigEntry& entry : record.entries)
      add_entry(entry, file.agent == nullptr, notices);
    limit_faults(notices, file.path);
    result_.faults.insert(result_.faults.end(), notices.begin(), notices.end());
  }

  Discovery take() {
    std::erase_if(result_.unreachable, [this](const UnreachableServer& server) {
      return owners_.contains(server.name);
    });
    assign_aliases(result_.servers);
    return std::move(result_);
  }

 private:
  void add_entry(const ConfigEntry& entry, bool own, Faults& notices) {
    const ServerSpec& spec = entry.spec;
    const auto notice = [&](std::string message) {
      notices.push_back(
          {Severity::info, spec.source.file, entry.line, spec.name, std::move(message)});
    };
    const auto owner = owners_.find(spec.name);
    if (owner != owners_.end()) {
      return notice("left out, since " + place_of(*owner->second) + " defines it first");
    }
    if (!entry.unreachable.empty()) return add_unreachable(entry);
    if (entry.disabled) {
      // What is off in one program may be on in another; off in ours, it is off.
      if (own) owners_.emplace(spec.name, &entry);
      return;
    }
    owners_.emplace(spec.name, &entry);
    ServerSpec* same = own ? nullptr : find_same(spec);
    if (same == nullptr) {
      result_.servers.push_back(spec);
      return;
    }
    same->other_names.push_back({spec.name, {}, spec.source});
    notice("another name of server '" + same->name + "' (" + place_of(*owners_.at(same->name)) +
           "), which starts the same");
  }

  void add_unreachable(const ConfigEntry& entry) {
    const auto same_name = [&](const UnreachableServer& other) {
      return other.name == entry.spec.name;
    };
    if (std::any_of(result_.unreachable.begin(), result_.unreachable.end(), same_name)) return;
    result_.unreachable.push_back(
        {entry.spec.name, entry.unreachable, entry.spec.source, entry.line});
  }

  ServerSpec* find_same(const ServerSpec& spec) {
    const auto found =
        std::find_if(result_.servers.begin(), result_.servers.end(),
                     [&](const ServerSpec& other) { return same_process(other, spec); });
    return found == result_.servers.end() ? nullptr : &*found;
  }

  Discovery result_;
  std::unordered_map<std::string_view, const ConfigEntry*> owners_;
};

std::string home_of(const SourceOptions& options) {
  if (!options.home.empty() || !options.environment) return options.home.native();
  return options.environment("HOME").value_or("");
}

}  // namespace

struct Sources::State {
  explicit State(SourceOptions given)
      : options(std::move(given)), home(home_of(options)), list(options, home) {}

  SourceOptions options;
  std::string home;
  SourceList list;
  std::map<std::string, FileRecord> records;  // by path
  Faults listing_faults;
  Discovery current;
  bool loaded = false;
};

Sources::Sources(SourceOptions options) : state_(std::make_unique<State>(std::move(options))) {}

Sources::~Sources() = default;
Sources::Sources(Sources&&) noexcept = default;
Sources& Sources::operator=(Sources&&) noexcept = default;

bool Sources::refresh() {
  State& state = *state_;
  Faults listing_faults;
  const std::vector<SourceFile> files = state.list.files(listing_faults);

  bool changed = !state.loaded || listing_faults != state.listing_faults;
  std::map<std::string, FileRecord> records;
  for (const SourceFile& file : files) {
    const auto known = state.records.find(file.path);
    const bool seen = known != state.records.end();
    if (seen && is_unchanged(file, known->second)) {
      records.insert(state.records.extract(known));
      continue;
    }
    const SourceContext context{state.options.environment, state.home, state.list.workspace(),
                                state.options.allow_self, state.options.clock()};
    records.insert_or_assign(file.path,
                             read_source_file(file, context, seen ? &known->second : nullptr));
    if (seen) state.records.erase(known);
    changed = true;
  }
  changed = changed || !state.records.empty();  // what is left there is gone from the sources
  state.records = std::move(records);
  state.listing_faults = std::move(listing_faults);
  if (!changed) return false;

  Merge merge(state.listing_faults);
  for (const SourceFile& file : files)
    merge.add(file, state.records.at(file.path));
  Discovery found = merge.take();
  const bool differs = found != state.current;
  state.current = std::move(found);
  state.loaded = true;
  return differs;
}

const Discovery& Sources::current() const noexcept {
  return state_->current;
}

std::vector<std::string> Sources::watched_paths() const {
  std::vector<std::string> paths = state_->list.watched_paths();
  for (const auto& [path, record] : state_->records) {
    paths.push_back(path);
    for (const auto& [other, stamp] : record.others)
      paths.push_back(other);
  }
  return paths;
}

Discovery discover(const SourceOptions& options) {
  Sources sources(options);
  sources.refresh();
  return sources.current();
}

const UnreachableServer* find_unreachable(const Discovery& found, std::string_view name_or_alias) {
  for (const UnreachableServer& server : found.unreachable) {
    if (server.name == name_or_alias) return &server;
  }
  for (const UnreachableServer& server : found.unreachable) {
    if (server_alias(server.name) == name_or_alias) return &server;
  }
  return nullptr;
}

}  // namespace headrace::discovery
