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
    const auto notice = [&](const ConfigEntry& about, std::string message) {
      notices.push_back(
          {Severity::info, about.spec.source.file, about.line, spec.name, std::move(message)});
    };
    const auto shadow = [&](const ConfigEntry& hidden, const ConfigEntry& by,
                            const std::string& why) {
      notice(hidden, "left out, since " + place_of(by) + why);
      if (result_.shadowed.size() >= kMaxShadowed) return;
      result_.shadowed.push_back(
          {spec.name, hidden.spec.source, hidden.line, by.spec.source, by.line});
    };
    const auto owner = owners_.find(spec.name);
    if (owner != owners_.end()) return shadow(entry, *owner->second, " defines it first");
    if (!entry.unreachable.empty()) {
      const auto [first, is_new] = remote_.emplace(spec.name, &entry);
      if (!is_new) return shadow(entry, *first->second, " defines it first");
      result_.unreachable.push_back({spec.name, entry.unreachable, spec.source, entry.line});
      return;
    }
    // What is off in one program may be on in another; off in ours, it is off.
    if (entry.disabled && !own) return;
    owners_.emplace(spec.name, &entry);
    if (const auto remote = remote_.find(spec.name); remote != remote_.end()) {
      shadow(*remote->second, entry, entry.disabled ? " switches it off" : " can be reached");
    }
    if (!entry.disabled) add_server(entry, own, notice);
  }

  template <typename Notice>
  void add_server(const ConfigEntry& entry, bool own, const Notice& notice) {
    const ServerSpec& spec = entry.spec;
    const auto [first, is_new] = by_start_.emplace(start_key(spec), result_.servers.size());
    if (is_new || own || !same_process(result_.servers[first->second], spec)) {
      result_.servers.push_back(spec);
      return;
    }
    ServerSpec& same = result_.servers[first->second];
    same.other_names.push_back({spec.name, {}, spec.source});
    notice(entry, "another name of server '" + same.name + "' (" +
                      place_of(*owners_.at(same.name)) + "), which starts the same");
  }

  Discovery result_;
  std::unordered_map<std::string_view, const ConfigEntry*> owners_;
  std::unordered_map<std::string_view, const ConfigEntry*> remote_;  // the first of each name
  std::unordered_map<std::string, std::size_t> by_start_;  // the first in `servers`, by start_key
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

std::optional<std::chrono::system_clock::time_point> Sources::held_until() const {
  std::optional<std::chrono::system_clock::time_point> until;
  for (const auto& [path, record] : state_->records) {
    if (!record.held_since) continue;
    const auto end = *record.held_since + kHalfWrittenLimit;
    until = until ? std::min(*until, end) : end;
  }
  return until;
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
