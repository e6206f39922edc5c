// One run after the other on one interpreter.
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_scanner.hpp>
#include <headrace/framing/request_id.hpp>
#include <headrace/sandbox/session.hpp>
#include <headrace/sandbox/usage.hpp>

#include <array>

namespace headrace::sandbox {
namespace {

using engine::Clock;
using engine::Deadline;
using engine::Errc;
using engine::LogLevel;
using framing::Member;

constexpr auto usage_interval = std::chrono::milliseconds(200);
// Calls of a run end a little after it, so that the run is interrupted first; calls made between
// runs have a limit of their own.
constexpr auto call_grace = std::chrono::seconds(2);
constexpr auto background_call_limit = std::chrono::seconds(120);

std::string unescaped(std::string_view raw) {
  std::string text;
  framing::append_unescaped(text, raw);
  return text;
}

}  // namespace

Session::Session(engine::Executor executor, SessionOptions options, SessionHooks hooks,
                 std::shared_ptr<Pool> pool, engine::Logger logger)
    : executor_(std::move(executor)),
      options_(options),
      hooks_(std::move(hooks)),
      pool_(std::move(pool)),
      logger_(std::move(logger)),
      idle_timer_(executor_),
      stray_out_(options.output_limit),
      stray_err_(options.output_limit) {}

std::shared_ptr<Run> Session::make_run(RunRequest request) const {
  return std::make_shared<Run>(executor_, std::move(request), options_.output_limit);
}

std::string_view Session::runtime_name() const noexcept {
  return interpreter_ ? interpreter_->runtime_name() : std::string_view();
}

Deadline Session::call_deadline() const noexcept {
  if (current_) return Deadline(run_deadline_.at() + call_grace);
  return Deadline::after(background_call_limit);
}

asio::awaitable<RunResult> Session::async_run(std::shared_ptr<Run> run) {
  const std::shared_ptr<Session> self = shared_from_this();
  RunResult& result = run->result_;
  const bool has_turn = co_await take_turn(run);
  if (!has_turn) {
    result.status = RunStatus::cancelled;
    co_return std::move(result);
  }
  if (run->cancelled_ || closed_) {
    result.status = RunStatus::cancelled;
  } else {
    idle_timer_.cancel();
    if (run->request_.on_turn) run->request_.on_turn(run->request_);
    const bool ready = co_await ensure_interpreter(run);
    // Closed while it started: async_close() did not find it.
    if (closed_ && interpreter_) co_await kill("");
    if (ready && (run->cancelled_ || closed_)) {
      result.status = RunStatus::cancelled;
    } else if (ready) {
      co_await execute(run);
    }
    arm_idle_timer();
  }
  release_turn();
  result.out = run->out_.text();
  result.err = run->err_.text();
  co_return std::move(result);
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
  if (interpreter_) co_await kill("the interpreter ended between runs");
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
  InterpreterHooks hooks;
  hooks.on_request = [this](engine::Responder responder, const engine::Message& message) {
    if (hooks_.on_request) hooks_.on_request(std::move(responder), message);
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

void Session::on_notification(const engine::Message& message) {
  if (message.method == "output") {
    on_output(message.params);
  } else if (message.method == "notifications/cancelled") {
    framing::ObjectScanner scanner;
    std::array<Member, 1> members{{{"requestId"}}};
    if (scanner.scan_members(message.params, members) == framing::Fault::none &&
        hooks_.on_cancelled) {
      hooks_.on_cancelled(members[0].value);
    }
  }
}

void Session::on_output(std::string_view params) {
  framing::ObjectScanner scanner;
  std::array<Member, 3> members{{{"run"}, {"stream"}, {"text"}}};
  if (scanner.scan_members(params, members) != framing::Fault::none) return;
  const auto number = framing::integer_id(members[0].value);
  const bool is_error = members[1].value == "\"stderr\"";
  const std::string text = unescaped(members[2].value);
  const bool ours = current_ && number && static_cast<std::uint64_t>(*number) == current_->number_;
  OutputBuffer& out = ours ? current_->out_ : stray_out_;
  OutputBuffer& err = ours ? current_->err_ : stray_err_;
  (is_error ? err : out).append(text);
}

asio::awaitable<void> Session::execute(std::shared_ptr<Run> run) {
  run->number_ = next_run_++;
  current_ = run;
  if (!lost_state_.empty()) {
    run->result_.note = lost_state_ + "; variables and imports of earlier runs are gone";
    lost_state_.clear();
  }
  for (auto [stray, kept] : {std::pair(&stray_out_, &run->out_), {&stray_err_, &run->err_}}) {
    if (stray->empty()) continue;
    kept->append(stray->text());
    *stray = OutputBuffer(options_.output_limit);
  }
  run_deadline_ = Deadline::after(run->request_.timeout);
  send_run(run);
  co_await wait_for_end(run);
  current_.reset();
}

void Session::send_run(const std::shared_ptr<Run>& run) {
  const RunRequest& request = run->request_;
  std::string params;
  framing::JsonWriter writer(params);
  writer.begin_object().member("run", run->number_).member("code", request.code);
  if (!request.servers.empty()) writer.raw_member("servers", request.servers);
  writer.key("loaded").begin_array();
  for (const std::string& name : request.loaded)
    writer.value(name);
  writer.end_array();
  if (fresh_ && hooks_.saved_tools) writer.raw_member("tools", hooks_.saved_tools());
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
    framing::ObjectScanner scanner;
    std::array<Member, 4> members{{{"status"}, {"exitCode"}, {"error"}, {"interrupt"}}};
    scanner.scan_members(body, members);
    const std::string status = unescaped(members[0].value);
    const auto code = framing::integer_id(members[1].value);
    result.exit_code =
        code && *code >= INT32_MIN && *code <= INT32_MAX ? static_cast<int>(*code) : 1;
    result.error = unescaped(members[2].value);
    if (status == "success") {
      result.status = result.exit_code == 0 ? RunStatus::success : RunStatus::error;
    } else if (status == "interrupted") {
      result.status =
          members[3].value == "\"timeout\"" ? RunStatus::timed_out : RunStatus::cancelled;
    } else {
      result.status = RunStatus::error;
    }
  }
  run.changed_.set();
}

void Session::interrupt(const Run& run, std::string_view reason) {
  std::string params;
  framing::JsonWriter(params)
      .begin_object()
      .member("run", run.number_)
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
  Deadline deadline = run_deadline_;
  bool interrupted = false;
  bool cancel_sent = false;
  for (;;) {
    if (run->answered_) break;
    if (run->ended_) {
      co_await explain_end(run);
      break;
    }
    const bool passed = deadline.passed();
    if (interrupted && passed) {
      result.status = cancel_sent ? RunStatus::cancelled : RunStatus::timed_out;
      result.note =
          "the code did not stop when it was interrupted, so its interpreter was killed: "
          "variables and imports are gone, the next run starts afresh";
      co_await kill("");
      break;
    }
    if (!interrupted && (passed || run->cancelled_)) {
      interrupted = true;
      cancel_sent = run->cancelled_;
      interrupt(*run, cancel_sent ? "cancelled" : "timeout");
      deadline = Deadline::after(options_.grace);
    }
    const std::string broken = broken_limit();
    if (!broken.empty()) {
      result.status = RunStatus::lost;
      result.error = "the code and its processes used " + broken + ", so they were killed";
      result.note = "variables and imports are gone, the next run starts afresh";
      co_await kill("");
      break;
    }
    Deadline look = deadline;
    if (interpreter_->watch_usage()) look = look.earlier(Deadline::after(usage_interval));
    run->changed_.reset();
    // Set between the checks above and here only if it was set before them.
    if (run->answered_ || run->ended_ || (run->cancelled_ && !interrupted)) continue;
    co_await run->changed_.async_wait(look);
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
  result.note = "variables and imports are gone, the next run starts afresh";
  co_await last->async_stop(true);
}

std::shared_ptr<Interpreter> Session::take_interpreter(std::string why) {
  std::shared_ptr<Interpreter> last = std::move(interpreter_);
  lost_state_ = std::move(why);
  if (hooks_.on_interpreter_end) hooks_.on_interpreter_end();
  return last;
}

asio::awaitable<void> Session::kill(std::string why) {
  // Taken out first: nothing may find an interpreter that is on its way out.
  const std::shared_ptr<Interpreter> last = take_interpreter(std::move(why));
  co_await last->async_stop(true);
}

void Session::arm_idle_timer() {
  if (!interpreter_ || closed_ || options_.idle_limit <= Clock::duration::zero()) return;
  idle_timer_.expires_after(options_.idle_limit);
  auto expired = [weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error || self->turn_taken_) return;
    asio::awaitable<void> retiring = retire(self);
    asio::co_spawn(self->executor_, std::move(retiring), asio::detached);
  };
  idle_timer_.async_wait(std::move(expired));
}

asio::awaitable<void> Session::retire(std::shared_ptr<Session> self) {
  if (self->turn_taken_ || !self->interpreter_) co_return;
  self->turn_taken_ = true;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(self->options_.idle_limit);
  const std::shared_ptr<Interpreter> last = self->take_interpreter(
      "the interpreter was shut down after " + std::to_string(seconds.count()) + " s without use");
  co_await last->async_stop(false);
  self->release_turn();
}

asio::awaitable<Session::Files> Session::async_list_files() {
  co_return Files{};
}

asio::awaitable<Session::FileContent> Session::async_read_file(std::string, std::uint64_t) {
  co_return FileContent{};
}

asio::awaitable<void> Session::async_close() {
  const std::shared_ptr<Session> self = shared_from_this();
  closed_ = true;
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
}

}  // namespace headrace::sandbox
