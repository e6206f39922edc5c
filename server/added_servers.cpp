// Servers that code has added, each for its own session, beside those of the configuration.
#include <headrace/discovery/alias.hpp>
#include <headrace/discovery/glob.hpp>
#include <headrace/server/registry.hpp>

#include <algorithm>

namespace headrace::server {
namespace {

using discovery::CatalogueServer;
using discovery::OtherName;
using discovery::ServerSpec;

// For one session. Whoever may add servers may start anything; this is for those who do not mean
// to.
constexpr std::ptrdiff_t most_added = 32;

bool is_called(const ServerSpec& spec, std::string_view name) {
  return spec.name == name || spec.alias == name ||
         std::any_of(
             spec.other_names.begin(), spec.other_names.end(),
             [name](const OtherName& other) { return other.name == name || other.alias == name; });
}

bool is_same(const ServerSpec& known, ServerSpec given) {
  given.alias = known.alias;
  return known == given;
}

std::string why_taken(const ServerSpec& known, const ServerSpec& given) {
  if (known.owner == 0) {
    return "the name means server '" + known.name + "' of " + known.source.file +
           ": give the new one another";
  }
  if (known.owner != given.owner)
    return "another session has added a server of that name: give this one another";
  return "this session has added server '" + known.name +
         "' already: runtime.remove_server() it first, or give this one another name";
}

std::string why_gone(const ServerSpec& spec) {
  if (spec.owner != 0) return "its session has removed it";
  return "it was removed from the configuration (" + spec.source.file + ")";
}

// Whether it has a name that a pattern with `*` and `?` fits.
bool fits(const std::string& pattern, const ServerSpec& server) {
  const auto is_one = [&pattern](const auto& named) {
    return discovery::matches_glob(pattern, named.name) ||
           discovery::matches_glob(pattern, named.alias);
  };
  return is_one(server) ||
         std::any_of(server.other_names.begin(), server.other_names.end(), is_one);
}

}  // namespace

std::string Registry::add(ServerSpec spec) {
  if (closed_) return "Headrace is shutting down";
  for (const CatalogueServer& server : catalogue_.servers()) {
    if (!is_called(server.spec(), spec.name)) continue;
    if (is_same(server.spec(), spec)) return {};
    return why_taken(server.spec(), spec);
  }
  if (const auto* known = discovery::find_unreachable(sources_.current(), spec.name)) {
    return "the name means '" + known->name + "' of " + known->source.file +
           ", which is not reachable yet: give the new one another";
  }
  const auto of_owner =
      std::count_if(added_.begin(), added_.end(),
                    [&spec](const ServerSpec& other) { return other.owner == spec.owner; });
  if (of_owner >= most_added) {
    return "this session has added " + std::to_string(most_added) +
           " servers already: runtime.remove_server() some first";
  }
  added_.push_back(std::move(spec));
  take_servers();
  return {};
}

bool Registry::remove(std::string_view server, std::uint64_t owner) {
  const auto removed = std::erase_if(
      added_, [&](const ServerSpec& spec) { return spec.owner == owner && spec.name == server; });
  if (removed > 0) take_servers();
  return removed > 0;
}

void Registry::remove_all(std::uint64_t owner) {
  const auto removed =
      std::erase_if(added_, [owner](const ServerSpec& spec) { return spec.owner == owner; });
  if (removed > 0) take_servers();
}

std::string Registry::home() const {
  const discovery::SourceOptions& sources = options_.sources;
  if (!sources.home.empty() || !sources.environment) return sources.home.native();
  return sources.environment("HOME").value_or("");
}

std::vector<std::string> Registry::missing() const {
  std::vector<std::string> missing;
  for (const std::string& pattern : options_.only) {
    if (std::none_of(
            catalogue_.servers().begin(), catalogue_.servers().end(),
            [&pattern](const CatalogueServer& server) { return fits(pattern, server.spec()); }))
      missing.push_back(pattern);
  }
  return missing;
}

// The catalogue gets what is configured and what was added; who is in neither any more is ended.
void Registry::take_servers() {
  if (closed_) return;
  std::vector<ServerSpec> servers = sources_.current().servers;
  // They keep the aliases that they have among all.
  std::erase_if(servers, [this](const ServerSpec& spec) {
    return !options_.only.empty() &&
           std::none_of(options_.only.begin(), options_.only.end(),
                        [&spec](const std::string& pattern) { return fits(pattern, spec); });
  });
  std::map<std::string, std::string> why;
  // The user's word counts more than the code's.
  std::erase_if(added_, [&](const ServerSpec& spec) {
    const auto owner = std::find_if(servers.begin(), servers.end(), [&](const ServerSpec& other) {
      return is_called(other, spec.name);
    });
    if (owner == servers.end()) return false;
    const std::string reason = owner->source.file + " defines one of that name now";
    logger_.log(engine::LogLevel::warning, "config",
                "server '" + spec.name + "', which code had added, is ended: " + reason);
    why.emplace(spec.name, reason);
    return true;
  });
  // Those of the configuration come first, and so keep the aliases that they have.
  std::vector<std::string_view> names;
  for (const ServerSpec& server : servers)
    names.push_back(server.name);
  for (const ServerSpec& server : servers) {
    for (const OtherName& other : server.other_names)
      names.push_back(other.name);
  }
  const std::size_t configured = names.size();
  for (const ServerSpec& spec : added_)
    names.push_back(spec.name);
  const std::vector<std::string> aliases =
      discovery::unique_aliases(names, discovery::server_alias);
  for (std::size_t i = 0; i < added_.size(); ++i) {
    added_[i].alias = aliases[configured + i];
  }
  servers.insert(servers.end(), added_.begin(), added_.end());
  for (const CatalogueServer& server : catalogue_.servers())
    why.emplace(server.spec().name, why_gone(server.spec()));
  const discovery::CatalogueChanges changes = catalogue_.set_servers(std::move(servers));
  // All reasons first: whoever is told of an end may change the servers again.
  for (const std::string& server : changes.restarted)
    why[server] = "what " + catalogue_.find_server(server)->spec().source.file +
                  " says of it has changed; the next call starts it anew";
  for (const auto* ended : {&changes.removed, &changes.restarted}) {
    for (const std::string& server : *ended)
      retire(server, why[server]);
  }
}

}  // namespace headrace::server
