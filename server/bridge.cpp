// From a request to run code to its result.
#include <headrace/discovery/docs.hpp>
#include <headrace/server/bridge.hpp>
#include <headrace/server/run_all.hpp>

#include <algorithm>

namespace headrace::server {
namespace {

using discovery::CatalogueServer;
using sandbox::RunStatus;

// Of sessions that had to make room; beyond that the oldest are forgotten.
constexpr std::size_t remembered_names = 1000;

// A client's first requests, and the interpreter's start, come first.
constexpr auto before_background = std::chrono::milliseconds(500);
// An interpreter whose image has to be pulled takes minutes.
constexpr int most_delays = 4;

// Those that code has added are its session's alone. No session has the tag 0.
bool is_seen_by(const CatalogueServer& server, std::uint64_t tag) {
  return server.spec().owner == 0 || server.spec().owner == tag;
}

std::string name_of_session(const CodeRun& run) {
  return run.session.empty() ? "default" : run.session;
}

std::string joined(const std::string& one, const std::string& other) {
  return one.empty() || other.empty() ? one + other : one + "; " + other;
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
      registry_(std::make_shared<Registry>(executor_, options_.registry, guard_, logger_,
                                           registry_hooks())),
      config_watch_(std::make_shared<ConfigWatch>(executor_, registry_, logger_)),
      saved_tools_(std::make_shared<SavedTools>(options_.saved_tools)),
      pool_(std::make_shared<sandbox::Pool>(
          executor_, options_.pool,
          std::make_shared<sandbox::Launcher>(executor_, options_.launcher, guard_, logger_),
          logger_)),
      sessions_(options_.max_sessions, remembered_names,
                [this](const std::string& name) { return make_session(name); }),
      background_(executor_) {}

std::shared_ptr<Bridge> Bridge::make(engine::Executor executor, BridgeOptions options,
                                     engine::Logger logger) {
  return std::shared_ptr<Bridge>(
      new Bridge(std::move(executor), std::move(options), std::move(logger)));
}

Bridge::~Bridge() {
  config_watch_->close();
  registry_->drop_hooks();
}

std::shared_ptr<NamedSession> Bridge::make_session(const std::string& name) {
  const auto named = std::make_shared<NamedSession>();
  named->name = name;
  named->requests = std::make_shared<CodeRequests>(executor_, registry_, saved_tools_, ++last_tag_);
  named->requests->allow_adding = options_.allow_add_servers;
  // The session's hooks hold the requests, never the other way round but weakly.
  sandbox::SessionHooks hooks;
  hooks.on_request = [requests = named->requests](engine::Responder responder,
                                                  const engine::Message& message) {
    requests->on_request(std::move(responder), message);
  };
  hooks.on_cancelled = [requests = named->requests](std::string_view id) {
    requests->on_cancelled(id);
  };
  hooks.on_interpreter_end = [requests = named->requests, registry = registry_] {
    requests->cancel_all();
    // As its variables: whoever comes next in this session finds it as new.
    registry->remove_all(requests->tag());
  };
  hooks.saved_tools = [news = SavedToolsNews(saved_tools_)](bool fresh = true) mutable {
    return news.tell(fresh);
  };
  named->session = std::make_shared<sandbox::Session>(executor_, options_.session, std::move(hooks),
                                                      pool_, logger_);
  named->requests->deadline = [weak = std::weak_ptr(named->session)] {
    const auto session = weak.lock();
    return session ? session->call_deadline() : engine::Deadline::after(std::chrono::seconds(0));
  };
  return named;
}

void Bridge::prepare() {
  config_watch_->start();
  pool_->prepare();
  if (!options_.background_lists) return;
  list_soon(most_delays);
}

void Bridge::list_soon(int delays) {
  background_.expires_after(before_background);
  background_.async_wait([weak = weak_from_this(), delays](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    if (delays > 0 && self->pool_->starting()) return self->list_soon(delays - 1);
    self->registry_->refresh();
    self->registry_->list_in_background();
  });
}

std::shared_ptr<BridgeRun> Bridge::make_run(CodeRun request) const {
  return std::make_shared<BridgeRun>(executor_, std::move(request));
}

asio::awaitable<CodeResult> Bridge::async_run(std::shared_ptr<BridgeRun> run) {
  const std::shared_ptr<Bridge> self = shared_from_this();
  CodeResult result;
  try {
    co_await perform(run, result);
  } catch (const std::exception& error) {
    result.run.status = RunStatus::unavailable;
    result.run.error = std::string("the code could not be run: ") + error.what();
    logger_.log(engine::LogLevel::error, "bridge", result.run.error);
  }
  run->session_run_.reset();
  run->begun_ = true;
  co_return result;
}

asio::awaitable<void> Bridge::perform(std::shared_ptr<BridgeRun> run, CodeResult& result) {
  CodeRun& asked = run->request_;
  if (asked.respondent && asked.respondent->capabilities.raw != capabilities_.raw) {
    capabilities_ = asked.respondent->capabilities;
    registry_->capabilities_changed();
  }
  registry_->refresh();
  config_watch_->start();
  if (asked.servers) {
    result.rejected = co_await start_servers(run);
    if (!result.rejected.empty()) co_return;
  }
  if (run->cancelled_) {
    result.run.status = RunStatus::cancelled;
    co_return;
  }
  const SessionTable::Taken taken = sessions_.take(name_of_session(asked));
  if (!taken.use) {
    result.rejected = taken.error;
    co_return;
  }
  // Before the other is started: the limit is one of memory.
  if (taken.evicted) co_await taken.evicted->async_close();
  NamedSession& named = *taken.use;
  sandbox::RunRequest request;
  request.code = std::move(asked.code);
  request.timeout = asked.timeout;
  request.progress = asked.progress;
  request.on_output = asked.on_output;
  request.on_progress = asked.on_progress;
  // All are kept by this coroutine, which waits for the run: to hold them here would be a cycle.
  request.on_turn = [this, kept = run.get(), &named](sandbox::RunRequest& turn) {
    kept->begun_ = true;
    on_turn(*kept, named, turn);
  };
  run->session_run_ = named.session->make_run(std::move(request));
  if (run->cancelled_) run->session_run_->cancel();
  if (named.session->busy()) {
    asio::awaitable<void> waiting =
        wait_behind(shared_from_this(), run, sessions_.sessions().find(named.name)->second);
    asio::co_spawn(executor_, std::move(waiting), asio::detached);
  }
  result.run = co_await named.session->async_run(run->session_run_);
  // The next run may have its turn already.
  if (named.respondent == asked.respondent) named.respondent.reset();
  if (result.run.number == 0) co_return;
  const CallTally tally = named.requests->take_tally();
  result.calls = tally.calls;
  result.call_time = tally.time;
  std::string& note = result.run.note;
  // Nobody reads the answer to what was cancelled.
  if (!named.lost.empty() && result.run.status != RunStatus::cancelled) {
    named.lost += "; variables and imports of earlier runs are gone";
    note = joined(std::exchange(named.lost, {}), note);
  }
  if (result.run.status == RunStatus::timed_out && named.session->has_interpreter()) {
    note = joined(note, "the code was interrupted where it was; variables and imports are kept");
  }
}

void Bridge::on_turn(const BridgeRun& run, NamedSession& named, sandbox::RunRequest& turn) {
  CodeRequests& requests = *named.requests;
  named.respondent = run.request_.respondent;
  requests.on_progress = run.request_.on_call_progress;
  Reach reach;
  if (run.request_.servers || options_.strict_servers) reach.only.emplace();
  if (run.request_.servers) {
    for (const std::string& name : *run.request_.servers) {
      const CatalogueServer* server = find_server(name, requests.tag());
      if (server != nullptr) reach.only->insert(server->spec().name);
    }
  }
  requests.set_reach(std::move(reach));
  const std::vector<const CatalogueServer*> servers = requests.reachable();
  discovery::append_run_servers(turn.servers, servers);
  for (const CatalogueServer* server : servers)
    turn.loaded.push_back(server->spec().name);
}

// One that this session, by its tag, may see; null when there is none.
const CatalogueServer* Bridge::find_server(std::string_view name, std::uint64_t tag) const {
  const CatalogueServer* server = registry_->catalogue().find_server(name);
  const bool seen = server != nullptr && is_seen_by(*server, tag);
  return seen ? server : nullptr;
}

std::string Bridge::find_unknown_server(const std::vector<std::string>& names,
                                        std::uint64_t tag) const {
  for (const std::string& name : names) {
    if (find_server(name, tag) != nullptr) continue;
    std::string known;
    for (const CatalogueServer& server : registry_->catalogue().servers()) {
      if (!is_seen_by(server, tag)) continue;
      known += (known.empty() ? "" : ", ") + server.spec().name;
    }
    return registry_->why_unavailable(name) +
           "; configured are: " + (known.empty() ? "none" : known);
  }
  return {};
}

asio::awaitable<std::string> Bridge::start_servers(std::shared_ptr<BridgeRun> run) {
  // A session that has not run anything has added none.
  const auto session = sessions_.sessions().find(name_of_session(run->request_));
  const std::uint64_t tag =
      session == sessions_.sessions().end() ? 0 : session->second->requests->tag();
  std::string unknown = find_unknown_server(*run->request_.servers, tag);
  if (!unknown.empty()) co_return unknown;
  const engine::Deadline deadline =
      engine::Deadline::after(options_.registry.downstream.start_limit);
  for (const std::string& name : *run->request_.servers) {
    const std::string server = registry_->catalogue().find_server(name)->spec().name;
    ++run->starting_;
    registry_->with_tools(server, Freshness::confirmed, deadline, [run](const std::string& error) {
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

// A client of the modern era may never come back with an answer that it was asked for, and nobody
// can tell. Others do not wait behind its run for longer than they may run themselves.
asio::awaitable<void> Bridge::wait_behind(std::shared_ptr<Bridge> self,
                                          std::shared_ptr<BridgeRun> run,
                                          std::shared_ptr<NamedSession> named) {
  asio::steady_timer timer(self->executor_);
  while (!run->begun_) {
    timer.expires_after(std::chrono::milliseconds(500));
    co_await timer.async_wait(engine::use_tuple);
    const std::shared_ptr<const Respondent> ahead = named->respondent;
    if (run->begun_ || !ahead || !ahead->give_up) continue;
    if (ahead->give_up(run->request_.timeout)) {
      self->logger_.log(engine::LogLevel::notice, "bridge",
                        "a run that waited for its client's answer was ended, since another run of "
                        "session '" +
                            named->name + "' has waited long enough behind it");
    }
  }
}

RegistryHooks Bridge::registry_hooks() {
  RegistryHooks hooks;
  // Dropped when we go.
  hooks.on_question = [this](const engine::mcp::Downstream& server,
                             const engine::mcp::Question& question,
                             engine::mcp::ReplyCallback reply) {
    auto find = [this, weak = server.weak_from_this(), tag = question.call_tag](
                    const std::vector<std::shared_ptr<const Respondent>>& tried) {
      const auto asking = weak.lock();
      const auto named = asking ? session_that_calls(*asking, tag, tried) : nullptr;
      return named ? Asker{named->respondent, named->session} : Asker{};
    };
    return questions_->ask(server.spec().name, question.method, question.params, std::move(find),
                           std::move(reply));
  };
  hooks.cancel_question = [this](std::uint64_t number) { questions_->withdraw(number); };
  hooks.capabilities = [this] { return declared_capabilities(capabilities_); };
  hooks.on_change = [this] {
    if (on_servers_changed) on_servers_changed();
  };
  hooks.on_listed = [this](const std::string&) {
    if (on_servers_listed) on_servers_listed();
  };
  return hooks;
}

std::shared_ptr<NamedSession> Bridge::session_that_calls(
    const engine::mcp::Downstream& server, std::uint64_t call_tag,
    const std::vector<std::shared_ptr<const Respondent>>& tried) const {
  // Servers of the legacy era don't say which call a question belongs to: the latest one it is, of
  // a run that somebody waits for.
  std::shared_ptr<NamedSession> latest;
  engine::Clock::time_point latest_began{};
  for (const auto& [name, named] : sessions_.sessions()) {
    if (!named->respondent || std::count(tried.begin(), tried.end(), named->respondent) > 0)
      continue;
    if (call_tag != 0) {
      if (named->requests->tag() == call_tag) return named;
      continue;
    }
    const auto began = named->requests->latest_call_to(server);
    if (began && (!latest || *began > latest_began)) {
      latest = named;
      latest_began = *began;
    }
  }
  return latest;
}

std::string Bridge::describe_servers() const {
  registry_->load_kept_lists();
  std::string json;
  std::vector<const CatalogueServer*> servers;
  for (const CatalogueServer& server : registry_->catalogue().servers()) {
    if (is_seen_by(server, 0)) servers.push_back(&server);
  }
  discovery::append_server_list(json, servers);
  return json;
}

std::vector<LiveSession> Bridge::sessions() const {
  std::vector<LiveSession> live;
  for (const auto& [name, named] : sessions_.sessions())
    live.push_back({name, named->session});
  return live;
}

asio::awaitable<void> Bridge::async_close() {
  const std::shared_ptr<Bridge> self = shared_from_this();
  sessions_.close();
  config_watch_->close();
  background_.cancel();
  std::vector<asio::awaitable<void>> parts;
  parts.push_back(registry_->async_close());
  for (const auto& [name, named] : sessions_.sessions())
    parts.push_back(named->session->async_close());
  parts.push_back(pool_->async_close());
  co_await run_all(executor_, std::move(parts));
}

}  // namespace headrace::server
