// From a request to run code to its result.
#include <headrace/discovery/docs.hpp>
#include <headrace/server/bridge.hpp>

namespace headrace::server {
namespace {

using discovery::CatalogueServer;
using sandbox::RunStatus;

asio::awaitable<void> close_registry(std::shared_ptr<Registry> registry,
                                     std::shared_ptr<engine::Event> closed) {
  co_await registry->async_close();
  closed->set();
}

}  // namespace

void BridgeRun::cancel() {
  cancelled_ = true;
  changed_.set();
  if (session_run_) session_run_->cancel();
}

Bridge::Bridge(engine::Executor executor, BridgeOptions options, engine::Logger logger)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      logger_(std::move(logger)),
      guard_(std::make_shared<engine::ProcessGuard>()),
      registry_(std::make_shared<Registry>(executor_, options_.registry, guard_, logger_)),
      saved_tools_(std::make_shared<SavedTools>(options_.saved_tools)),
      requests_(std::make_shared<CodeRequests>(registry_, saved_tools_)),
      pool_(std::make_shared<sandbox::Pool>(
          executor_, options_.pool,
          std::make_shared<sandbox::Launcher>(executor_, options_.launcher, guard_, logger_),
          logger_)) {}

std::shared_ptr<Bridge> Bridge::make(engine::Executor executor, BridgeOptions options,
                                     engine::Logger logger) {
  std::shared_ptr<Bridge> bridge(
      new Bridge(std::move(executor), std::move(options), std::move(logger)));
  bridge->connect();
  return bridge;
}

void Bridge::connect() {
  // The session's hooks hold the requests, never the other way round but weakly.
  sandbox::SessionHooks hooks;
  hooks.on_request = [requests = requests_](engine::Responder responder,
                                            const engine::Message& message) {
    requests->on_request(std::move(responder), message);
  };
  hooks.on_cancelled = [requests = requests_](std::string_view id) { requests->on_cancelled(id); };
  hooks.on_interpreter_end = [requests = requests_] { requests->cancel_all(); };
  hooks.saved_tools = [saved = saved_tools_] { return saved->as_json(); };
  session_ = std::make_shared<sandbox::Session>(executor_, options_.session, std::move(hooks),
                                                pool_, logger_);
  requests_->deadline = [weak = std::weak_ptr(session_)] {
    const auto session = weak.lock();
    return session ? session->call_deadline() : engine::Deadline::after(std::chrono::seconds(0));
  };
}

std::shared_ptr<BridgeRun> Bridge::make_run(CodeRun request) const {
  return std::make_shared<BridgeRun>(executor_, std::move(request));
}

asio::awaitable<CodeResult> Bridge::async_run(std::shared_ptr<BridgeRun> run) {
  const std::shared_ptr<Bridge> self = shared_from_this();
  CodeResult result;
  registry_->refresh();
  if (run->request_.servers) {
    result.rejected = co_await start_servers(run);
    if (!result.rejected.empty()) co_return result;
  }
  if (run->cancelled_) {
    result.run.status = RunStatus::cancelled;
    co_return result;
  }
  sandbox::RunRequest request;
  request.code = std::move(run->request_.code);
  request.timeout = run->request_.timeout;
  request.progress = run->request_.progress;
  request.on_output = run->request_.on_output;
  request.on_progress = run->request_.on_progress;
  // Both are kept by this coroutine, which waits for the run: to hold them here would be a cycle.
  request.on_turn = [this, asked = run.get()](sandbox::RunRequest& turn) { on_turn(*asked, turn); };
  run->session_run_ = session_->make_run(std::move(request));
  result.run = co_await session_->async_run(run->session_run_);
  run->session_run_.reset();
  co_return result;
}

void Bridge::on_turn(const BridgeRun& run, sandbox::RunRequest& request) {
  Reach reach;
  if (run.request_.servers || options_.strict_servers) reach.only.emplace();
  if (run.request_.servers) {
    for (const std::string& name : *run.request_.servers) {
      const CatalogueServer* server = registry_->catalogue().find_server(name);
      if (server != nullptr) reach.only->insert(server->spec().name);
    }
  }
  requests_->set_reach(std::move(reach));
  const std::vector<const CatalogueServer*> servers = requests_->reachable();
  discovery::append_run_servers(request.servers, servers);
  for (const CatalogueServer* server : servers)
    request.loaded.push_back(server->spec().name);
}

asio::awaitable<std::string> Bridge::start_servers(std::shared_ptr<BridgeRun> run) {
  const discovery::Catalogue& catalogue = registry_->catalogue();
  for (const std::string& name : *run->request_.servers) {
    if (catalogue.find_server(name) != nullptr) continue;
    std::string known;
    for (const CatalogueServer& server : catalogue.servers()) {
      known += (known.empty() ? "" : ", ") + server.spec().name;
    }
    co_return "Server '" + name +
        "' is not available; configured are: " + (known.empty() ? "none" : known);
  }
  const engine::Deadline deadline =
      engine::Deadline::after(options_.registry.downstream.start_limit);
  for (const std::string& name : *run->request_.servers) {
    const std::string server = catalogue.find_server(name)->spec().name;
    ++run->starting_;
    registry_->with_tools(server, deadline, [run](const std::string& error) {
      if (run->failure_.empty()) run->failure_ = error;
      --run->starting_;
      run->changed_.set();
    });
  }
  if (run->starting_ > 0 && run->request_.progress) run->request_.progress("starting servers");
  while (run->starting_ > 0 && run->failure_.empty() && !run->cancelled_) {
    run->changed_.reset();
    co_await run->changed_.async_wait();
  }
  co_return run->failure_;
}

std::vector<LiveSession> Bridge::sessions() const {
  return {{"default", session_}};
}

asio::awaitable<void> Bridge::async_close() {
  const std::shared_ptr<Bridge> self = shared_from_this();
  const auto closed = std::make_shared<engine::Event>(executor_);
  asio::awaitable<void> closing = close_registry(registry_, closed);
  asio::co_spawn(executor_, std::move(closing), asio::detached);
  co_await session_->async_close();
  co_await closed->async_wait();
}

}  // namespace headrace::server
