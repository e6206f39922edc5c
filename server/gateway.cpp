// What a gateway's client is shown, and when it is told that this has changed.
#include <headrace/discovery/glob.hpp>
#include <headrace/server/gateway.hpp>

#include <algorithm>

namespace headrace::server {
namespace {

using namespace std::chrono_literals;

using discovery::CatalogueServer;
using discovery::ToolDoc;
using engine::Clock;
using engine::LogLevel;
using engine::mcp::ListKind;
using engine::mcp::Request;

// A server that could not be asked is not asked again for each list: a client may want one for each
// question of its user.
constexpr auto before_retry = 60s;

// One that keeps saying that its list changed is not asked all the time.
constexpr auto between_changes = 2s;

// What servers answer one after the other is told as one change, and more so while they start.
constexpr auto before_telling = 200ms;
constexpr auto before_telling_more = 2s;

// Enough for one message.
constexpr std::size_t page_bytes = std::size_t{4} << 20;

}  // namespace

std::shared_ptr<Gateway> Gateway::make(engine::Executor executor, GatewayOptions options,
                                       engine::Logger logger) {
  return std::shared_ptr<Gateway>(
      new Gateway(std::move(executor), std::move(options), std::move(logger)));
}

Gateway::Gateway(engine::Executor executor, GatewayOptions options, engine::Logger logger)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      logger_(std::move(logger)),
      calls_(std::make_shared<GatewayCalls>(options_.call_timeout)),
      registry_(std::make_shared<Registry>(executor_, options_.registry,
                                           std::make_shared<engine::ProcessGuard>(), logger_,
                                           registry_hooks())),
      config_watch_(std::make_shared<ConfigWatch>(executor_, registry_, logger_)),
      waiting_timer_(executor_),
      changed_timer_(executor_),
      told_timer_(executor_) {}

Gateway::~Gateway() {
  config_watch_->close();
  registry_->drop_hooks();
}

// Dropped when we go.
RegistryHooks Gateway::registry_hooks() {
  RegistryHooks hooks;
  hooks.on_question = [this](const engine::mcp::Downstream& server,
                             const engine::mcp::Question& question,
                             engine::mcp::ReplyCallback reply) {
    return calls_->ask(server, question, std::move(reply));
  };
  hooks.cancel_question = [this](std::uint64_t number) { calls_->withdraw(number); };
  hooks.capabilities = [this] { return capabilities_; };
  hooks.on_notification = [this](const std::string& server, std::string_view method,
                                 std::string_view params) {
    on_notification(server, method, params);
  };
  hooks.on_change = [this] { on_configured(); };
  hooks.on_listed = [this](const std::string& server) { on_listed(server); };
  hooks.on_list_changed = [this](const std::string& server, ListKind kind) {
    if (kind == ListKind::tools) on_list_changed(server);
  };
  return hooks;
}

engine::mcp::ToolProvider Gateway::tools() {
  engine::mcp::ToolProvider provider;
  provider.list = [self = shared_from_this()](std::size_t first, std::size_t most, Listed listed) {
    self->list(first, most, std::move(listed));
  };
  provider.call = [self = shared_from_this()](std::shared_ptr<Request> request) {
    self->call(std::move(request));
  };
  return provider;
}

void Gateway::connect(engine::mcp::ServerRole& role) {
  role_ = role.weak_from_this();
  calls_->connect(registry_, role_);
  role.on_initialized = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->prepare();
  };
  role.on_other_notification = [weak = weak_from_this()](const engine::Message& message) {
    const auto self = weak.lock();
    if (self && message.method == "notifications/roots/list_changed")
      self->registry_->notify_all(message.method, message.params);
  };
}

// What servers say without having been asked, and no other part of us has understood.
void Gateway::on_notification(const std::string& server, std::string_view method,
                              std::string_view params) {
  const auto role = role_.lock();
  if (!role) return;
  if (method == "notifications/message") {
    const engine::mcp::ServerLog log = engine::mcp::read_log_message(params);
    LogLevel level = LogLevel::info;
    engine::parse_log_level(log.level, level);
    role->log_data(level, log.logger.empty() ? server : server + "/" + log.logger, log.data);
  } else if (method == "notifications/elicitation/complete") {
    role->pass_on(method, params);
  }
}

// Whoever only looks at what we are does not get so far.
void Gateway::prepare() {
  look_at_client();
  registry_->refresh();
  config_watch_->start();
  for (const std::string& name : registry_->missing())
    logger_.log(LogLevel::warning, "gateway",
                "no server is called '" + name + "': see `headrace servers`");
  if (!options_.background_lists) return;
  current();
  ask_unknown();
  registry_->list_in_background();
}

void Gateway::look_at_client() {
  const auto role = role_.lock();
  if (!role || role->client().capabilities.raw == capabilities_) return;
  capabilities_ = role->client().capabilities.raw;
  registry_->capabilities_changed();
}

// --- lists ---

const GatewayTools& Gateway::current() {
  if (!tools_) {
    registry_->load_kept_lists();
    tools_.emplace(registry_->catalogue().servers(), options_.tools);
  }
  return *tools_;
}

void Gateway::list(std::size_t first, std::size_t most, Listed listed) {
  look_at_client();
  registry_->refresh();
  current();
  ask_unknown();
  // Whoever wants the pages behind has waited for the first.
  const auto until = first == 0 ? waits_until() : std::nullopt;
  if (!until) return listed(page(first, most));
  waiting_.push_back({first, most, *until, std::move(listed)});
  answer_waiting();
}

engine::mcp::ToolProvider::Page Gateway::page(std::size_t first, std::size_t most) {
  engine::mcp::ToolProvider::Page page;
  const std::span<const GatewayTool> tools = current().all();
  std::size_t next = std::min(first, tools.size());
  const std::size_t end = std::min(tools.size(), next + most);
  for (std::size_t bytes = 0; next < end && bytes < page_bytes; ++next) {
    const ToolDoc* tool = registry_->catalogue().find_tool(tools[next].server, tools[next].tool);
    if (tool == nullptr) continue;
    page.definitions.push_back(gateway_definition(*tool, tools[next].name));
    bytes += page.definitions.back().size();
  }
  if (next < tools.size()) page.next = next;
  page.settled = asked_.empty();
  if (first == 0) {
    // Whoever asks by chance in between is told all the same: others of the client may wait for it.
    if (told_) tell();
    told_ = fingerprint_of_all();
  }
  return page;
}

// Begins to ask servers that nothing is known of.
void Gateway::ask_unknown() {
  const auto now = Clock::now();
  std::vector<std::string> unknown;
  for (const CatalogueServer& server : registry_->catalogue().servers()) {
    const std::string& name = server.spec().name;
    const auto failed = failed_.find(name);
    const bool too_soon = failed != failed_.end() && now - failed->second.at < before_retry &&
                          failed->second.start_key == discovery::start_key(server.spec());
    if (server.has_list() || asked_.contains(name) || too_soon) continue;
    asked_.emplace(name, now);
    unknown.push_back(name);
  }
  // Each goes before those that were to be asked before it.
  std::reverse(unknown.begin(), unknown.end());
  registry_->list_each(
      unknown, Freshness::known,
      [weak = weak_from_this()](const std::string& server, const std::string& error) {
        if (const auto self = weak.lock()) self->on_asked(server, error);
      });
}

void Gateway::on_asked(const std::string& server, const std::string& error) {
  asked_.erase(server);
  if (error.empty()) {
    failed_.erase(server);
  } else if (!closed_) {
    const CatalogueServer* known = registry_->catalogue().find_server(server);
    if (known == nullptr) return answer_waiting();
    failed_[server] = {discovery::start_key(known->spec()), Clock::now()};
    logger_.log(LogLevel::warning, "gateway",
                "the tools of '" + server + "' are missing: " + error);
  }
  if (asked_.empty()) tell_soon();
  answer_waiting();
}

// Nothing when no server is under way that is worth waiting for.
std::optional<Clock::time_point> Gateway::waits_until() const {
  std::optional<Clock::time_point> latest;
  for (const auto& [server, since] : asked_) {
    const auto until = since + options_.list_wait;
    if (until > Clock::now() && (!latest || until > *latest)) latest = until;
  }
  return latest;
}

void Gateway::answer_waiting() {
  waiting_timer_.cancel();
  const bool nobody = !waits_until();
  const auto now = Clock::now();
  auto earliest = Clock::time_point::max();
  std::vector<WaitingList> ready;
  for (WaitingList& one : std::exchange(waiting_, {})) {
    if (nobody || one.until <= now) {
      ready.push_back(std::move(one));
    } else {
      earliest = std::min(earliest, one.until);
      waiting_.push_back(std::move(one));
    }
  }
  if (!waiting_.empty()) {
    waiting_timer_.expires_at(earliest);
    waiting_timer_.async_wait([weak = weak_from_this()](std::error_code error) {
      const auto self = weak.lock();
      if (self && !error) self->answer_waiting();
    });
  }
  for (WaitingList& one : ready)
    one.listed(page(one.first, one.most));
}

// --- changes ---

void Gateway::on_configured() {
  tools_.reset();
  fingerprints_.clear();
  tell_soon();
  if (!options_.background_lists) return;
  // What is new is asked without having been asked for.
  asio::post(executor_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    self->current();
    self->ask_unknown();
  });
}

void Gateway::on_listed(const std::string& server) {
  const CatalogueServer* known = registry_->catalogue().find_server(server);
  const auto before = fingerprints_.find(server);
  if (known != nullptr && before != fingerprints_.end() && before->second == fingerprint(*known))
    return;
  fingerprints_.erase(server);
  tools_.reset();
  tell_soon();
}

void Gateway::on_list_changed(const std::string& server) {
  changed_.insert(server);
  if (!changed_pause_) ask_changed();
}

void Gateway::ask_changed() {
  const std::set<std::string> changed = std::exchange(changed_, {});
  if (changed.empty() || closed_) return;
  changed_pause_ = true;
  changed_timer_.expires_after(between_changes);
  changed_timer_.async_wait([weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    self->changed_pause_ = false;
    self->ask_changed();
  });
  registry_->list_each(
      {changed.begin(), changed.end()}, Freshness::known,
      [weak = weak_from_this()](const std::string& server, const std::string& error) {
        const auto self = weak.lock();
        if (!self || !error.empty()) return;
        // It may have changed once more while it was read.
        const auto* known = self->registry_->catalogue().find_server(server);
        if (known != nullptr && !known->has_list()) self->on_list_changed(server);
      });
}

void Gateway::tell_soon() {
  if (!told_ || closed_) return;
  const auto pause = asked_.empty() ? Clock::duration(before_telling) : before_telling_more;
  const auto at = Clock::now() + pause;
  if (telling_ && told_timer_.expiry() <= at) return;
  telling_ = true;
  told_timer_.expires_at(at);
  told_timer_.async_wait([weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    self->telling_ = false;
    self->tell();
  });
}

void Gateway::tell() {
  if (!told_) return;
  const std::uint64_t now = fingerprint_of_all();
  if (now == *told_) return;
  told_ = now;
  if (const auto role = role_.lock()) role->tools_changed();
}

std::uint64_t Gateway::fingerprint_of_all() {
  current();
  std::uint64_t all = 0;
  for (const CatalogueServer& server : registry_->catalogue().servers()) {
    const std::string& name = server.spec().name;
    auto known = fingerprints_.find(name);
    if (known == fingerprints_.end())
      known = fingerprints_.emplace(name, fingerprint(server)).first;
    // The order counts too.
    all = (all * 31) ^ known->second;
  }
  return all;
}

// --- calls ---

void Gateway::call(std::shared_ptr<Request> request) {
  look_at_client();
  if (const GatewayTool* tool = current().find(request->name())) {
    calls_->call(std::move(request), *tool);
    return;
  }
  // Its server may not have been asked yet, or have got it since. Another server is not waited for,
  // nor is any for a name that is not offered.
  const CatalogueServer* server = server_of(request->name());
  const bool offered =
      options_.tools.empty() || discovery::matches_any_glob(options_.tools, request->name());
  if (server == nullptr || server->is_confirmed() || !offered) return refuse(*request);
  registry_->with_tools(server->spec().name, Freshness::confirmed,
                        engine::Deadline::after(options_.list_wait),
                        [weak = weak_from_this(), request](const std::string&) mutable {
                          const auto self = weak.lock();
                          if (!self || request->cancelled()) return;
                          const GatewayTool* tool = self->current().find(request->name());
                          if (tool == nullptr) return self->refuse(*request);
                          self->calls_->call(std::move(request), *tool);
                        });
}

// By the beginning of a tool's name; null when it is none's.
const CatalogueServer* Gateway::server_of(std::string_view tool) const {
  const CatalogueServer* found = nullptr;
  for (const CatalogueServer& server : registry_->catalogue().servers()) {
    const std::string& alias = server.spec().alias;
    if (!tool.starts_with(alias + "__")) continue;
    if (found == nullptr || alias.size() > found->spec().alias.size()) found = &server;
  }
  return found;
}

void Gateway::refuse(Request& request) {
  std::string message = "Unknown tool: " + engine::mcp::shortened(request.name());
  const CatalogueServer* server = server_of(request.name());
  const std::string nearest = current().nearest(request.name());
  if (!nearest.empty()) {
    message += "; did you mean '" + nearest + "'?";
  } else if (server != nullptr && !server->error().empty()) {
    message += "; server '" + server->spec().name + "' could not be asked: " + server->error();
  }
  request.error(engine::mcp::invalid_params, message);
}

asio::awaitable<void> Gateway::async_close() {
  const std::shared_ptr<Gateway> self = shared_from_this();
  closed_ = true;
  config_watch_->close();
  waiting_timer_.cancel();
  changed_timer_.cancel();
  told_timer_.cancel();
  waiting_.clear();
  co_await registry_->async_close();
}

}  // namespace headrace::server
