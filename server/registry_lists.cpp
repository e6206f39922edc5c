// What is known of servers' tools: kept on disk, asked for, and asked for again.
#include <headrace/server/registry.hpp>

#include <algorithm>

namespace headrace::server {
namespace {

using namespace std::chrono_literals;

using discovery::CatalogueServer;
using discovery::ListState;
using discovery::WallTime;
using engine::LogLevel;
using engine::mcp::Downstream;

// A server that keeps saying that its list changed is not asked all the time.
constexpr auto least_between_lists = 10s;

constexpr auto slow = 10s;

// A server that tells when its list changes need not be asked again, whatever else it says; and
// none is asked all the time.
engine::Deadline good_until(std::optional<std::chrono::milliseconds> time_to_live,
                            const engine::mcp::ServerFacts& facts) {
  if (!time_to_live || facts.tools.list_changes) return {};
  return engine::Deadline::after(
      std::clamp<std::chrono::milliseconds>(*time_to_live, least_between_lists, 24h));
}

bool is_good_enough(const CatalogueServer& server, Freshness freshness) {
  return freshness == Freshness::known ? server.has_list() : server.is_confirmed();
}

}  // namespace

void Registry::look_up(const CatalogueServer& server, Entry& entry) {
  if (entry.looked_up || server.state() != ListState::not_listed) return;
  entry.looked_up = true;
  const std::string name = server.spec().name;
  std::optional<discovery::CachedTools> kept = kept_lists_.load(server.spec());
  entry.failure = kept_lists_.load_failure(server.spec());
  if (entry.failure) catalogue_.set_last_error(name, entry.failure->error);
  if (!kept) return;
  entry.to_confirm = true;
  if (kept->time_to_live) {
    const auto age = WallTime::clock::now() - kept->listed_at;
    entry.good_until = engine::Deadline::after(*kept->time_to_live - age);
  }
  report(catalogue_.set_cached(name, std::move(kept->tools), kept->listed_at));
}

// What is known of a server without asking it; null when there is none of exactly this name.
const CatalogueServer* Registry::look_at(const std::string& server) {
  const CatalogueServer* known = catalogue_.find_server(server);
  if (known == nullptr || known->spec().name != server) return nullptr;
  Entry& entry = entries_[server];
  look_up(*known, entry);
  if (known->is_confirmed() && entry.good_until.passed()) catalogue_.set_stale(server);
  return known;
}

void Registry::load_kept_lists() {
  for (const CatalogueServer& server : catalogue_.servers())
    look_at(server.spec().name);
}

void Registry::with_tools(const std::string& server, Freshness freshness, engine::Deadline deadline,
                          Listed done) {
  const CatalogueServer* known = look_at(server);
  if (known != nullptr && is_good_enough(*known, freshness)) {
    done({});
    return;
  }
  if (!downstream(server)) {
    done(why_unavailable(server));
    return;
  }
  Entry& entry = entries_[server];
  entry.waiting.push_back(std::move(done));
  if (!entry.listing) begin_listing(server, deadline);
}

void Registry::list_each(const std::vector<std::string>& servers, Freshness freshness,
                         const OneListed& done) {
  for (const std::string& server : servers) {
    const CatalogueServer* known = look_at(server);
    if (known == nullptr || closed_) {
      done(server, why_unavailable(server));
    } else if (is_good_enough(*known, freshness)) {
      done(server, {});
    } else {
      entries_[server].waiting.push_back(
          [done, server](const std::string& error) { done(server, error); });
      queue_.add(server, true);
    }
  }
}

bool Registry::is_slow_to_list(std::string_view server) const {
  const auto entry = entries_.find(server);
  return entry != entries_.end() && entry->second.listing &&
         engine::Clock::now() - entry->second.listing_began > slow;
}

void Registry::list_in_background() {
  in_background_ = true;
  const bool under_way = !unseen_.empty();
  unseen_.clear();
  for (const CatalogueServer& server : catalogue_.servers())
    unseen_.push_back(server.spec().name);
  if (!under_way) list_next_in_background();
}

// One in a turn: a list may be long, and whoever runs code is not to wait for those of others.
void Registry::list_next_in_background() {
  if (closed_) return;
  if (unseen_.empty()) return kept_lists_.sweep();
  const std::string server = std::move(unseen_.front());
  unseen_.pop_front();
  const CatalogueServer* known = look_at(server);
  if (known != nullptr && is_due(*known, entries_[server])) queue_.add(server, false);
  asio::post(executor_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->list_next_in_background();
  });
}

// Whether a server should be asked for its tools though nobody wants to know them now.
bool Registry::is_due(const CatalogueServer& server, const Entry& entry) const {
  const auto now = WallTime::clock::now();
  if (server.is_confirmed() || server.state() == ListState::failed) return false;
  if (entry.failure && entry.failure->is_recent(now)) return false;
  if (!server.has_list()) return true;
  return entry.good_until.passed() ||
         discovery::CachedTools{{}, server.listed_at(), {}}.is_stale(now);
}

void Registry::begin_listing(const std::string& server, engine::Deadline deadline) {
  Entry* const started = start_entry(server);
  if (started == nullptr) return queue_.finished(server);
  Entry& entry = *started;
  if (entry.listing) return;
  entry.listing = true;
  entry.listing_began = engine::Clock::now();
  entry.stale = false;
  entry.to_confirm = false;
  const std::shared_ptr<Downstream> asked = entry.downstream;
  auto on_pages = [self = shared_from_this(), server, asked](engine::mcp::ListPages pages) {
    self->on_listed(server, asked.get(), std::move(pages));
  };
  // Others may wait for this list too, with more time than the first who asked; and the server may
  // have to start.
  const engine::Deadline enough = engine::Deadline::after(options_.downstream.start_limit + 30s);
  const engine::Deadline until =
      deadline.is_never() ? enough : engine::Deadline(std::max(deadline.at(), enough.at()));
  asked->list(engine::mcp::ListKind::tools, until, std::move(on_pages));
}

void Registry::on_listed(const std::string& server, const Downstream* asked,
                         engine::mcp::ListPages pages) {
  const auto found = entries_.find(server);
  // A server that was changed meanwhile has told those who waited.
  if (found == entries_.end() || found->second.downstream.get() != asked) return;
  Entry& entry = found->second;
  entry.listing = false;
  const std::string error = take_list(server, entry, pages);
  if (!error.empty()) {
    catalogue_.set_failed(server, error);
    keep_failure(server, entry, error);
  }
  std::vector<Listed> waiting = std::exchange(entry.waiting, {});
  if (!entry.called) {
    entry.downstream->rest();
    entry.to_confirm = true;
    catalogue_.set_unconfirmed(server);
  }
  queue_.finished(server);
  if (hooks_.on_listed) hooks_.on_listed(server);
  for (Listed& done : waiting)
    done(error);
}

// Why there is none; empty when there is one.
std::string Registry::take_list(const std::string& server, Entry& entry,
                                engine::mcp::ListPages& pages) {
  if (pages.error) return pages.message;
  if (!pages.message.empty()) logger_.log(LogLevel::warning, "catalogue", pages.message);
  discovery::CachedTools list{{}, WallTime::clock::now(), pages.time_to_live};
  std::string error;
  for (const std::string& raw : pages.pages) {
    discovery::ToolsPage page = discovery::parse_tools_page(raw, server);
    report(page.faults);
    if (!page.error.empty()) error = page.error;
    std::move(page.tools.begin(), page.tools.end(), std::back_inserter(list.tools));
  }
  if (list.tools.empty() && !error.empty()) return error;
  entry.failure.reset();
  std::string why;
  const CatalogueServer* known = catalogue_.find_server(server);
  if (known != nullptr && !kept_lists_.store(known->spec(), list, why)) {
    logger_.log(LogLevel::debug, "catalogue", "the tools of '" + server + "' are not kept: " + why);
    why_not_kept_ = std::move(why);
  }
  report(catalogue_.set_tools(server, std::move(list.tools), list.listed_at));
  entry.good_until = good_until(list.time_to_live, entry.downstream->facts());
  if (entry.stale && entry.called) catalogue_.set_stale(server);
  return {};
}

void Registry::keep_failure(const std::string& server, Entry& entry, const std::string& error) {
  const CatalogueServer* known = catalogue_.find_server(server);
  if (known == nullptr || closed_) return;
  std::string why;
  entry.failure = {error, WallTime::clock::now()};
  if (!kept_lists_.store_failure(known->spec(), *entry.failure, why))
    logger_.log(LogLevel::debug, "catalogue",
                "the failure of '" + server + "' is not kept: " + why);
}

// Behind the call that it is started for.
void Registry::confirm_later(const std::string& server, Entry& entry) {
  entry.to_confirm = false;
  asio::post(executor_, [weak = weak_from_this(), server] {
    const auto self = weak.lock();
    if (!self) return;
    const auto called = self->entries_.find(server);
    if (called != self->entries_.end() && called->second.downstream)
      self->begin_listing(server, {});
  });
}

void Registry::on_tools_changed(const std::string& server) {
  const auto found = entries_.find(server);
  if (found == entries_.end()) return catalogue_.set_stale(server);
  Entry& entry = found->second;
  entry.stale = entry.listing;
  // One that is started to be asked, and rests again, is asked anew once it is used: many say at
  // each start that their list changed, and would be started for each search.
  if (!entry.called) return;
  catalogue_.set_stale(server);
  if (!in_background_ || entry.listing) return;
  if (engine::Clock::now() - entry.listing_began > least_between_lists) queue_.add(server, false);
}

}  // namespace headrace::server
