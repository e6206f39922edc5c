// What a server says by itself: its questions, its notifications; and its lists, which those are
// about.
#include <headrace/engine/mcp/downstream_flow.hpp>
#include <headrace/framing/object_scanner.hpp>

#include <array>
#include <set>

namespace headrace::engine::mcp {
namespace {

constexpr std::size_t most_pages = 1000;
constexpr std::size_t most_list_bytes = std::size_t{64} << 20;

struct Page {
  explicit Page(const Executor& executor) : answered(executor) {}
  Event answered;
  Outcome outcome;
};

std::size_t index_of(ListKind kind) noexcept {
  return static_cast<std::size_t>(kind);
}

bool is_offered(const ServerFacts& facts, ListKind kind) noexcept {
  switch (kind) {
    case ListKind::tools:
      return true;  // Whoever has none says so; some don't declare them.
    case ListKind::prompts:
      return facts.prompts.exists;
    case ListKind::resources:
    case ListKind::resource_templates:
      return facts.resources.exists;
  }
  return true;
}

}  // namespace

void Downstream::declare_capabilities(Era era) {
  const bool can_ask = hooks_.on_question && hooks_.capabilities;
  declared_ = declare(options_.identity, can_ask ? hooks_.capabilities() : std::string(), era);
  const std::string_view version =
      facts_.era == Era::modern && is_modern_version(facts_.protocol_version)
          ? std::string_view(facts_.protocol_version)
          : modern_versions.front();
  meta_ = request_meta(options_.identity, declared_, version);
}

void Downstream::capabilities_changed() {
  if (state_.phase() == Phase::ready && facts_.era == Era::modern) {
    declare_capabilities(Era::modern);
  }
}

void Downstream::on_request(Responder responder, const Message& message) {
  if (auto reply =
          answer_server_request(options_.identity, declared_, message.method, message.params)) {
    if (reply->result.empty()) {
      responder.error(reply->code, reply->message);
    } else {
      responder.result(std::string_view(reply->result));
    }
    return;
  }
  Question question{std::string(message.method), std::string(message.params), 0};
  if (!flows_.empty()) {
    const std::string task = related_task(message.params);
    for (const auto& [number, flow] : flows_) {
      if (!task.empty() && flow->steps.task_id() == task) question.call_tag = flow->context.tag;
    }
  }
  const std::string id(responder.id());
  const auto waiting = std::make_shared<Responder>(std::move(responder));
  auto reply = [this, id, waiting](const QuestionReply& answer) {
    const auto asked = asked_.find(id);
    if (asked != asked_.end() && asked->second.responder == waiting) asked_.erase(asked);
    if (answer.result.empty()) {
      waiting->error(answer.code, answer.message);
    } else {
      waiting->result(std::string_view(answer.result));
    }
  };
  const std::uint64_t key = desk_->ask(std::move(question), std::move(reply));
  if (key != 0) asked_[id] = {key, waiting};
}

void Downstream::on_questions_open(bool open) {
  if (open && plain_ && !held_since_) {
    held_since_ = Clock::now();
    peer_.hold_deadlines();
  } else if (!open && held_since_) {
    const auto now = Clock::now();
    for (const auto& [number, flow] : flows_)
      flow->deadline = flow->deadline.later(now - *held_since_);
    held_since_.reset();
    peer_.release_deadlines();
  }
}

void Downstream::on_notification(const Message& message) {
  const std::string_view method = message.method;
  if (method == "notifications/progress") {
    on_progress(message);
  } else if (const auto kind = changed_list(method)) {
    on_list_changed(*kind);
  } else if (method == "notifications/cancelled") {
    on_cancelled(message);
  } else if (method == "notifications/resources/updated") {
    if (hooks_.on_resource_updated) hooks_.on_resource_updated(read_uri(message.params));
  } else {
    if (method == "notifications/message" && options_.log_messages) {
      const ServerLog log = read_log_message(message.params);
      LogLevel level = LogLevel::info;
      parse_log_level(log.level, level);
      logger_.log(level, source_, log.text);
    }
    if (hooks_.on_notification) hooks_.on_notification(method, message.params);
  }
}

void Downstream::on_cancelled(const Message& message) {
  framing::ObjectScanner scanner;
  std::array<framing::Member, 1> members{{{"requestId"}}};
  if (scanner.scan_members(message.params, members) != framing::Fault::none) return;
  const std::string id(members[0].value);
  // A modern server ends its subscription this way.
  if (listening_ != 0 && id == std::to_string(listening_)) {
    peer_.cancel(listening_, "the server has ended it");
    return;
  }
  const auto found = asked_.find(id);
  if (found == asked_.end()) return;
  const Asked asked = found->second;
  asked_.erase(found);
  asked.responder->discard();
  desk_->withdraw(asked.key);
}

void Downstream::on_list_changed(ListKind kind) {
  const std::size_t index = index_of(kind);
  if (told_[index]) {
    again_[index] = true;
    return;
  }
  told_[index] = true;
  if (!change_pause_) {
    change_pause_ = true;
    tell_later();
  }
  if (hooks_.on_list_changed) hooks_.on_list_changed(kind);
}

void Downstream::tell_later() {
  change_timer_.expires_after(options_.list_change_pause);
  auto passed = [weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    // What has changed since then is told now, and begins a pause of its own.
    self->change_pause_ = false;
    self->told_ = {};
    const auto again = std::exchange(self->again_, {});
    for (std::size_t i = 0; i < again.size(); ++i) {
      if (again[i]) self->on_list_changed(static_cast<ListKind>(i));
    }
  };
  change_timer_.async_wait(std::move(passed));
}

void Downstream::tell_all_lists() {
  if (!hooks_.on_list_changed) return;
  hooks_.on_list_changed(ListKind::tools);
  if (facts_.prompts.exists) hooks_.on_list_changed(ListKind::prompts);
  if (facts_.resources.exists) hooks_.on_list_changed(ListKind::resources);
}

void Downstream::listen() {
  if (plain_ || !peer_open_ || listening_ != 0) return;
  const std::string wanted = listen_params(facts_);
  if (wanted.empty()) return;
  const std::string params = with_member(wanted, R"("_meta":{)" + meta_ + "}");
  CallOptions call_options;
  call_options.announce_cancel = false;
  auto completion = [this](std::error_code error, const Answer&) { on_listen_ended(error); };
  listening_ = peer_.call("subscriptions/listen", std::string_view(params), call_options,
                          std::move(completion));
}

void Downstream::on_listen_ended(std::error_code error) {
  listening_ = 0;
  // Some servers end it with an error when their stdin closes.
  if (stop_requested_) return;
  if (error == Errc::remote_error) {
    logger_.log(LogLevel::warning, source_,
                "refuses 'subscriptions/listen': changes of its lists will not be heard of");
    return;
  }
  if ((error && error != Errc::cancelled) || !peer_open_) return;
  const auto pause = std::min(options_.listen_pause * (1 << std::min(listen_ends_++, 10)),
                              Clock::duration(std::chrono::minutes(1)));
  listen_timer_.expires_after(pause);
  auto passed = [weak = weak_from_this()](std::error_code stopped) {
    const auto self = weak.lock();
    if (!self || stopped || self->phase() != Phase::ready) return;
    self->listen();
    // What changed meanwhile was not heard.
    self->tell_all_lists();
  };
  listen_timer_.async_wait(std::move(passed));
}

void Downstream::list(ListKind kind, Deadline deadline, PagesCallback callback) {
  asio::awaitable<void> reading =
      read_list(shared_from_this(), kind, deadline, std::move(callback));
  asio::co_spawn(executor_, std::move(reading), asio::detached);
}

asio::awaitable<void> Downstream::read_list(std::shared_ptr<Downstream> self, ListKind kind,
                                            Deadline deadline, PagesCallback callback) {
  // Where the context goes first, those that wait may hold each other until they are told.
  struct Listing {
    PagesCallback& callback;
    bool over = false;
    ~Listing() {
      if (!over) callback({Errc::shutting_down, "the program is ending", {}, {}});
    }
  };
  Listing listing{callback};
  const std::string_view method = list_method(kind);
  ListPages pages;
  std::set<std::string> cursors;
  std::optional<std::string> cursor;
  std::size_t bytes = 0;
  bool more = !self->can_send() || is_offered(self->facts_, kind);
  while (more) {
    const std::string params = list_params(cursor ? std::string_view(*cursor) : std::string_view());
    // Shared: the callback may outlive this coroutine when the context is torn down.
    const auto page = std::make_shared<Page>(self->executor_);
    auto on_answer = [page](Outcome result) {
      page->outcome = std::move(result);
      page->answered.set();
    };
    self->call(method, std::string_view(params), deadline, std::move(on_answer));
    co_await page->answered.async_wait();
    Outcome& outcome = page->outcome;
    if (outcome.error == Errc::remote_error && pages.pages.empty() &&
        !is_offered(self->facts_, kind)) {
      break;
    }
    if (outcome.error) {
      pages.error = outcome.error;
      pages.message = std::move(outcome.message);
      break;
    }
    bytes += outcome.answer.body.size();
    if (pages.pages.empty()) pages.time_to_live = time_to_live(outcome.answer.body);
    pages.pages.emplace_back(outcome.answer.body);
    cursor = next_cursor(outcome.answer.body);
    more = cursor.has_value();
    if (more && !cursors.insert(*cursor).second) {
      pages.message = self->source_ + " repeats a cursor of '" + std::string(method) +
                      "': the list was cut there";
      more = false;
    } else if (more && (pages.pages.size() == most_pages || bytes > most_list_bytes)) {
      pages.message = self->source_ + " answers '" + std::string(method) +
                      "' with more than can be kept: the list was cut";
      more = false;
    }
  }
  listing.over = true;
  callback(std::move(pages));
}

}  // namespace headrace::engine::mcp
