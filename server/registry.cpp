// Keeps configuration, catalogue and running servers in step.
#include <headrace/discovery/config_file.hpp>
#include <headrace/discovery/replace_file.hpp>
#include <headrace/server/registry.hpp>
#include <headrace/server/run_all.hpp>
#include <headrace/server/session_uri.hpp>

#include <algorithm>
#include <stdexcept>

namespace headrace::server {
namespace {

using namespace std::chrono_literals;

using discovery::CatalogueServer;
using discovery::ListState;
using discovery::Severity;
using engine::LogLevel;
using engine::mcp::Downstream;

LogLevel level_of(Severity severity) {
  switch (severity) {
    case Severity::info:
      return LogLevel::info;
    case Severity::warning:
      return LogLevel::warning;
    case Severity::error:
      break;
  }
  return LogLevel::error;
}

engine::mcp::ProtocolChoice choice_of(discovery::Protocol protocol) {
  switch (protocol) {
    case discovery::Protocol::legacy:
      return engine::mcp::ProtocolChoice::legacy;
    case discovery::Protocol::modern:
      return engine::mcp::ProtocolChoice::modern;
    case discovery::Protocol::automatic:
      break;
  }
  return engine::mcp::ProtocolChoice::automatic;
}

asio::awaitable<void> close_one(std::shared_ptr<Downstream> downstream) {
  co_await downstream->async_close();
}

// A server that is a script may start us too, which its entry does not show; and the next of us
// would start it again, and so on without an end.
RegistryOptions not_too_deep(RegistryOptions options) {
  constexpr unsigned deepest = 3;
  const unsigned depth = discovery::nesting(options.sources.environment);
  if (depth <= deepest) return options;
  throw std::runtime_error(
      "one of the configured servers starts Headrace, which starts that server again: " +
      std::to_string(depth) + " stand above this one. Look for it with `headrace servers`");
}

}  // namespace

Registry::Registry(engine::Executor executor, RegistryOptions options,
                   std::shared_ptr<engine::ProcessGuard> guard, engine::Logger logger,
                   RegistryHooks hooks)
    : executor_(std::move(executor)),
      options_(not_too_deep(std::move(options))),
      guard_(std::move(guard)),
      logger_(std::move(logger)),
      hooks_(std::move(hooks)),
      eras_(std::make_shared<engine::mcp::EraMemory>()),
      sources_(options_.sources),
      kept_lists_(options_.catalogue_folder),
      queue_(executor_, [this](const std::string& server) { begin_listing(server, {}); }) {
  if (options_.era_file.empty()) return;
  std::string text;
  std::string error;
  if (discovery::read_config_file(options_.era_file, text, error)) eras_->load(text);
  eras_->on_change = [eras = eras_.get(), file = options_.era_file, logger = logger_] {
    std::string why;
    if (discovery::replace_file(file, eras->to_json(), why, discovery::Durability::cache)) return;
    logger.log(LogLevel::debug, "registry", "which eras servers speak is not kept: " + why);
  };
}

void Registry::refresh() {
  if (!sources_.refresh()) return;
  report(sources_.current().faults);
  take_servers();
  // Of those that run nothing is to be read; of the others, other tools may be enabled now.
  for (auto& [name, entry] : entries_) {
    if (!entry.downstream) entry.looked_up = false;
  }
  if (in_background_) list_in_background();
  // The first time there is nothing that anybody could have seen.
  if (std::exchange(loaded_, true) && hooks_.on_change) hooks_.on_change();
}

void Registry::report(const discovery::Faults& faults) {
  // Each is said once, however often the configuration is read.
  constexpr std::size_t remembered = 10'000;
  if (reported_.size() > remembered) reported_.clear();
  for (const discovery::Fault& fault : faults) {
    std::string text = discovery::describe(fault);
    if (reported_.contains(text)) continue;
    logger_.log(level_of(fault.severity), "config", text);
    reported_.insert(std::move(text));
  }
}

std::string Registry::why_unavailable(std::string_view server) const {
  std::string text = "Server '" + std::string(server) + "' is not available";
  const discovery::Discovery& found = sources_.current();
  if (const auto* unreachable = discovery::find_unreachable(found, server)) {
    return text + ": " + unreachable->reason + " (" + unreachable->source.file + ")";
  }
  for (const discovery::Fault& fault : found.faults) {
    if (fault.severity == Severity::error && fault.entry == server)
      return text + ": " + discovery::describe(fault);
  }
  return text;
}

void Registry::retire(const std::string& server, const std::string& why) {
  const auto found = entries_.find(server);
  if (found == entries_.end()) return;
  Entry entry = std::move(found->second);
  entries_.erase(found);
  queue_.finished(server);
  for (Listed& done : entry.waiting)
    done("server '" + server + "' was ended: " + why);
  if (!entry.downstream) return;
  entry.downstream->set_end_reason(why);
  asio::awaitable<void> closing = close_one(std::move(entry.downstream));
  asio::co_spawn(executor_, std::move(closing), asio::detached);
}

std::shared_ptr<Downstream> Registry::downstream(const std::string& server) {
  Entry* entry = start_entry(server);
  if (entry == nullptr) return nullptr;
  entry->called = true;
  if (entry->to_confirm) confirm_later(server, *entry);
  return entry->downstream;
}

// The entry of this server, with a Downstream; null when there can be none.
Registry::Entry* Registry::start_entry(const std::string& server) {
  if (closed_) return nullptr;
  if (const auto running = entries_.find(server);
      running != entries_.end() && running->second.downstream)
    return &running->second;
  const CatalogueServer* known = catalogue_.find_server(server);
  if (known == nullptr || known->spec().name != server) return nullptr;
  Entry& entry = entries_[server];
  const discovery::ServerSpec& spec = known->spec();
  engine::mcp::LaunchSpec launch;
  launch.name = spec.name;
  launch.argv.push_back(spec.command);
  launch.argv.insert(launch.argv.end(), spec.args.begin(), spec.args.end());
  launch.environment = discovery::child_environment(spec, options_.sources.environment);
  launch.cwd = spec.cwd;
  engine::mcp::DownstreamOptions options = options_.downstream;
  options.protocol = choice_of(spec.protocol);
  for (const std::string& root : spec.roots) {
    options.identity.roots.push_back({root.starts_with('/') ? host_file_uri(root) : root, {}});
  }
  options.memory = eras_;
  options.log_messages = !hooks_.on_notification;
  if (spec.start_timeout > 0ms) options.start_limit = spec.start_timeout;
  entry.downstream = Downstream::make(executor_, std::move(launch), std::move(options), guard_,
                                      logger_, downstream_hooks(server));
  return &entry;
}

bool Registry::is_running(const std::string& server) const {
  const auto found = entries_.find(server);
  return found != entries_.end() && found->second.downstream &&
         found->second.downstream->phase() == engine::mcp::Phase::ready;
}

engine::mcp::DownstreamHooks Registry::downstream_hooks(const std::string& server) {
  engine::mcp::DownstreamHooks hooks;
  hooks.on_list_changed = [weak = weak_from_this(), server](engine::mcp::ListKind kind) {
    const auto self = weak.lock();
    if (!self) return;
    if (kind == engine::mcp::ListKind::tools) self->on_tools_changed(server);
    if (self->hooks_.on_list_changed) self->hooks_.on_list_changed(server, kind);
    if (self->hooks_.on_change) self->hooks_.on_change();
  };
  hooks.on_restarted = [weak = weak_from_this(), server] {
    const auto self = weak.lock();
    if (!self) return;
    const CatalogueServer* known = self->catalogue_.find_server(server);
    // One that had rested is no other than it was, most likely.
    if (known != nullptr && known->state() == ListState::cached) return;
    self->on_tools_changed(server);
  };
  hooks.on_notification = [weak = weak_from_this(), server](std::string_view method,
                                                            std::string_view params) {
    const auto self = weak.lock();
    if (self && self->hooks_.on_notification) self->hooks_.on_notification(server, method, params);
  };
  hooks.on_question = [weak = weak_from_this(), server](
                          const engine::mcp::Question& question,
                          engine::mcp::ReplyCallback reply) -> std::uint64_t {
    const auto self = weak.lock();
    const auto entry = self ? self->entries_.find(server) : Entries::iterator();
    if (self && self->hooks_.on_question && entry != self->entries_.end() &&
        entry->second.downstream) {
      return self->hooks_.on_question(*entry->second.downstream, question, std::move(reply));
    }
    reply({{}, engine::mcp::method_not_found, "there is no client to ask"});
    return 0;
  };
  hooks.cancel_question = [weak = weak_from_this()](std::uint64_t number) {
    const auto self = weak.lock();
    if (self && self->hooks_.cancel_question) self->hooks_.cancel_question(number);
  };
  hooks.capabilities = [weak = weak_from_this()] {
    const auto self = weak.lock();
    return self && self->hooks_.capabilities ? self->hooks_.capabilities() : std::string();
  };
  return hooks;
}

void Registry::notify_all(std::string_view method, std::string_view params) {
  for (const auto& [name, entry] : entries_) {
    if (entry.downstream) entry.downstream->notify(method, params);
  }
}

void Registry::capabilities_changed() {
  for (const auto& [name, entry] : entries_) {
    if (entry.downstream) entry.downstream->capabilities_changed();
  }
}

asio::awaitable<void> Registry::async_close() {
  const std::shared_ptr<Registry> self = shared_from_this();
  closed_ = true;
  queue_.clear();
  unseen_.clear();
  Entries entries = std::exchange(entries_, {});
  std::vector<asio::awaitable<void>> closing;
  for (auto& [name, entry] : entries) {
    for (Listed& done : entry.waiting)
      done("shutting down");
    if (entry.downstream) closing.push_back(close_one(entry.downstream));
  }
  co_await run_all(executor_, std::move(closing));
}

}  // namespace headrace::server
