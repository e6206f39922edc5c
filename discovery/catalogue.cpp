// What can be called: every server, what is known of its tools, and finding both by name.
#include <headrace/discovery/alias.hpp>
#include <headrace/discovery/ascii.hpp>
#include <headrace/discovery/catalogue.hpp>

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace headrace::discovery {
namespace {

// How many repeated names a message lists.
constexpr std::size_t kMaxNamesInFault = 10;

std::vector<std::uint32_t> sorted_by(const std::vector<ToolDoc>& tools,
                                     std::string ToolDoc::*field) {
  std::vector<std::uint32_t> order(tools.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return tools[a].*field < tools[b].*field; });
  return order;
}

const ToolDoc* find_sorted(const std::vector<ToolDoc>& tools,
                           const std::vector<std::uint32_t>& order, std::string ToolDoc::*field,
                           std::string_view wanted) noexcept {
  const auto found = std::lower_bound(
      order.begin(), order.end(), wanted,
      [&](std::uint32_t i, std::string_view text) { return tools[i].*field < text; });
  if (found == order.end() || tools[*found].*field != wanted) return nullptr;
  return &tools[*found];
}

// Removes all but the first tool of a name, and says which.
void drop_repeated(std::vector<ToolDoc>& tools, std::string_view server, Faults& faults) {
  std::unordered_set<std::string_view> seen;
  std::vector<bool> repeated(tools.size());
  std::string names;
  std::size_t count = 0;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (seen.insert(tools[i].name).second) continue;
    repeated[i] = true;
    if (++count > kMaxNamesInFault) continue;
    if (!names.empty()) names += ", ";
    names += '\'' + tools[i].name + '\'';
  }
  if (count == 0) return;
  std::vector<ToolDoc> kept;
  kept.reserve(tools.size() - count);
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (!repeated[i]) kept.push_back(std::move(tools[i]));
  }
  tools = std::move(kept);
  if (count > kMaxNamesInFault) names += ", …";
  faults.push_back(
      {Severity::warning,
       {},
       0,
       std::string(server),
       "it lists tools again that it listed before, and the first ones count: " + names});
}

void drop_disabled(std::vector<ToolDoc>& tools, const ToolRules& rules) {
  std::erase_if(tools, [&](const ToolDoc& tool) { return !allows_tool(rules, tool.name); });
}

void assign_aliases(std::vector<ToolDoc>& tools) {
  std::vector<std::string_view> names;
  names.reserve(tools.size());
  for (const ToolDoc& tool : tools)
    names.push_back(tool.name);
  std::vector<std::string> aliases = unique_aliases(names, tool_alias);
  for (std::size_t i = 0; i < tools.size(); ++i)
    tools[i].alias = std::move(aliases[i]);
}

}  // namespace

std::string_view to_string(ListState state) noexcept {
  constexpr std::string_view names[] = {"not listed", "cached", "listed", "failed"};
  return names[static_cast<int>(state)];
}

const ToolDoc* CatalogueServer::find_tool(std::string_view name_or_alias) const noexcept {
  const ToolDoc* tool = find_sorted(tools_, by_name_, &ToolDoc::name, name_or_alias);
  if (tool != nullptr) return tool;
  return find_sorted(tools_, by_alias_, &ToolDoc::alias, name_or_alias);
}

const ToolDoc* CatalogueServer::find_tool_any_case(std::string_view name_or_alias) const noexcept {
  if (const ToolDoc* tool = find_tool(name_or_alias)) return tool;
  for (const ToolDoc& tool : tools_) {
    if (equal_any_case(tool.name, name_or_alias) || equal_any_case(tool.alias, name_or_alias)) {
      return &tool;
    }
  }
  return nullptr;
}

const ArgumentRules& CatalogueServer::argument_rules(const ToolDoc& tool) const {
  argument_rules_.resize(tools_.size());
  auto& rules = argument_rules_[static_cast<std::size_t>(&tool - tools_.data())];
  if (!rules) rules = std::make_shared<const ArgumentRules>(tool);
  return *rules;
}

CatalogueChanges Catalogue::set_servers(std::vector<ServerSpec> specs) {
  CatalogueChanges changes;
  std::unordered_map<std::string, CatalogueServer> before;
  const bool same_order = std::equal(
      servers_.begin(), servers_.end(), specs.begin(), specs.end(),
      [](const CatalogueServer& a, const ServerSpec& b) { return a.spec_.name == b.name; });
  for (CatalogueServer& server : servers_) {
    std::string name = server.spec_.name;
    before.insert_or_assign(std::move(name), std::move(server));
  }
  std::vector<CatalogueServer> now;
  now.reserve(specs.size());
  for (ServerSpec& spec : specs) {
    CatalogueServer server;
    if (auto known = before.extract(spec.name); known.empty()) {
      changes.added.push_back(spec.name);
    } else if (same_process(known.mapped().spec_, spec)) {
      server = std::move(known.mapped());
      if (server.spec_.tools != spec.tools) {
        // What was left out before is not known any more.
        server.state_ = ListState::not_listed;
        drop_disabled(server.tools_, spec.tools);
        replace_tools(server, std::move(server.tools_));
      }
    } else {
      changes.restarted.push_back(spec.name);
    }
    server.spec_ = std::move(spec);
    now.push_back(std::move(server));
  }
  for (const auto& [name, server] : before)
    changes.removed.push_back(name);
  std::sort(changes.removed.begin(), changes.removed.end());
  servers_ = std::move(now);
  if (!same_order || !changes.empty()) search_vocabulary_.reset();
  return changes;
}

Faults Catalogue::set_tools(std::string_view server, std::vector<ToolDoc> tools,
                            std::chrono::system_clock::time_point listed_at) {
  set_last_error(server, {});
  return take_tools(server, std::move(tools), ListState::listed, listed_at);
}

Faults Catalogue::set_cached(std::string_view server, std::vector<ToolDoc> tools,
                             std::chrono::system_clock::time_point listed_at) {
  return take_tools(server, std::move(tools), ListState::cached, listed_at);
}

Faults Catalogue::take_tools(std::string_view server_name, std::vector<ToolDoc> tools,
                             ListState state, std::chrono::system_clock::time_point listed_at) {
  Faults faults;
  CatalogueServer* server = by_exact_name(server_name);
  if (server == nullptr) return faults;
  server->state_ = state;
  server->listed_at_ = listed_at;
  drop_disabled(tools, server->spec_.tools);
  drop_repeated(tools, server_name, faults);
  if (tools.size() > kMaxTools) {
    tools.resize(kMaxTools);
    faults.push_back(
        {Severity::warning,
         {},
         0,
         std::string(server_name),
         "it lists more than " + std::to_string(kMaxTools) + " tools: the others are left out"});
  }
  replace_tools(*server, std::move(tools));
  return faults;
}

void Catalogue::replace_tools(CatalogueServer& server, std::vector<ToolDoc> tools) {
  assign_aliases(tools);
  server.tools_ = std::move(tools);
  server.argument_rules_.clear();
  server.by_name_ = sorted_by(server.tools_, &ToolDoc::name);
  server.by_alias_ = sorted_by(server.tools_, &ToolDoc::alias);
  server.search_index_ = SearchIndex(server.spec_.name, server.tools_);
  search_vocabulary_.reset();
}

void Catalogue::set_failed(std::string_view server_name, std::string error) {
  if (CatalogueServer* server = by_exact_name(server_name)) {
    if (server->state_ != ListState::cached) server->state_ = ListState::failed;
    server->error_ = std::move(error);
  }
}

void Catalogue::set_last_error(std::string_view server_name, std::string error) {
  if (CatalogueServer* server = by_exact_name(server_name)) server->error_ = std::move(error);
}

void Catalogue::set_unconfirmed(std::string_view server_name) {
  CatalogueServer* server = by_exact_name(server_name);
  if (server != nullptr && server->state_ == ListState::listed) server->state_ = ListState::cached;
}

void Catalogue::set_stale(std::string_view server_name) {
  if (CatalogueServer* server = by_exact_name(server_name)) {
    server->state_ = ListState::not_listed;
    server->error_.clear();
  }
}

const CatalogueServer* Catalogue::find_server(std::string_view name_or_alias) const noexcept {
  for (const CatalogueServer& server : servers_) {
    if (server.spec_.name == name_or_alias) return &server;
  }
  for (const CatalogueServer& server : servers_) {
    if (server.spec_.alias == name_or_alias) return &server;
  }
  for (const CatalogueServer& server : servers_) {
    for (const OtherName& other : server.spec_.other_names) {
      if (other.name == name_or_alias || other.alias == name_or_alias) return &server;
    }
  }
  return nullptr;
}

const ToolDoc* Catalogue::find_tool(std::string_view server_name,
                                    std::string_view tool) const noexcept {
  const CatalogueServer* server = find_server(server_name);
  return server == nullptr ? nullptr : server->find_tool(tool);
}

const SearchVocabulary& Catalogue::search_vocabulary() const {
  if (!search_vocabulary_) {
    std::vector<const SearchIndex*> indexes;
    indexes.reserve(servers_.size());
    for (const CatalogueServer& server : servers_)
      indexes.push_back(&server.search_index_);
    search_vocabulary_.emplace(indexes);
  }
  return *search_vocabulary_;
}

std::size_t Catalogue::tool_count() const noexcept {
  std::size_t count = 0;
  for (const CatalogueServer& server : servers_)
    count += server.tools_.size();
  return count;
}

CatalogueServer* Catalogue::by_exact_name(std::string_view name) noexcept {
  const auto found =
      std::find_if(servers_.begin(), servers_.end(),
                   [name](const CatalogueServer& server) { return server.spec_.name == name; });
  return found == servers_.end() ? nullptr : &*found;
}

}  // namespace headrace::discovery
