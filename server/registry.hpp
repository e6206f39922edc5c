// The servers that can be called: from configuration to a running process and its tools.
#pragma once

#include <headrace/discovery/catalogue.hpp>
#include <headrace/discovery/sources.hpp>
#include <headrace/engine/logger.hpp>
#include <headrace/engine/mcp/downstream.hpp>

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

  /// Why there is no server of this name, as far as its configuration tells.
  std::string why_unavailable(std::string_view server) const;

  /// Calls `done` once the tools of `server` (its exact name) are known, starting it if need be.
  /// At once, and inline, when they are.
  void with_tools(const std::string& server, engine::Deadline deadline, Listed done);

  /// The running or startable server of exactly this name; null when there is none.
  std::shared_ptr<engine::mcp::Downstream> downstream(const std::string& server);

  /// Whether the server of exactly this name has a process that has answered the handshake.
  bool is_running(const std::string& server) const;

  /// Whoever gave the hooks is going; calls under way may keep the registry for longer.
  void drop_hooks() noexcept { hooks_ = {}; }

  /// RegistryHooks::capabilities says something else from now on.
  void capabilities_changed();

  /// Ends all servers, side by side. For good.
  asio::awaitable<void> async_close();

 private:
  struct Entry {
    std::shared_ptr<engine::mcp::Downstream> downstream;
    std::vector<Listed> waiting;  // for the list that is under way
    bool listing = false;
    bool stale = false;           // the list changed while it was read
    engine::Deadline good_until;  // what the server said of its list
  };

  using Entries = std::map<std::string, Entry, std::less<>>;

  void begin_listing(const std::string& server, engine::Deadline deadline);
  void on_listed(const std::string& server, const engine::mcp::Downstream* asked,
                 engine::mcp::ListPages pages);
  void retire(const std::string& server);
  engine::mcp::DownstreamHooks downstream_hooks(const std::string& server);
  void on_tools_changed(const std::string& server);
  void remember_eras();
  void report(const discovery::Faults& faults);

  engine::Executor executor_;
  RegistryOptions options_;
  std::shared_ptr<engine::ProcessGuard> guard_;
  engine::Logger logger_;
  RegistryHooks hooks_;
  std::shared_ptr<engine::mcp::EraMemory> eras_;
  discovery::Sources sources_;
  discovery::Catalogue catalogue_;
  Entries entries_;
  std::set<std::string> reported_;  // faults that were logged
  bool loaded_ = false;             // the configuration, at least once
  bool closed_ = false;
};

}  // namespace headrace::server
