// The life of a server's process: started, spoken to for the first time, started again, ended.
#include <headrace/engine/mcp/downstream.hpp>

#include <algorithm>
#include <deque>
#include <utility>

namespace headrace::engine::mcp {

using Step = Handshake::Step;

/// What happens while a server starts, in its order.
struct Downstream::StartSignals {
  enum class Kind { discovered, initialized, ended };
  struct Signal {
    Kind kind;
    std::error_code error;
    Answer answer;
  };

  explicit StartSignals(const Executor& executor) : added(executor) {}

  void add(Signal signal) {
    if (over) return;
    waiting.push_back(std::move(signal));
    added.set();
  }
  Signal take() {
    Signal first = std::move(waiting.front());
    waiting.pop_front();
    if (waiting.empty()) added.reset();
    return first;
  }

  Event added;
  std::deque<Signal> waiting;
  bool over = false;
};

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
      // First: what a call changes is to be heard.
      self->listen();
      self->send_waiting();
      // The lists that were read from an earlier process may not be this one's.
      if (self->state_.starts() > 1 && self->hooks_.on_restarted) self->hooks_.on_restarted();
      co_await self->ended_.async_wait();
      self->peer_open_ = false;
      const std::string how = co_await self->tear_down();
      const bool rested = std::exchange(self->resting_, false);
      if (rested) {
        self->state_.on_rested(Clock::now());
      } else {
        self->state_.on_ended(Clock::now(), how);
      }
      self->finish_broken(how);
      if (!self->stop_requested_ && !rested) {
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
    self->fail_waiting(Errc::shutting_down, self->closing_message());
  }
  supervising.over = true;
  self->finished_.set();
}

asio::awaitable<bool> Downstream::start() {
  if (stop_requested_) co_return false;
  const Deadline deadline = Deadline::after(options_.start_limit);
  const Clock::duration silence = std::min(options_.silence_limit, options_.start_limit / 2);
  Handshake handshake(options_.protocol, options_.memory->find(era_key_));
  plain_ = false;
  std::string why;
  Step step = Step::restart;
  bool again = false;
  while (step == Step::restart) {
    if (again) {
      co_await tear_down();
      child_.reset();
    }
    again = true;
    const auto signals = std::make_shared<StartSignals>(executor_);
    // Closed while the first process was torn down?
    const bool launched = !stop_requested_ && launch(signals, why);
    if (!launched) {
      step = Step::failed;
      break;
    }
    Deadline silent;
    step = handshake.on_started();
    for (;;) {
      if (step == Step::discover) silent = Deadline::after(silence);
      if (step == Step::discover || step == Step::initialize) {
        send_handshake(step == Step::discover, signals);
      } else if (step != Step::wait) {
        break;
      }
      const Deadline until = handshake.awaits_silence() ? deadline.earlier(silent) : deadline;
      const bool heard = co_await signals->added.async_wait(until);
      if (heard) {
        step = handle(handshake, *signals);
        if (step == Step::wait && handshake.awaits_silence()) silent = Deadline::after(silence);
      } else if (!deadline.passed()) {
        step = handshake.on_silence();
      } else {
        why = "it did not answer " + handshake.unanswered() + " within " +
              seconds(options_.start_limit);
        step = Step::failed;
      }
    }
    signals->over = true;
  }
  if (handshake.forget()) options_.memory->forget(era_key_);
  if (step == Step::ready && !stop_requested_) {
    facts_ = handshake.facts();
    options_.memory->remember(era_key_, facts_.era);
    plain_ = facts_.era == Era::legacy;
    if (plain_) {
      peer_.notify_always("notifications/initialized", {});
    } else {
      declare_capabilities(Era::modern);
    }
    // It may have ended behind its answer.
    if (!peer_open_) ended_.set();
    co_return true;
  }
  peer_open_ = false;
  if (why.empty()) why = handshake.why();
  if (child_) {
    const std::string how = co_await tear_down();
    if (why.empty()) why = "it " + how + " before it answered " + handshake.unanswered();
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

bool Downstream::launch(const std::shared_ptr<StartSignals>& signals, std::string& why) {
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
  if (!child_) {
    why = diagnostics.message;
    return false;
  }
  open_peer(signals);
  return true;
}

void Downstream::send_handshake(bool discover, const std::shared_ptr<StartSignals>& signals) {
  declare_capabilities(discover ? Era::modern : Era::legacy);
  const std::string params =
      discover ? R"({"_meta":{)" + meta_ + "}}" : initialize_params(options_.identity, declared_);
  CallOptions call_options;
  call_options.announce_cancel = false;
  // The start's limit is not the call's: what comes too late to decide is nobody's answer.
  auto completion = [signals, discover](std::error_code error, Answer answer) {
    using Kind = StartSignals::Kind;
    if (error == Errc::peer_closed || error == Errc::shutting_down) {
      signals->add({Kind::ended, error, {}});
    } else {
      signals->add({discover ? Kind::discovered : Kind::initialized, error, std::move(answer)});
    }
  };
  peer_.call(discover ? "server/discover" : "initialize", std::string_view(params), call_options,
             std::move(completion));
}

Handshake::Step Downstream::handle(Handshake& handshake, StartSignals& signals) {
  using Kind = StartSignals::Kind;
  const StartSignals::Signal signal = signals.take();
  if (signal.kind == Kind::ended) return handshake.on_ended();
  const std::string_view body = signal.answer.body;
  if (signal.kind == Kind::discovered) {
    if (!signal.error) return handshake.on_discovered(body);
    RemoteError error;
    error.message = explain(signal.error, signal.answer);
    if (signal.error == Errc::remote_error) error = read_remote_error(body);
    return handshake.on_discover_refused(error);
  }
  if (!signal.error) return handshake.on_initialized(body);
  return handshake.on_initialize_refused(explain(signal.error, signal.answer));
}

void Downstream::open_peer(const std::shared_ptr<StartSignals>& signals) {
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
  hooks.on_end = [this, signals](std::error_code) {
    peer_open_ = false;
    // While it starts the end is one event among others; afterwards it is the end.
    if (signals->over) {
      ended_.set();
    } else {
      signals->add({StartSignals::Kind::ended, {}, {}});
    }
  };
  peer_ = Peer(executor_, child_->take_output(), child_->take_input(), std::move(peer_options),
               std::move(hooks));
  peer_open_ = true;
  suspect_ = false;
  peer_.start();
}

asio::awaitable<std::string> Downstream::tear_down() {
  // Those that a request is under way for may still be answered.
  break_flows(false);
  // Some servers never exit while a request of theirs has no answer.
  desk_->close_all("the client is ending the conversation");
  listen_timer_.cancel();
  listening_ = 0;
  if ((stop_requested_ || resting_) && peer_.is_open()) {
    peer_.finish();
  } else {
    peer_.close();
  }
  probe_timer_.cancel();
  co_await child_->async_stop(options_.stop_times);
  peer_.close();
  break_flows(true);
  desk_->close_all("the conversation has ended");
  // Its last words may still be in the pipe.
  co_await child_->async_wait_stderr(Deadline::after(std::chrono::milliseconds(100)));
  const std::optional<ExitStatus> status = child_->exit_status();
  co_return status ? describe(*status) : std::string("ended");
}

void Downstream::finish_broken(const std::string& how) {
  std::vector<OutcomeCallback> broken = std::exchange(broken_, {});
  if (broken.empty()) return;
  const std::string message =
      stop_requested_ && !end_reason_.empty()
          ? closing_message()
          : with_stderr(source_ + " " + how + " while the call was under way");
  for (OutcomeCallback& callback : broken)
    callback(Outcome{Errc::peer_closed, {}, message});
}

std::string Downstream::closing_message() const {
  return source_ + (end_reason_.empty() ? " is being closed" : " was ended: " + end_reason_);
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
