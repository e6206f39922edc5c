// What can be called: every server, what is known of its tools, and finding both by name.
#pragma once

#include <headrace/discovery/argument_rules.hpp>
#include <headrace/discovery/fault.hpp>
#include <headrace/discovery/search_index.hpp>
#include <headrace/discovery/search_vocabulary.hpp>
#include <headrace/discovery/server_spec.hpp>
#include <headrace/discovery/tools_page.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

enum class ListState {
  not_listed,  // nobody asked for its tools yet, or they are out of date
  cached,      // known from an earlier time; the process that runs now has not been asked
  listed,
  failed,  // asked, and `error` says why there is no list
};

/// For people and programs: "not listed", "cached", "listed", "failed".
std::string_view to_string(ListState state) noexcept;

/// One server of a catalogue. `tools` are the last known ones, in the server's order: also those of
/// a server that is `not_listed` again, or `failed` since, until they are replaced.
class CatalogueServer {
 public:
  const ServerSpec& spec() const noexcept { return spec_; }
  ListState state() const noexcept { return state_; }
  /// Its tools can be shown and called as they are known.
  bool has_list() const noexcept { return is_confirmed() || state_ == ListState::cached; }
  /// They are what the process that runs has said: what looks wrong by an older list need not be.
  bool is_confirmed() const noexcept { return state_ == ListState::listed; }
  /// When it said what its tools are; the epoch: never, or nobody knows.
  std::chrono::system_clock::time_point listed_at() const noexcept { return listed_at_; }
  /// Why the last attempt to ask it failed, in whatever state; empty when it did not.
  const std::string& error() const noexcept { return error_; }
  std::span<const ToolDoc> tools() const noexcept { return tools_; }

  /// The tool of exactly this name, else the one of this alias, else null.
  const ToolDoc* find_tool(std::string_view name_or_alias) const noexcept;
  /// The same, then whatever the case of ASCII letters: for questions, not for calls.
  const ToolDoc* find_tool_any_case(std::string_view name_or_alias) const noexcept;

  /// What `tool`, one of tools(), demands of the arguments of a call; made when first asked for,
  /// and valid as long as the tool.
  const ArgumentRules& argument_rules(const ToolDoc& tool) const;

  const SearchIndex& search_index() const noexcept { return search_index_; }

 private:
  friend class Catalogue;

  ServerSpec spec_;
  ListState state_ = ListState::not_listed;
  std::chrono::system_clock::time_point listed_at_;
  std::string error_;
  std::vector<ToolDoc> tools_;
  std::vector<std::uint32_t> by_name_;   // positions in tools_, sorted by name
  std::vector<std::uint32_t> by_alias_;  // the same, sorted by alias
  SearchIndex search_index_;
  mutable std::vector<std::shared_ptr<const ArgumentRules>> argument_rules_;  // beside tools_
};

/// What a new list of servers means for those that run. Names.
struct CatalogueChanges {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string>
      restarted;  ///< another process is to be started; its tools are forgotten

  bool empty() const noexcept { return added.empty() && removed.empty() && restarted.empty(); }
};

/// A plain value; not thread-safe. Pointers and spans that it hands out are valid until the next
/// call of a function that is not const.
class Catalogue {
 public:
  /// Takes over a new list of servers (unique names, aliases set: as `discover` gives it). Servers
  /// that start the same process keep their tools and state; where other tools of it are enabled
  /// now, it is to be asked again.
  CatalogueChanges set_servers(std::vector<ServerSpec> specs);

  /// All tools of a server, pages already joined: gives each its alias and makes the server
  /// `listed`. Tools that its rules leave out are dropped; repeated names and more than `kMaxTools`
  /// are dropped and reported. A server that is not (or no longer) in the catalogue is ignored.
  Faults set_tools(std::string_view server, std::vector<ToolDoc> tools,
                   std::chrono::system_clock::time_point listed_at = {});

  /// The same for what was known at an earlier time: makes the server `cached`.
  Faults set_cached(std::string_view server, std::vector<ToolDoc> tools,
                    std::chrono::system_clock::time_point listed_at);

  /// The server that said what its tools are does not run any more: `listed` becomes `cached`.
  void set_unconfirmed(std::string_view server);

  /// The server could not be asked. One that is `cached` stays so.
  void set_failed(std::string_view server, std::string error);

  /// It could not be asked when that was last tried, at an earlier time: changes no state.
  void set_last_error(std::string_view server, std::string error);

  /// The server's list is out of date: to be asked again when it is next needed.
  void set_stale(std::string_view server);

  /// In order of precedence.
  std::span<const CatalogueServer> servers() const noexcept { return servers_; }

  /// The server of exactly this name, else the one of this alias, else the same among other names,
  /// else null.
  const CatalogueServer* find_server(std::string_view name_or_alias) const noexcept;

  /// The tool's name or alias in that server; null when either is unknown.
  const ToolDoc* find_tool(std::string_view server, std::string_view tool) const noexcept;

  /// The words of all servers, in their order; made when first asked for after a change.
  const SearchVocabulary& search_vocabulary() const;

  /// Tools known in all servers.
  std::size_t tool_count() const noexcept;

 private:
  Faults take_tools(std::string_view server_name, std::vector<ToolDoc> tools, ListState state,
                    std::chrono::system_clock::time_point listed_at);
  void replace_tools(CatalogueServer& server, std::vector<ToolDoc> tools);
  CatalogueServer* by_exact_name(std::string_view name) noexcept;

  std::vector<CatalogueServer> servers_;
  mutable std::optional<SearchVocabulary> search_vocabulary_;
};

}  // namespace headrace::discovery
