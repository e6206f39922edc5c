// The servers that can be called: from configuration to a running process and its tools.
#pragma once

#include <headrace/discovery/catalogue.hpp>
#include <headrace/discovery/catalogue_cache.hpp>
#include <headrace/discovery/sources.hpp>
#include <headrace/engine/logger.hpp>
#include <headrace/engine/mcp/downstream.hpp>
#include <headrace/server/list_queue.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace headrace::server {

struct RegistryOptions {
  discovery::SourceOptions sources;
  engine::mcp::DownstreamOptions downstream;
  /// Where it is kept which era each server speaks, over restarts; empty: nowhere.
  std::string era_file;
  /// If not empty, the servers that one of these names fits, alone: patterns with `*` and `?`.
  std::vector<std::string> only;
  /// Where their tool lists are kept, over restarts; empty: nowhere.
  std::string catalogue_folder;
};

/// What is good enough of a tool list.
enum class Freshness {
  known,      ///< as it was when it was last asked for, perhaps in an earlier process
  confirmed,  ///< by the process that runs
};

/// What the registry can't answer by itself; all are called on its executor, any may be empty.
struct RegistryHooks {
  /// As DownstreamHooks::on_question, of this server.
  std::function<std::uint64_t(const engine::mcp::Downstream& server,
                              const engine::mcp::Question& question,
                              engine::mcp::ReplyCallback reply)>
      on_question;
  std::function<void(std::uint64_t)> cancel_question;
  /// As DownstreamHooks::capabilities.
  std::function<std::string()> capabilities;
  /// The servers, or what one of them offers, have changed.
  std::function<void()> on_change;
  /// As DownstreamHooks::on_notification, of this server; where there is one, the log is spared.
  std::function<void(const std::string& server, std::string_view method, std::string_view params)>
      on_notification;
  /// A server has said that its tools, prompts or resources are others now.
  std::function<void(const std::string& server, engine::mcp::ListKind kind)> on_list_changed;
  /// A server was asked for its tools: what is known of it may be something else.
  std::function<void(const std::string& server)> on_listed;
};

/// Not thread-safe. Held by shared_ptr: starts under way keep it alive.
class Registry : public std::enable_shared_from_this<Registry> {
 public:
  /// Empty when the server's tools are known, else why not.
  using Listed = engine::UniqueFunction<void(const std::string& error)>;

  Registry(engine::Executor executor, RegistryOptions options,
           std::shared_ptr<engine::ProcessGuard> guard, engine::Logger logger,
           RegistryHooks hooks = {});

  /// Reads the configuration again where it changed; servers that are gone or changed are closed.
  void refresh();

  /// As discovery::Sources has them.
  std::vector<std::string> watched_paths() const { return sources_.watched_paths(); }
  std::optional<std::chrono::system_clock::time_point> held_until() const {
    return sources_.held_until();
  }

  const discovery::Catalogue& catalogue() const noexcept { return catalogue_; }

  /// What the configuration says, faults included; valid until the next refresh().
  const discovery::Discovery& configuration() const noexcept { return sources_.current(); }

  /// Adds a server for the session `spec.owner` alone; no alias need be given. Empty when it is
  /// there, also if it was before; else why not. Where a file comes to define one of its name, that
  /// one takes its place.
  std::string add(discovery::ServerSpec spec);
  /// Ends one that was added for this session; false when there is none.
  bool remove(std::string_view server, std::uint64_t owner);
  void remove_all(std::uint64_t owner);

  /// Those of RegistryOptions::only that no server fits.
  std::vector<std::string> missing() const;

  /// What `~` stands for in the configuration.
  std::string home() const;

  /// Why there is no server of this name, as far as its configuration tells.
  std::string why_unavailable(std::string_view server) const;

  /// Calls `done` once the tools of `server` (its exact name) are known as `freshness` wants them,
  /// starting it if need be. At once, and inline, when they are.
  void with_tools(const std::string& server, Freshness freshness, engine::Deadline deadline,
                  Listed done);

  using OneListed = std::function<void(const std::string& server, const std::string& error)>;
  /// The same for many, a few at a time; those that are started for nothing else rest again
  /// afterwards. Calls `done` for each, also inline.
  void list_each(const std::vector<std::string>& servers, Freshness freshness,
                 const OneListed& done);

  /// It was asked for its tools so long ago that waiting for the answer is of little use.
  bool is_slow_to_list(std::string_view server) const;

  /// Why the last list that could not be kept on disk is not; empty as long as all are.
  const std::string& why_not_kept() const noexcept { return why_not_kept_; }

  /// Reads the lists that are kept of all servers that none is known of: no server is started.
  void load_kept_lists();

  /// From now on servers whose list is missing or out of date are asked unasked, a few at a time.
  void list_in_background();

  /// The running or startable server of exactly this name; null when there is none. Whoever asks
  /// is going to call it.
  std::shared_ptr<engine::mcp::Downstream> downstream(const std::string& server);

  /// Whether the server of exactly this name has a process that has answered the handshake.
  bool is_running(const std::string& server) const;

  /// Whoever gave the hooks is going; calls under way may keep the registry for longer.
  void drop_hooks() noexcept { hooks_ = {}; }

  /// As Downstream::notify(), to all.
  void notify_all(std::string_view method, std::string_view params);

  /// RegistryHooks::capabilities says something else from now on.
  void capabilities_changed();

  /// Ends all servers, side by side. For good.
  asio::awaitable<void> async_close();

 private:
  struct Entry {
    std::shared_ptr<engine::mcp::Downstream> downstream;
    std::vector<Listed> waiting;  // for the list that is under way
    bool listing = false;
    engine::Clock::time_point listing_began{};
    bool stale = false;                               // the list changed while it was read
    bool looked_up = false;                           // among the lists that are kept
    bool called = false;                              // it is not only there to be listed
    bool to_confirm = false;                          // its list, once it runs
    engine::Deadline good_until{};                    // what the server said of its list
    std::optional<discovery::CachedFailure> failure;  // of the last attempt to list it
  };

  using Entries = std::map<std::string, Entry, std::less<>>;

  Entry* start_entry(const std::string& server);
  void look_up(const discovery::CatalogueServer& server, Entry& entry);
  const discovery::CatalogueServer* look_at(const std::string& server);
  void list_next_in_background();
  bool is_due(const discovery::CatalogueServer& server, const Entry& entry) const;
  void confirm_later(const std::string& server, Entry& entry);
  void begin_listing(const std::string& server, engine::Deadline deadline);
  void on_listed(const std::string& server, const engine::mcp::Downstream* asked,
                 engine::mcp::ListPages pages);
  std::string take_list(const std::string& server, Entry& entry, engine::mcp::ListPages& pages);
  void keep_failure(const std::string& server, Entry& entry, const std::string& error);
  void take_servers();
  void retire(const std::string& server, const std::string& why);
  engine::mcp::DownstreamHooks downstream_hooks(const std::string& server);
  void on_tools_changed(const std::string& server);
  void report(const discovery::Faults& faults);

  engine::Executor executor_;
  RegistryOptions options_;
  std::shared_ptr<engine::ProcessGuard> guard_;
  engine::Logger logger_;
  RegistryHooks hooks_;
  std::shared_ptr<engine::mcp::EraMemory> eras_;
  discovery::Sources sources_;
  std::vector<discovery::ServerSpec> added_;  // by code, each for its session
  discovery::Catalogue catalogue_;
  discovery::CatalogueCache kept_lists_;
  std::string why_not_kept_;
  Entries entries_;
  ListQueue queue_;
  std::deque<std::string> unseen_;  // to be looked at in the background
  bool in_background_ = false;
  std::set<std::string> reported_;  // faults that were logged
  bool loaded_ = false;             // the configuration, at least once
  bool closed_ = false;
};

}  // namespace headrace::server
