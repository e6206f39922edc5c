// How calls find their way to a server that may not run yet.
#include <headrace/engine/mcp/downstream_flow.hpp>

#include <algorithm>

namespace headrace::engine::mcp {
namespace {

constexpr int incarnation_shift = 40;
constexpr std::uint64_t number_mask = (std::uint64_t{1} << incarnation_shift) - 1;

constexpr std::size_t quoted_stderr = 1000;

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
      era_key_(EraMemory::key(spec_.argv, spec_.cwd)),
      state_(options_.policy),
      ended_(executor_),
      finished_(executor_),
      waiting_timer_(executor_),
      probe_timer_(executor_),
      change_timer_(executor_),
      listen_timer_(executor_) {
  finished_.set();
  if (!options_.memory) options_.memory = std::make_shared<EraMemory>();
  QuestionDesk::Hooks asking;
  if (hooks_.on_question) asking.ask = hooks_.on_question;
  if (hooks_.cancel_question) asking.cancel = hooks_.cancel_question;
  asking.on_open = [this](bool open) { on_questions_open(open); };
  desk_ = std::make_shared<QuestionDesk>(executor_, options_.question_limit, std::move(asking));
}

Downstream::~Downstream() {
  abandon_calls();
}

void Downstream::abandon_calls() {
  fail_waiting(Errc::shutting_down, closing_message());
  break_flows(true);
  desk_->close_all("the server is being closed");
  peer_.close();
  finish_broken("is being closed");
}

Downstream::Ticket Downstream::call_tool(std::string_view tool, const RawJson& arguments,
                                         Deadline deadline, OutcomeCallback callback) {
  if (plain_ && can_send()) return send_tool(tool, arguments, deadline, std::move(callback));
  return dispatch(CallKind::tool, tool, Payload({}, arguments, {}), deadline, {},
                  std::move(callback));
}

Downstream::Ticket Downstream::call_tool(std::string_view tool, const RawJson& arguments,
                                         Deadline deadline, CallContext context,
                                         OutcomeCallback callback) {
  if (can_send() && takes_one_request(CallKind::tool, context))
    return send_tool(tool, arguments, deadline, std::move(callback));
  return dispatch(CallKind::tool, tool, Payload({}, arguments, {}), deadline, std::move(context),
                  std::move(callback));
}

Downstream::Ticket Downstream::call(std::string_view method, const Payload& params,
                                    Deadline deadline, OutcomeCallback callback) {
  return dispatch(CallKind::request, method, params, deadline, {}, std::move(callback));
}

Downstream::Ticket Downstream::call(std::string_view method, const Payload& params,
                                    Deadline deadline, CallContext context,
                                    OutcomeCallback callback) {
  return dispatch(CallKind::request, method, params, deadline, std::move(context),
                  std::move(callback));
}

Downstream::Ticket Downstream::dispatch(CallKind kind, std::string_view method,
                                        const Payload& params, Deadline deadline,
                                        CallContext context, OutcomeCallback&& callback) {
  if (!can_send()) {
    return admit(kind, method, params, deadline, std::move(context), std::move(callback));
  }
  const bool is_tool = kind == CallKind::tool;
  if (takes_one_request(kind, context)) {
    if (is_tool) return send_tool(method, params.pieces[1], deadline, std::move(callback));
    return send(method, params, deadline, std::move(callback));
  }
  const bool has_rounds = is_tool || method == "prompts/get" || method == "resources/read";
  if (has_rounds || context.on_progress || !context.meta.empty()) {
    return start_flow(kind, method, params, deadline, std::move(context), std::move(callback));
  }
  const std::string whole = with_member(params.text(), R"("_meta":{)" + meta_ + "}");
  return send(method, std::string_view(whole), deadline, std::move(callback));
}

// Nothing but the call's own params goes out, and whatever comes back is its outcome.
bool Downstream::takes_one_request(CallKind kind, const CallContext& context) const {
  const bool as_task = kind == CallKind::tool && context.as_task && facts_.tool_tasks;
  return plain_ && !context.on_progress && !as_task && context.meta.empty();
}

Downstream::Ticket Downstream::admit(CallKind kind, std::string_view method, const Payload& params,
                                     Deadline deadline, CallContext context,
                                     OutcomeCallback callback) {
  using Advice = DownstreamState::Advice;
  const auto now = Clock::now();
  const Advice advice = stop_requested_ ? Advice::fail : state_.on_demand(now);
  if (advice == Advice::fail) {
    if (stop_requested_ || state_.phase() == Phase::closed) {
      finish_later(std::move(callback), Errc::shutting_down, closing_message());
    } else {
      finish_later(std::move(callback), Errc::server_unavailable,
                   source_ + " could not be started: " + state_.last_failure() +
                       "; it is tried again in " + seconds(state_.not_before() - now));
    }
    return 0;
  }
  const Ticket ticket = waiting_mark | ++next_waiting_;
  waiting_.push_back({ticket, kind, std::string(method), params.text(), deadline,
                      std::move(context), std::move(callback)});
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

void Downstream::notify(std::string_view method, std::string_view params) {
  if (plain_ && can_send()) peer_.notify_always(method, params);
}

void Downstream::warm_up() {
  if (state_.phase() != Phase::idle || stop_requested_) return;
  auto ignore = [](Outcome) {};
  admit(CallKind::start_only, {}, {}, Deadline::after(options_.start_limit), {}, std::move(ignore));
}

void Downstream::rest() {
  const bool busy = calls_under_way_ > 0 || !flows_.empty() || !waiting_.empty();
  if (!can_send() || busy || stop_requested_) return;
  resting_ = true;
  peer_open_ = false;
  ended_.set();
}

Downstream::Ticket Downstream::send_tool(std::string_view tool, const RawJson& arguments,
                                         Deadline deadline, OutcomeCallback&& callback) {
  write_call_tool_prefix(call_prefix_, tool);
  Payload params(call_prefix_, arguments, "}");
  if (arguments.text.empty()) params.pieces[1].text = "{}";
  return send("tools/call", params, deadline, std::move(callback));
}

Downstream::Ticket Downstream::send(std::string_view method, const Payload& params,
                                    Deadline deadline, OutcomeCallback&& callback) {
  // The peer ends its calls before we are gone, so that `this` is safe in there.
  auto completion = [this, callback = std::move(callback)](std::error_code error,
                                                           Answer answer) mutable {
    --calls_under_way_;
    Outcome outcome{error, std::move(answer), {}};
    if (error) {
      // We also close the peer of a server that does not answer any more.
      if (error == Errc::peer_closed || (error == Errc::shutting_down && !stop_requested_)) {
        broken_.push_back(std::move(callback));
        return;
      }
      if (error == Errc::timed_out || error == Errc::cancelled) on_given_up();
      outcome.message = explain(error, outcome.answer);
    }
    callback(std::move(outcome));
  };
  static_assert(sizeof(completion) <= 96);
  CallOptions call_options;
  call_options.deadline = deadline;
  ++calls_under_way_;
  const std::uint64_t number = peer_.call(method, params, call_options, std::move(completion));
  if (number == 0) return 0;
  return (static_cast<std::uint64_t>(state_.starts()) << incarnation_shift) |
         (number & number_mask);
}

void Downstream::send_waiting() {
  waiting_timer_.cancel();
  // A server that has ended behind its first answer leaves them for the next life.
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    if (next->kind != CallKind::start_only && !can_send()) {
      ++next;
      continue;
    }
    Waiting one = std::move(*next);
    next = waiting_.erase(next);
    if (one.kind == CallKind::start_only) {
      finish_later(std::move(one.callback), {}, {});
      continue;
    }
    const Ticket ticket = one.ticket;
    auto callback = [this, ticket,
                     inner = std::make_unique<OutcomeCallback>(std::move(one.callback))](
                        Outcome outcome) mutable {
      promoted_.erase(ticket);
      (*inner)(std::move(outcome));
    };
    const Payload params = one.kind == CallKind::tool ? Payload({}, {one.params, {}}, {})
                                                      : Payload(std::string_view(one.params));
    const Ticket now = dispatch(one.kind, one.method, params, one.deadline, std::move(one.context),
                                std::move(callback));
    promoted_[ticket] = now;
  }
  arm_waiting_timer();
}

void Downstream::on_given_up() {
  // What a legacy server asked for a call that nobody waits for any more need not be answered.
  if (plain_ && calls_under_way_ == 0 && flows_.empty()) {
    desk_->close_all("the call that needed it has ended");
  }
  suspect();
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
  if (facts_.era == Era::legacy) {
    peer_.call("ping", {}, call_options, std::move(completion));
  } else {
    const std::string params = R"({"_meta":{)" + meta_ + "}}";
    peer_.call("server/discover", std::string_view(params), call_options, std::move(completion));
  }
}

void Downstream::check_suspect() {
  probe_timer_.expires_at(suspect_since_ + options_.probe_limit);
  auto expired = [weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error || !self->suspect_ || !self->peer_open_ || self->waiting_.empty()) return;
    if (self->held_since_) {
      // It waits for a person, and may be unable to do anything else meanwhile.
      self->suspect_since_ = Clock::now();
      self->check_suspect();
      return;
    }
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
  if ((ticket & flow_mark) != 0) {
    const auto flow = flows_.find(ticket & ~flow_mark);
    if (flow != flows_.end()) cancel_flow(std::shared_ptr<Flow>(flow->second), reason);
    return;
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
  if (error == Errc::shutting_down) return closing_message();
  if (error == Errc::invalid_answer) return source_ + " answered with a line that can't be read";
  return source_ + ": " + error.message();
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

}  // namespace headrace::engine::mcp
