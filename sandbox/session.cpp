// One run after the other on one interpreter.
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_scanner.hpp>
#include <headrace/sandbox/session.hpp>
#include <headrace/sandbox/session_frames.hpp>
#include <headrace/sandbox/usage.hpp>

#include <algorithm>
#include <array>

namespace headrace::sandbox {
namespace {

using engine::Clock;
using engine::Deadline;
using engine::Errc;
using engine::LogLevel;

constexpr auto usage_interval = std::chrono::milliseconds(200);
// A look takes longer than many a run.
constexpr auto first_look = std::chrono::milliseconds(50);
// Calls of a run end a little after it, so that the run is interrupted first; calls made between
// runs have a limit of their own.
constexpr auto call_grace = std::chrono::seconds(2);
constexpr auto background_call_limit = std::chrono::seconds(120);

constexpr std::string_view state_is_gone =
    "variables and imports are gone, the next run starts afresh";

}  // namespace

Session::Session(engine::Executor executor, SessionOptions options, SessionHooks hooks,
                 std::shared_ptr<Pool> pool, engine::Logger logger)
    : executor_(std::move(executor)),
      options_(options),
      hooks_(std::move(hooks)),
      pool_(std::move(pool)),
      logger_(std::move(logger)),
      idle_timer_(executor_),
      usage_timer_(executor_),
      upcoming_(std::make_unique<RunRecord>(1, options_.output_limit, archive_)) {}

std::shared_ptr<Run> Session::make_run(RunRequest request) const {
  return std::make_shared<Run>(executor_, std::move(request));
}

std::string_view Session::runtime_name() const noexcept {
  return interpreter_ ? interpreter_->runtime_name() : std::string_view();
}

Deadline Session::call_deadline() const noexcept {
  if (!current_) return Deadline::after(background_call_limit);
  const Clock::duration held = holds_ > 0 ? Clock::now() - held_since_ : Clock::duration();
  return Deadline(run_deadline_.at() + held + call_grace);
}

void Session::hold_deadline() {
  if (holds_++ > 0) return;
  held_since_ = Clock::now();
  if (current_) current_->changed_.set();
}

void Session::release_deadline() {
  if (holds_ == 0 || --holds_ > 0 || !current_) return;
  // A run that began meanwhile has lost nothing.
  const Clock::time_point since = std::max(held_since_, current_->began_);
  run_deadline_ = Deadline(run_deadline_.at() + (Clock::now() - since));
  current_->changed_.set();
}

asio::awaitable<RunResult> Session::async_run(std::shared_ptr<Run> run) {
  const std::shared_ptr<Session> self = shared_from_this();
  RunResult& result = run->result_;
  const bool has_turn = co_await take_turn(run);
  if (!has_turn) {
    result.status = RunStatus::cancelled;
    co_return std::move(result);
  }
  // Whatever happens, the turn is passed on.
  std::string failure;
  try {
    co_await run_in_turn(run);
  } catch (const std::exception& error) {
    failure = error.what();
    if (failure.empty()) failure = "unknown";
  }
  if (!failure.empty()) give_up(*run, failure);
  replace_if_asked(run.get());
  last_used_ = Clock::now();
  arm_idle_timer();
  release_turn();
  if (run->record_) {
    result.usage.wall = last_used_ - run->began_;
    run->record_->finish(result);
  }
  co_return std::move(result);
}

asio::awaitable<void> Session::run_in_turn(std::shared_ptr<Run> run) {
  if (run->cancelled_ || closed_) {
    run->result_.status = RunStatus::cancelled;
    co_return;
  }
  idle_timer_.cancel();
  if (run->request_.on_turn) run->request_.on_turn(run->request_);
  const bool ready = co_await ensure_interpreter(run);
  // Closed while it started: async_close() did not find it.
  if (closed_ && interpreter_) kill({});
  if (!ready) co_return;
  if (run->cancelled_ || closed_) {
    run->result_.status = RunStatus::cancelled;
  } else {
    co_await execute(run);
  }
}

void Session::give_up(Run& run, std::string_view why) {
  RunResult& result = run.result_;
  result.status = RunStatus::unavailable;
  result.error = "the code could not be run to its end: " + std::string(why);
  // Nobody knows what it is doing now.
  if (current_ && interpreter_) {
    kill({});
    add_note(result.note, state_is_gone);
  }
  current_.reset();
  logger_.log(LogLevel::error, "sandbox", result.error);
}

asio::awaitable<bool> Session::take_turn(std::shared_ptr<Run> run) {
  if (!turn_taken_) {
    turn_taken_ = true;
    co_return true;
  }
  waiting_.push_back(run);
  if (run->request_.progress) run->request_.progress("waiting for the run before this one");
  while (!run->has_turn_ && !run->cancelled_) {
    run->changed_.reset();
    co_await run->changed_.async_wait();
  }
  if (!run->has_turn_) std::erase(waiting_, run);
  co_return run->has_turn_;
}

void Session::release_turn() {
  if (waiting_.empty()) {
    turn_taken_ = false;
    return;
  }
  const std::shared_ptr<Run> next = waiting_.front();
  waiting_.pop_front();
  next->has_turn_ = true;
  next->changed_.set();
}

asio::awaitable<bool> Session::ensure_interpreter(std::shared_ptr<Run> run) {
  if (interpreter_ && interpreter_->alive()) co_return true;
  if (interpreter_) {
    const std::shared_ptr<Interpreter> last = take_interpreter({});
    const std::string why = co_await last->async_why_ended();
    lost_state_ = "between runs " + why;
    pool_->discard(last, true);
  }
  if (run->request_.progress) run->request_.progress("starting a sandbox");
  engine::Diagnostics diagnostics;
  interpreter_ = co_await pool_->async_take(diagnostics, run->request_.progress);
  if (!interpreter_) {
    run->result_.status = RunStatus::unavailable;
    run->result_.error = diagnostics.message;
    co_return false;
  }
  attach();
  co_return true;
}

void Session::attach() {
  fresh_ = true;
  reset_asked_ = false;
  InterpreterHooks hooks;
  hooks.on_request = [this](engine::Responder responder, const engine::Message& message) {
    on_request(std::move(responder), message);
  };
  hooks.on_notification = [this](const engine::Message& message) { on_notification(message); };
  hooks.on_end = [this] {
    if (hooks_.on_interpreter_end) hooks_.on_interpreter_end();
    if (!current_) return;
    current_->ended_ = true;
    current_->changed_.set();
  };
  interpreter_->set_hooks(std::move(hooks));
}

void Session::on_request(engine::Responder responder, const engine::Message& message) {
  if (message.method == "reset") {
    responder.result(std::string_view("{}"));
    reset_asked_ = true;
    // Between runs nobody else would see to it.
    if (!turn_taken_) replace_if_asked(nullptr);
  } else if (hooks_.on_request) {
    hooks_.on_request(std::move(responder), message);
  }
}

void Session::on_notification(const engine::Message& message) {
  if (message.method == "output") {
    on_output(message.params);
  } else if (message.method == "display") {
    on_display(message.params);
  } else if (message.method == "progress") {
    const Run* run = run_of(read_run_number(message.params));
    if (run == nullptr || !run->request_.on_progress) return;
    const std::optional<RunProgress> progress = read_progress(message.params);
    if (progress) run->request_.on_progress(*progress);
  } else if (message.method == "notifications/cancelled") {
    framing::ObjectScanner scanner;
    std::array<framing::Member, 1> members{{{"requestId"}}};
    if (scanner.scan_members(message.params, members) == framing::Fault::none &&
        hooks_.on_cancelled) {
      hooks_.on_cancelled(members[0].value);
    }
  }
}

Run* Session::run_of(std::uint64_t number) const noexcept {
  return current_ && current_->record_->number() == number ? current_.get() : nullptr;
}

RunRecord& Session::record_for_background() const noexcept {
  // It may have been under way when the run began.
  return current_ && current_->record_->takes_background() ? *current_->record_ : *upcoming_;
}

void Session::on_output(std::string_view params) {
  const std::optional<OutputFrame> frame = read_output(params);
  if (!frame) return;
  Run* run = frame->run ? run_of(*frame->run) : current_.get();
  if (run == nullptr) {
    record_for_background().print(frame->is_error, frame->text, Origin::background);
    return;
  }
  run->record_->print(frame->is_error, frame->text, Origin::run);
  if (run->request_.on_output) run->request_.on_output(frame->is_error, frame->text);
}

void Session::on_display(std::string_view params) {
  if (Run* run = run_of(read_run_number(params))) {
    run->record_->display(read_display(params), Origin::run);
  } else {
    record_for_background().display(read_display(params), Origin::background);
  }
}

asio::awaitable<void> Session::execute(std::shared_ptr<Run> run) {
  // Made first: without it there would be none.
  auto next = std::make_unique<RunRecord>(upcoming_->number() + 1, options_.output_limit, archive_);
  run->record_ = std::exchange(upcoming_, std::move(next));
  run->began_ = Clock::now();
  current_ = run;
  const std::string lost = std::exchange(lost_state_, {});
  if (!lost.empty()) {
    run->result_.note = lost + "; variables and imports of earlier runs are gone";
  }
  run_deadline_ = Deadline::after(run->request_.timeout);
  send_run(run);
  arm_usage_timer(first_look);
  co_await wait_for_end(run);
  current_.reset();
  // Nobody reads the answer to what was cancelled.
  if (run->cancelled_ && lost_state_.empty()) lost_state_ = lost;
}

void Session::send_run(const std::shared_ptr<Run>& run) {
  const RunRequest& request = run->request_;
  std::string params;
  framing::JsonWriter writer(params);
  writer.begin_object().member("run", run->record_->number()).member("code", request.code);
  if (!request.servers.empty()) writer.raw_member("servers", request.servers);
  writer.key("loaded").begin_array();
  for (const std::string& name : request.loaded)
    writer.value(name);
  writer.end_array();
  const std::string tools = hooks_.saved_tools ? hooks_.saved_tools(fresh_) : std::string();
  if (!tools.empty()) writer.raw_member("tools", tools);
  fresh_ = false;
  writer.end_object();
  auto completion = [this, run](std::error_code error, engine::Answer answer) {
    read_answer(*run, error, answer.body);
  };
  engine::CallOptions call_options;
  call_options.announce_cancel = false;
  interpreter_->peer().call("run", std::string_view(params), call_options, std::move(completion));
}

void Session::read_answer(Run& run, std::error_code error, std::string_view body) {
  RunResult& result = run.result_;
  if (error == Errc::peer_closed || error == Errc::shutting_down) {
    run.ended_ = true;
  } else if (error) {
    run.answered_ = true;
    result.status = RunStatus::error;
    result.exit_code = 1;
    result.error = error == Errc::remote_error ? engine::read_remote_error(body).message
                                               : "the interpreter's answer can't be read";
  } else {
    run.answered_ = true;
    read_run_answer(body, result);
  }
  run.changed_.set();
}

void Session::interrupt(const Run& run, std::string_view reason) {
  std::string params;
  framing::JsonWriter(params)
      .begin_object()
      .member("run", run.record_->number())
      .member("reason", reason)
      .end_object();
  interpreter_->peer().notify_always("interrupt", std::string_view(params));
}

std::string Session::broken_limit() const {
  if (!interpreter_->watch_usage()) return {};
  const Usage usage = measure_usage(interpreter_->pid(), options_.memory_limit);
  if (usage.memory > options_.memory_limit) {
    return "more than " + std::to_string(options_.memory_limit >> 20) + " MiB of memory together";
  }
  if (interpreter_->unbounded_processes() && usage.threads > options_.process_limit) {
    return "more than " + std::to_string(options_.process_limit) + " processes";
  }
  return {};
}

asio::awaitable<void> Session::wait_for_end(std::shared_ptr<Run> run) {
  RunResult& result = run->result_;
  Deadline grace;  // of code that was interrupted
  bool interrupted = false;
  bool cancel_sent = false;
  for (;;) {
    if (run->answered_) break;
    if (run->ended_) {
      co_await explain_end(run);
      break;
    }
    const Deadline held = holds_ > 0 ? Deadline() : run_deadline_;
    const Deadline deadline = interrupted ? grace : held;
    const bool passed = deadline.passed();
    if (interrupted && passed) {
      result.status = cancel_sent ? RunStatus::cancelled : RunStatus::timed_out;
      kill(cancel_sent ? "the code that was cancelled did not stop, so its interpreter was killed"
                       : "");
      add_note(result.note,
               "the code did not stop when it was interrupted, so its interpreter was killed: " +
                   std::string(state_is_gone));
      break;
    }
    if (!interrupted && (passed || run->cancelled_)) {
      interrupted = true;
      cancel_sent = run->cancelled_;
      interrupt(*run, cancel_sent ? "cancelled" : "timeout");
      grace = Deadline::after(options_.grace);
    }
    const std::string broken = std::exchange(look_due_, false) ? broken_limit() : std::string();
    if (!broken.empty()) {
      result.status = RunStatus::lost;
      result.error = "the code and its processes used " + broken + ", so they were killed";
      add_note(result.note, state_is_gone);
      kill(run->cancelled_ ? result.error : "");
      break;
    }
    run->changed_.reset();
    // Set between the checks above and here only if it was set before them.
    if (run->answered_ || run->ended_ || (run->cancelled_ && !interrupted)) continue;
    const Deadline until = interrupted ? grace : held;
    co_await run->changed_.async_wait(until);
  }
}

asio::awaitable<void> Session::explain_end(std::shared_ptr<Run> run) {
  RunResult& result = run->result_;
  if (!interpreter_) {
    result.status = RunStatus::cancelled;
    result.error = "the session was closed";
    co_return;
  }
  // Ours alone from now on: async_close() would end it, and it would be gone, while we wait.
  const std::shared_ptr<Interpreter> last = take_interpreter({});
  const std::string why = co_await last->async_why_ended();
  result.status = RunStatus::lost;
  result.exit_code = last->exit_code().value_or(1);
  result.error = why;
  add_note(result.note, state_is_gone);
  if (run->cancelled_) lost_state_ = why;
  pool_->discard(last, true);
}

std::shared_ptr<Interpreter> Session::take_interpreter(std::string why) {
  // Taken out first: nothing may find an interpreter that is on its way out, nor it us.
  std::shared_ptr<Interpreter> last = std::move(interpreter_);
  last->set_hooks({});
  lost_state_ = std::move(why);
  if (hooks_.on_interpreter_end) hooks_.on_interpreter_end();
  return last;
}

void Session::kill(std::string why) {
  pool_->discard(take_interpreter(std::move(why)), true);
}

void Session::replace_if_asked(Run* run) {
  if (!std::exchange(reset_asked_, false) || !interpreter_) return;
  if (run != nullptr) {
    kill({});
    add_note(run->result_.note,
             "as runtime.reset() asked, the next run starts afresh, on a new interpreter");
    return;
  }
  // We are called by it, and its hooks have to last until they return.
  asio::post(executor_, [weak = weak_from_this(), asked = std::weak_ptr(interpreter_)] {
    const auto self = weak.lock();
    if (self && !self->turn_taken_ && self->interpreter_ && self->interpreter_ == asked.lock()) {
      self->kill({});
    }
  });
}

bool Session::retire(std::string why) {
  if (turn_taken_ || !interpreter_) return false;
  idle_timer_.cancel();
  pool_->discard(take_interpreter(std::move(why)), false);
  return true;
}

void Session::arm_idle_timer() {
  if (!interpreter_ || closed_ || options_.idle_limit <= Clock::duration::zero()) return;
  idle_timer_.expires_after(options_.idle_limit);
  auto expired = [weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error || self->idle_timer_.expiry() > Clock::now()) return;
    const auto idle = std::chrono::duration_cast<std::chrono::seconds>(self->options_.idle_limit);
    self->retire("the interpreter was shut down after " + std::to_string(idle.count()) +
                 " s without use");
  };
  idle_timer_.async_wait(std::move(expired));
}

// During a run again and again; after it once more, for what it has left running.
void Session::arm_usage_timer(Clock::duration wait) {
  if (usage_timer_armed_ || closed_ || !interpreter_ || !interpreter_->watch_usage()) return;
  usage_timer_armed_ = true;
  usage_timer_.expires_after(wait);
  usage_timer_.async_wait([weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self) return;
    self->usage_timer_armed_ = false;
    if (!error) self->look_at_usage();
  });
}

void Session::look_at_usage() {
  if (current_) {
    look_due_ = true;
    current_->changed_.set();
    arm_usage_timer(usage_interval);
  } else if (!turn_taken_ && interpreter_ && interpreter_->alive()) {
    const std::string broken = broken_limit();
    if (!broken.empty()) {
      kill("what earlier runs had left running used " + broken + ", so the interpreter was killed");
    }
  }
}

asio::awaitable<void> Session::async_close() {
  const std::shared_ptr<Session> self = shared_from_this();
  closed_ = true;
  usage_timer_.cancel();
  idle_timer_.cancel();
  for (const std::shared_ptr<Run>& run : waiting_)
    run->cancel();
  if (current_) current_->cancel();
  if (!interpreter_) co_return;
  const std::shared_ptr<Interpreter> last = std::move(interpreter_);
  if (current_) {
    current_->ended_ = true;
    current_->changed_.set();
  }
  co_await last->async_stop(false);
  if (hooks_.on_interpreter_end) hooks_.on_interpreter_end();
}

}  // namespace headrace::sandbox
