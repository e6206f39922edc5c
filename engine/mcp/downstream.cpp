// The supervisor's coroutine, and how calls find their way to a server that may not run yet.
#include <headrace/engine/mcp/downstream.hpp>

#include <algorithm>
#include <set>

namespace headrace::engine::mcp {
namespace {

// A ticket is a call's number at the peer below the count of starts, so that it can't mean a call
// to another incarnation; the highest bit marks calls that had to wait.
constexpr int incarnation_shift = 40;
constexpr std::uint64_t number_mask = (std::uint64_t{1} << incarnation_shift) - 1;
constexpr std::uint64_t waiting_mark = std::uint64_t{1} << 63;

constexpr std::size_t most_pages = 1000;
constexpr std::size_t most_list_bytes = std::size_t{64} << 20;
constexpr std::size_t quoted_stderr = 1000;

struct Page {
  explicit Page(const Executor& executor) : answered(executor) {}
  Event answered;
  Outcome outcome;
};

std::string seconds(Clock::duration time) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 != 0) text += "." + std::to_string(ms % 1000 / 100);
  return text + " s";
}

}  // namespace

std::shared_ptr<Downstream> Downstream::make(Executor executor, LaunchSpec spec,
                                             DownstreamOptions options,
                                             std::shared_ptr<ProcessGuard> guard, Logger logger,
                                             DownstreamHooks hooks) {
  return std::shared_ptr<Downstream>(new Downstream(std::move(executor), std::move(spec),
                                                    std::move(options), std::move(guard),
                                                    std::move(logger), std::move(hooks)));
}

Downstream::Downstream(Executor executor, LaunchSpec spec, DownstreamOptions options,
                       std::shared_ptr<ProcessGuard> guard, Logger logger, DownstreamHooks hooks)
    : executor_(std::move(executor)),
      spec_(std::move(spec)),
      options_(std::move(options)),
      guard_(std::move(guard)),
      logger_(std::move(logger)),
      hooks_(std::move(hooks)),
      source_("server '" + spec_.name + "'"),
      state_(options_.policy),
      ended_(executor_),
      finished_(executor_),
      waiting_timer_(executor_),
      probe_timer_(executor_) {
  finished_.set();
}

Downstream::~Downstream() {
  abandon_calls();
}

void Downstream::abandon_calls() {
  fail_waiting(Errc::shutting_down, source_ + " is being closed");
  peer_.close();
  finish_broken("is being closed");
}

Downstream::Ticket Downstream::call_tool(std::string_view tool, const RawJson& arguments,
                                         Deadline deadline, OutcomeCallback callback) {
  if (can_send()) {
    return send_tool(tool, arguments, deadline, std::move(callback));
  }
  return admit(tool, Payload({}, arguments, {}), true, deadline, std::move(callback));
}

Downstream::Ticket Downstream::call(std::string_view method, const Payload& params,
                                    Deadline deadline, OutcomeCallback callback) {
  if (can_send()) {
    return send(method, params, deadline, std::move(callback));
  }
  return admit(method, params, false, deadline, std::move(callback));
}

Downstream::Ticket Downstream::admit(std::string_view method, const Payload& params, bool is_tool,
                                     Deadline deadline, OutcomeCallback callback) {
  using Advice = DownstreamState::Advice;
  const auto now = Clock::now();
  const Advice advice = stop_requested_ ? Advice::fail : state_.on_demand(now);
  if (advice == Advice::fail) {
    if (stop_requested_ || state_.phase() == Phase::closed) {
      finish_later(std::move(callback), Errc::shutting_down, source_ + " is being closed");
    } else {
      finish_later(std::move(callback), Errc::server_unavailable,
                   source_ + " could not be started: " + state_.last_failure() +
                       "; it is tried again in " + seconds(state_.not_before() - now));
    }
    return 0;
  }
  std::string text;
  for (const RawJson& piece : params.pieces)
    text.append(piece.text);
  const Ticket ticket = waiting_mark | ++next_waiting_;
  waiting_.push_back(
      {ticket, std::string(method), std::move(text), is_tool, deadline, std::move(callback)});
  arm_waiting_timer();
  if (suspect_) check_suspect();
  // A supervisor that is still at the end of the last life comes round to this one.
  if (advice == Advice::start && finished_.is_set()) {
    finished_.reset();
    asio::awaitable<void> supervisor = supervise(shared_from_this());
    asio::co_spawn(executor_, std::move(supervisor), asio::detached);
  }
  return ticket;
}

void Downstream::warm_up() {
  if (state_.phase() != Phase::idle || stop_requested_) return;
  call("ping", {}, Deadline::after(options_.start_limit), [](Outcome) {});
}

Downstream::Ticket Downstream::send_tool(std::string_view tool, const RawJson& arguments,
                                         Deadline deadline, OutcomeCallback callback) {
  const CallFrame frame = call_tool_params(facts_, tool);
  const RawJson none{"{}", {}};
  const Payload params(frame.prefix, arguments.text.empty() ? none : arguments, frame.suffix);
  return send("tools/call", params, deadline, std::move(callback));
}

Downstream::Ticket Downstream::send(std::string_view method, const Payload& params,
                                    Deadline deadline, OutcomeCallback callback) {
  // The peer ends its calls before we are gone, so that `this` is safe in there.
  auto completion = [this, callback = std::move(callback)](std::error_code error,
                                                           Answer answer) mutable {
    // We also close the peer of a server that does not answer any more.
    if (error == Errc::peer_closed || (error == Errc::shutting_down && !stop_requested_)) {
      broken_.push_back(std::move(callback));
      return;
    }
    if (error == Errc::timed_out || error == Errc::cancelled) suspect();
    Outcome outcome{error, std::move(answer), {}};
    if (error) outcome.message = explain(error, outcome.answer);
    callback(std::move(outcome));
  };
  static_assert(sizeof(completion) <= 96);
  CallOptions call_options;
  call_options.deadline = deadline;
  const std::uint64_t number = peer_.call(method, params, call_options, std::move(completion));
  if (number == 0) return 0;
  return (static_cast<std::uint64_t>(state_.starts()) << incarnation_shift) |
         (number & number_mask);
}

void Downstream::send_waiting() {
  waiting_timer_.cancel();
  std::list<Waiting> waiting = std::exchange(waiting_, {});
  for (Waiting& one : waiting) {
    const Ticket ticket = one.ticket;
    auto callback = [this, ticket,
                     inner = std::make_unique<OutcomeCallback>(std::move(one.callback))](
                        Outcome outcome) mutable {
      promoted_.erase(ticket);
      (*inner)(std::move(outcome));
    };
    promoted_[ticket] =
        one.is_tool
            ? send_tool(one.method, {one.params, {}}, one.deadline, std::move(callback))
            : send(one.method, std::string_view(one.params), one.deadline, std::move(callback));
  }
}

void Downstream::suspect() {
  if (suspect_ || !peer_open_) return;
  suspect_ = true;
  suspect_since_ = Clock::now();
  CallOptions call_options;
  call_options.announce_cancel = false;
  // Any answer is a sign of life, an error too.
  auto completion = [this](std::error_code error, const Answer&) {
    if (error && error != Errc::remote_error) return;
    suspect_ = false;
    probe_timer_.cancel();
    if (can_send()) send_waiting();
  };
  peer_.call("ping", {}, call_options, std::move(completion));
}

void Downstream::check_suspect() {
  probe_timer_.expires_at(suspect_since_ + options_.probe_limit);
  auto expired = [weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error || !self->suspect_ || !self->peer_open_ || self->waiting_.empty()) return;
    self->logger_.log(LogLevel::warning, self->source_,
                      "has stopped answering, also to a ping: it is started again");
    self->peer_open_ = false;
    self->ended_.set();
  };
  probe_timer_.async_wait(std::move(expired));
}

void Downstream::cancel(Ticket ticket, std::string_view reason) {
  if ((ticket & waiting_mark) != 0) {
    const auto waiting = std::find_if(waiting_.begin(), waiting_.end(),
                                      [ticket](const Waiting& w) { return w.ticket == ticket; });
    if (waiting != waiting_.end()) {
      finish_later(std::move(waiting->callback), Errc::cancelled, "the call was cancelled");
      waiting_.erase(waiting);
      return;
    }
    const auto promoted = promoted_.find(ticket);
    if (promoted == promoted_.end()) return;
    ticket = promoted->second;
  }
  if (ticket >> incarnation_shift != static_cast<std::uint64_t>(state_.starts())) return;
  if (peer_open_) peer_.cancel(ticket & number_mask, reason);
}

void Downstream::finish_later(OutcomeCallback callback, std::error_code error,
                              std::string message) {
  auto finish = [callback = std::move(callback), error, message = std::move(message)]() mutable {
    callback(Outcome{error, {}, std::move(message)});
  };
  asio::post(executor_, std::move(finish));
}

void Downstream::fail_waiting(std::error_code error, const std::string& message) {
  waiting_timer_.cancel();
  std::list<Waiting> waiting = std::exchange(waiting_, {});
  for (Waiting& one : waiting)
    one.callback(Outcome{error, {}, message});
}

void Downstream::arm_waiting_timer() {
  Deadline earliest;
  for (const Waiting& one : waiting_)
    earliest = earliest.earlier(one.deadline);
  if (earliest.is_never()) return;
  waiting_timer_.expires_at(earliest.at());
  auto expired = [weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (self && !error) self->expire_waiting();
  };
  waiting_timer_.async_wait(std::move(expired));
}

void Downstream::expire_waiting() {
  const auto now = Clock::now();
  std::list<Waiting> expired;
  for (auto one = waiting_.begin(); one != waiting_.end();) {
    const auto next = std::next(one);
    if (one->deadline.at() <= now) expired.splice(expired.end(), waiting_, one);
    one = next;
  }
  for (Waiting& one : expired) {
    one.callback(Outcome{
        Errc::timed_out, {}, with_stderr(source_ + " was not ready when the call's time was up")});
  }
  arm_waiting_timer();
}

std::string Downstream::explain(std::error_code error, const Answer& answer) const {
  if (error == Errc::remote_error) return read_remote_error(answer.body).message;
  if (error == Errc::timed_out) return source_ + " did not answer in time; the call was cancelled";
  if (error == Errc::cancelled) return "the call was cancelled";
  if (error == Errc::frame_too_large) {
    return "a message to or from " + source_ + " is over the frame limit of " +
           std::to_string(options_.frame_limit >> 20) + " MiB; ask for less at a time";
  }
  if (error == Errc::invalid_answer) return source_ + " answered with a line that can't be read";
  return source_ + ": " + error.message();
}

asio::awaitable<void> Downstream::supervise(std::shared_ptr<Downstream> self) {
  // Where the context goes first, those that wait may hold us, and nobody else would tell them.
  struct Supervising {
    Downstream& downstream;
    bool over = false;
    ~Supervising() {
      if (!over) downstream.abandon_calls();
    }
  };
  Supervising supervising{*self};
  for (;;) {
    self->ended_.reset();
    if (self->stop_requested_) self->ended_.set();
    co_await self->ended_.async_wait(Deadline(self->state_.not_before()));
    const bool started = co_await self->start();
    if (started) {
      self->state_.on_ready(Clock::now());
      self->send_waiting();
      // The list that was read from an earlier process may not be this one's.
      if (self->state_.starts() > 1 && self->hooks_.on_tools_changed) {
        self->hooks_.on_tools_changed();
      }
      co_await self->ended_.async_wait();
      self->peer_open_ = false;
      const std::string how = co_await self->tear_down();
      self->state_.on_ended(Clock::now(), how);
      self->finish_broken(how);
      if (!self->stop_requested_) {
        self->logger_.log(LogLevel::warning, self->source_, self->with_stderr(how));
      }
    }
    self->child_.reset();
    self->promoted_.clear();
    if (self->stop_requested_) break;
    // Calls may have come while it ended, or from the news of it.
    if (self->state_.phase() == Phase::starting) continue;
    if (self->waiting_.empty()) break;
    if (self->state_.on_demand(Clock::now()) != DownstreamState::Advice::start) break;
  }
  if (self->stop_requested_) {
    self->state_.on_closed();
    self->fail_waiting(Errc::shutting_down, self->source_ + " is being closed");
  }
  supervising.over = true;
  self->finished_.set();
}

asio::awaitable<bool> Downstream::start() {
  if (stop_requested_) co_return false;
  const Deadline deadline = Deadline::after(options_.start_limit);
  Diagnostics diagnostics;
  SpawnSpec spec;
  spec.argv = spec_.argv;
  spec.environment = spec_.environment;
  spec.cwd = spec_.cwd;
  ChildOptions child_options;
  if (logger_.enabled(LogLevel::debug)) {
    child_options.on_stderr = [logger = logger_, source = source_](std::string_view text) {
      logger.log(LogLevel::debug, source, text);
    };
  }
  child_ = Child::start(executor_, spec, std::move(child_options), guard_, diagnostics);
  std::error_code error = Errc::command_not_found;
  std::string why = diagnostics.message;
  if (child_) {
    open_peer();
    const std::string params_text = initialize_params(options_.identity);
    const Payload params{std::string_view(params_text)};
    CallOptions call_options;
    call_options.deadline = deadline;
    call_options.announce_cancel = false;
    auto [failure, answer] =
        co_await peer_.async_call("initialize", params, call_options, use_tuple);
    error = failure;
    if (!error) {
      const bool understood = read_initialize_result(answer.body, facts_, diagnostics);
      if (!understood) error = Errc::invalid_answer;
      why = diagnostics.message;
    } else if (error == Errc::remote_error) {
      why = "it refused 'initialize': " + read_remote_error(answer.body).message;
    } else if (error == Errc::timed_out) {
      why = "it did not answer 'initialize' within " + seconds(options_.start_limit);
    } else if (error != Errc::peer_closed) {
      why = explain(error, answer);
    }
  }
  if (!error) {
    peer_.notify_always("notifications/initialized", {});
    co_return true;
  }
  peer_open_ = false;
  if (child_) {
    const std::string how = co_await tear_down();
    if (error == Errc::peer_closed) why = "it " + how + " before it answered 'initialize'";
    why = with_stderr(std::move(why));
  }
  finish_broken("could not be started");
  // Those that wait are told by the supervisor.
  if (stop_requested_) co_return false;
  logger_.log(LogLevel::error, source_, "can't be started: " + why);
  state_.on_start_failed(Clock::now(), why);
  fail_waiting(Errc::server_unavailable, source_ + " could not be started: " + why);
  co_return false;
}

void Downstream::open_peer() {
  PeerOptions peer_options;
  peer_options.name = source_;
  peer_options.frame_limit = options_.frame_limit;
  peer_options.trace = options_.trace;
  PeerHooks hooks;
  hooks.on_request = [this](Responder responder, const Message& message) {
    on_request(std::move(responder), message);
  };
  hooks.on_notification = [this](const Message& message) { on_notification(message); };
  hooks.on_noise = [this](std::string_view line) {
    logger_.log(LogLevel::warning, source_,
                "writes what is not JSON to its stdout (skipped): " + std::string(line));
  };
  hooks.on_end = [this](std::error_code) {
    peer_open_ = false;
    ended_.set();
  };
  peer_ = Peer(executor_, child_->take_output(), child_->take_input(), std::move(peer_options),
               std::move(hooks));
  peer_open_ = true;
  suspect_ = false;
  peer_.start();
}

asio::awaitable<std::string> Downstream::tear_down() {
  if (stop_requested_ && peer_.is_open()) {
    peer_.finish();
  } else {
    peer_.close();
  }
  probe_timer_.cancel();
  co_await child_->async_stop(options_.stop_times);
  peer_.close();
  // Its last words may still be in the pipe.
  co_await child_->async_wait_stderr(Deadline::after(std::chrono::milliseconds(100)));
  const std::optional<ExitStatus> status = child_->exit_status();
  co_return status ? describe(*status) : std::string("ended");
}

void Downstream::finish_broken(const std::string& how) {
  std::vector<OutcomeCallback> broken = std::exchange(broken_, {});
  if (broken.empty()) return;
  const std::string message = with_stderr(source_ + " " + how + " while the call was under way");
  for (OutcomeCallback& callback : broken)
    callback(Outcome{Errc::peer_closed, {}, message});
}

std::string Downstream::with_stderr(std::string message) const {
  std::string tail = child_ ? child_->stderr_tail() : std::string();
  while (!tail.empty() && std::isspace(static_cast<unsigned char>(tail.back())) != 0) {
    tail.pop_back();
  }
  if (tail.empty()) return message;
  if (tail.size() > quoted_stderr) tail = "…" + tail.substr(tail.size() - quoted_stderr);
  return message + "; the end of its stderr:\n" + tail;
}

void Downstream::on_request(Responder responder, const Message& message) {
  const Reply reply = answer_server_request(options_.identity, message.method);
  if (reply.result.empty()) {
    responder.error(reply.code, reply.message);
  } else {
    responder.result(std::string_view(reply.result));
  }
}

void Downstream::on_notification(const Message& message) {
  if (message.method == "notifications/tools/list_changed") {
    if (hooks_.on_tools_changed) hooks_.on_tools_changed();
  } else if (message.method == "notifications/message") {
    const ServerLog log = read_log_message(message.params);
    LogLevel level = LogLevel::info;
    parse_log_level(log.level, level);
    logger_.log(level, source_, log.text);
  }
}

void Downstream::list_tools(Deadline deadline, PagesCallback callback) {
  asio::awaitable<void> listing = list(shared_from_this(), deadline, std::move(callback));
  asio::co_spawn(executor_, std::move(listing), asio::detached);
}

asio::awaitable<void> Downstream::list(std::shared_ptr<Downstream> self, Deadline deadline,
                                       PagesCallback callback) {
  // Where the context goes first, those that wait may hold each other until they are told.
  struct Listing {
    PagesCallback& callback;
    bool over = false;
    ~Listing() {
      if (!over) callback({Errc::shutting_down, "the program is ending", {}});
    }
  };
  Listing listing{callback};
  ToolPages pages;
  std::set<std::string> cursors;
  std::optional<std::string> cursor;
  std::size_t bytes = 0;
  bool more = true;
  while (more) {
    const std::string params =
        cursor ? list_params(self->facts_, *cursor) : list_params(self->facts_, {});
    // Shared: the callback may outlive this coroutine when the context is torn down.
    const auto page = std::make_shared<Page>(self->executor_);
    auto on_answer = [page](Outcome result) {
      page->outcome = std::move(result);
      page->answered.set();
    };
    self->call("tools/list", std::string_view(params), deadline, std::move(on_answer));
    co_await page->answered.async_wait();
    Outcome& outcome = page->outcome;
    if (outcome.error) {
      pages.error = outcome.error;
      pages.message = std::move(outcome.message);
      break;
    }
    bytes += outcome.answer.body.size();
    pages.pages.emplace_back(outcome.answer.body);
    cursor = next_cursor(outcome.answer.body);
    more = cursor.has_value();
    if (more && !cursors.insert(*cursor).second) {
      pages.message = self->source_ + " repeats a cursor of 'tools/list': the list was cut there";
      more = false;
    } else if (more && (pages.pages.size() == most_pages || bytes > most_list_bytes)) {
      pages.message = self->source_ + " lists more tools than can be kept: the list was cut";
      more = false;
    }
  }
  listing.over = true;
  callback(std::move(pages));
}

asio::awaitable<void> Downstream::async_close() {
  const std::shared_ptr<Downstream> self = shared_from_this();
  stop_requested_ = true;
  // A handshake under way is given up; what runs is ended by its supervisor.
  if (state_.phase() == Phase::starting) peer_.close();
  ended_.set();
  co_await finished_.async_wait();
  state_.on_closed();
}

}  // namespace headrace::engine::mcp
