// The tools of all servers for a client that wants them as they are: `server__tool`.
#pragma once

#include <headrace/engine/logger.hpp>
#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/server/config_watch.hpp>
#include <headrace/server/gateway_calls.hpp>
#include <headrace/server/gateway_tools.hpp>
#include <headrace/server/registry.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace headrace::server {

struct GatewayOptions {
  RegistryOptions registry;
  /// Patterns with `*` and `?` for names as clients see them; empty: all tools.
  std::vector<std::string> tools;
  /// So long a call may take whose server's entry says nothing; zero: as long as the client waits.
  std::chrono::milliseconds call_timeout{0};
  /// So long `tools/list` waits for servers that nothing is known of.
  std::chrono::milliseconds list_wait = std::chrono::seconds(10);
  /// Servers whose tools are not known, or not since yesterday, are asked once a client is there.
  bool background_lists = true;
};

/// For one client, on one executor. Held by shared_ptr.
///
///     auto gateway = Gateway::make(executor, options, logger);
///     server_options.tool_provider = gateway->tools();
///     auto server = engine::mcp::Server::make(executor, std::move(server_options));
///     gateway->connect(server->role());
class Gateway : public std::enable_shared_from_this<Gateway> {
 public:
  static std::shared_ptr<Gateway> make(engine::Executor executor, GatewayOptions options,
                                       engine::Logger logger);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// For a role, which has to announce changes of tools. It holds the gateway.
  engine::mcp::ToolProvider tools();
  /// The role that it was given to; before its client says anything.
  void connect(engine::mcp::ServerRole& role);

  /// Ends all servers. For good.
  asio::awaitable<void> async_close();

 private:
  using Listed = engine::mcp::ToolProvider::Listed;
  struct WaitingList {
    std::size_t first;
    std::size_t most;
    engine::Clock::time_point until;
    Listed listed;
  };

  Gateway(engine::Executor executor, GatewayOptions options, engine::Logger logger);

  RegistryHooks registry_hooks();
  void prepare();
  void look_at_client();
  void list(std::size_t first, std::size_t most, Listed listed);
  const GatewayTools& current();
  engine::mcp::ToolProvider::Page page(std::size_t first, std::size_t most);
  void ask_unknown();
  void on_asked(const std::string& server, const std::string& error);
  std::optional<engine::Clock::time_point> waits_until() const;
  void answer_waiting();
  void on_notification(const std::string& server, std::string_view method, std::string_view params);
  void on_configured();
  void on_listed(const std::string& server);
  void on_list_changed(const std::string& server);
  void ask_changed();
  void tell_soon();
  void tell();
  std::uint64_t fingerprint_of_all();
  void call(std::shared_ptr<engine::mcp::Request> request);
  const discovery::CatalogueServer* server_of(std::string_view tool) const;
  void refuse(engine::mcp::Request& request);

  engine::Executor executor_;
  GatewayOptions options_;
  engine::Logger logger_;
  std::shared_ptr<GatewayCalls> calls_;
  std::shared_ptr<Registry> registry_;
  std::shared_ptr<ConfigWatch> config_watch_;
  std::weak_ptr<engine::mcp::ServerRole> role_;
  std::string capabilities_ = "{}";  // of the client, raw

  std::optional<GatewayTools> tools_;  // none: to be made anew
  std::map<std::string, std::uint64_t, std::less<>> fingerprints_;
  std::optional<std::uint64_t> told_;  // what the client was last told, or has asked for

  std::map<std::string, engine::Clock::time_point> asked_;  // servers whose list is under way
  struct Failed {
    std::string start_key;
    engine::Clock::time_point at;
  };
  std::map<std::string, Failed> failed_;  // and those that gave none
  std::vector<WaitingList> waiting_;
  asio::steady_timer waiting_timer_;

  std::set<std::string> changed_;  // lists that servers have said to be others
  asio::steady_timer changed_timer_;
  bool changed_pause_ = false;
  asio::steady_timer told_timer_;
  bool telling_ = false;
  bool closed_ = false;
};

}  // namespace headrace::server
