// The composition: configuration, servers, sandbox and sessions behind one operation, running code.
#pragma once

#include <headrace/sandbox/launcher.hpp>
#include <headrace/sandbox/session.hpp>
#include <headrace/server/code_requests.hpp>
#include <headrace/server/config_watch.hpp>
#include <headrace/server/registry.hpp>
#include <headrace/server/run_questions.hpp>
#include <headrace/server/saved_tools.hpp>
#include <headrace/server/session_table.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headrace::server {

struct BridgeOptions {
  RegistryOptions registry;
  sandbox::LauncherOptions launcher;
  sandbox::PoolOptions pool;
  sandbox::SessionOptions session;
  /// Sessions that live at once; the longest unused makes room for another.
  std::size_t max_sessions = 8;
  /// Servers whose tools are not known, or not since yesterday, are asked for them once somebody is
  /// there who will run code.
  bool background_lists = true;
  /// Without `servers`, none can be reached.
  bool strict_servers = false;
  /// Code may start servers for its session. They run on the host, with the rights of this process.
  bool allow_add_servers = false;
  std::filesystem::path saved_tools;
};

/// What is to be run.
struct CodeRun {
  std::string code;
  /// These alone can be reached, and are started at once. Nothing: every one, when first used.
  std::optional<std::vector<std::string>> servers;
  std::chrono::seconds timeout{30};
  /// Whose variables it sees; `default` is the connection's own.
  std::string session = "default";
  sandbox::Launcher::Progress progress;
  /// As in sandbox::RunRequest; may be empty.
  std::function<void(bool is_error, std::string_view text)> on_output;
  std::function<void(const sandbox::RunProgress&)> on_progress;
  /// Hears how far the calls are that it makes; may be empty.
  std::function<void(const std::string& server, const std::string& tool,
                     const engine::mcp::ProgressUpdate&)>
      on_call_progress;
  /// Who is asked what a server wants to know in the course of this run; null: nobody.
  std::shared_ptr<const Respondent> respondent;
};

struct CodeResult {
  sandbox::RunResult run;
  /// Why nothing was run: an unknown server, one that can't be started. Empty otherwise.
  std::string rejected;
  /// Tool calls of this run that have ended, and the time they took together.
  std::uint64_t calls = 0;
  engine::Clock::duration call_time{};
};

/// A session by its name.
struct LiveSession {
  std::string name;
  std::shared_ptr<sandbox::Session> session;
};

/// One run under way. Shared between who asked for it and the bridge.
class BridgeRun {
 public:
  BridgeRun(const engine::Executor& executor, CodeRun request)
      : request_(std::move(request)), changed_(executor) {}

  /// Ends it wherever it is; its result is then `cancelled`.
  void cancel();

 private:
  friend class Bridge;
  CodeRun request_;
  engine::Event changed_;  // a server is ready, or cancelled
  std::size_t starting_ = 0;
  std::string failure_;
  bool cancelled_ = false;
  bool begun_ = false;                         // its turn has come, or it is over
  std::shared_ptr<sandbox::Run> session_run_;  // from when it is handed to a session
};

/// For one client. Runs on one executor, without threads of its own; an embedder brings the
/// io_context. Held by shared_ptr. Nothing is started before the first run or prepare().
class Bridge : public std::enable_shared_from_this<Bridge> {
 public:
  static std::shared_ptr<Bridge> make(engine::Executor executor, BridgeOptions options,
                                      engine::Logger logger);

  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  std::shared_ptr<BridgeRun> make_run(CodeRun request) const;
  /// Runs it to its end, whatever that is; nothing is thrown. Runs of one session wait for each
  /// other, those of different sessions do not. Cancelled by BridgeRun::cancel(), not by Asio's
  /// cancellation.
  asio::awaitable<CodeResult> async_run(std::shared_ptr<BridgeRun> run);

  /// Somebody is there who will run code: an interpreter is started for them, a moment later, and
  /// changes of the configuration are noticed from now on, and what servers can do is learnt.
  void prepare();

  /// The sessions that have run something and were not forgotten since, by name.
  std::vector<LiveSession> sessions() const;
  /// Null when there is none of this name.
  std::shared_ptr<sandbox::Session> find_session(std::string_view name) const {
    return sessions_.find(name);
  }

  /// Called when the servers, or what they offer, have changed.
  std::function<void()> on_servers_changed;
  /// Called when a server was asked for its tools: describe_servers() may say something else.
  std::function<void()> on_servers_listed;

  /// What is configured, and what of it is known: the text of a resource, JSON.
  std::string describe_servers() const;

  /// Ends all interpreters and servers, side by side. For good.
  asio::awaitable<void> async_close();

  /// Reads the configuration, so that faults are reported, without starting anything.
  void refresh() { registry_->refresh(); }

 private:
  Bridge(engine::Executor executor, BridgeOptions options, engine::Logger logger);
  std::shared_ptr<NamedSession> make_session(const std::string& name);
  asio::awaitable<void> perform(std::shared_ptr<BridgeRun> run, CodeResult& result);
  static asio::awaitable<void> wait_behind(std::shared_ptr<Bridge> self,
                                           std::shared_ptr<BridgeRun> run,
                                           std::shared_ptr<NamedSession> named);
  asio::awaitable<std::string> start_servers(std::shared_ptr<BridgeRun> run);
  std::string find_unknown_server(const std::vector<std::string>& names, std::uint64_t tag) const;
  const discovery::CatalogueServer* find_server(std::string_view name, std::uint64_t tag) const;
  void on_turn(const BridgeRun& run, NamedSession& named, sandbox::RunRequest& turn);
  std::shared_ptr<NamedSession> session_that_calls(
      const engine::mcp::Downstream& server, std::uint64_t call_tag,
      const std::vector<std::shared_ptr<const Respondent>>& tried) const;
  RegistryHooks registry_hooks();
  void list_soon(int delays);

  engine::Executor executor_;
  BridgeOptions options_;
  engine::Logger logger_;
  std::shared_ptr<engine::ProcessGuard> guard_;
  std::shared_ptr<Registry> registry_;
  std::shared_ptr<ConfigWatch> config_watch_;
  std::shared_ptr<SavedTools> saved_tools_;
  std::shared_ptr<sandbox::Pool> pool_;
  SessionTable sessions_;
  std::shared_ptr<RunQuestions> questions_ = std::make_shared<RunQuestions>();
  engine::mcp::ClientCapabilities capabilities_;  // of whoever asked for the latest run
  std::uint64_t last_tag_ = 0;
  asio::steady_timer background_;
};

}  // namespace headrace::server
