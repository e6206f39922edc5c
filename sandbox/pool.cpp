// Filling, handing out and emptying the pool.
#include <headrace/sandbox/pool.hpp>

#include <algorithm>
#include <sys/wait.h>

#include <asio/post.hpp>

namespace headrace::sandbox {
namespace {

constexpr std::size_t most_failures = 3;

// An engine whose command is killed in the midst of a start may leave half a container behind; one
// that pulls an image would take too long.
constexpr auto last_starts = std::chrono::milliseconds(600);

// Its end may not have been noticed yet.
bool has_exited(const Interpreter& interpreter) noexcept {
  if (!interpreter.alive() || interpreter.exit_code()) return true;
  siginfo_t info{};
  const auto pid = static_cast<id_t>(interpreter.pid());
  return ::waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

}  // namespace

Pool::Pool(engine::Executor executor, PoolOptions options, std::shared_ptr<Launcher> launcher,
           engine::Logger logger)
    : executor_(std::move(executor)),
      options_(options),
      launcher_(std::move(launcher)),
      logger_(std::move(logger)),
      fill_timer_(executor_),
      idle_timer_(executor_),
      changed_(executor_) {}

void Pool::prepare() {
  use();
}

void Pool::use() {
  wanted_ = true;
  failures_ = 0;
  arm_filling();
  arm_idling();
}

bool Pool::wants_more() const noexcept {
  return wanted_ && !closed_ && !starting() && spares_.size() < options_.size &&
         failures_ < most_failures;
}

void Pool::arm_filling() {
  if (!wants_more()) return;
  fill_timer_.expires_after(options_.delay);
  auto expired = [weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error || !self->wants_more()) return;
    self->starting_ = true;
    asio::awaitable<void> filling = fill(self);
    asio::co_spawn(self->executor_, std::move(filling), asio::detached);
  };
  fill_timer_.async_wait(std::move(expired));
}

void Pool::arm_idling() {
  if (closed_ || options_.idle_limit <= engine::Clock::duration::zero()) return;
  idle_timer_.expires_after(options_.idle_limit);
  auto expired = [weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    // Used again in the moment in which it expired.
    if (!self || error || self->idle_timer_.expiry() > engine::Clock::now()) return;
    if (self->starting_) {
      self->arm_idling();
      return;
    }
    self->wanted_ = false;
    for (std::unique_ptr<Interpreter>& spare : self->spares_)
      self->discard(std::move(spare), false);
    self->spares_.clear();
  };
  idle_timer_.async_wait(std::move(expired));
}

asio::awaitable<void> Pool::fill(std::shared_ptr<Pool> self) {
  // Who comes to claim it while it starts wants to hear of it as well.
  Launcher::Progress progress = [weak = std::weak_ptr(self)](std::string_view words) {
    const auto pool = weak.lock();
    if (!pool) return;
    pool->said_ = words;
    if (pool->claim_ && pool->claim_->progress) pool->claim_->progress(words);
  };
  engine::Diagnostics diagnostics;
  std::unique_ptr<Interpreter> next;
  try {
    next = co_await self->launcher_->async_start(diagnostics, std::move(progress));
  } catch (const std::exception& error) {
    diagnostics.message = error.what();
  }
  self->starting_ = false;
  self->said_.clear();
  const std::shared_ptr<Claim> claim = std::exchange(self->claim_, nullptr);
  const bool started = next != nullptr;
  if (self->closed_) {
    self->discard(std::move(next), false);
  } else if (claim) {
    claim->interpreter = std::move(next);
    claim->message = diagnostics.message;
  } else if (started) {
    self->add(std::move(next));
  }
  if (claim) claim->done.set();
  if (!started && !claim && !self->closed_) self->fail(diagnostics.message);
  self->changed_.set();
  self->arm_filling();
}

void Pool::add(std::unique_ptr<Interpreter> interpreter) {
  InterpreterHooks hooks;
  hooks.on_end = [weak = weak_from_this(), ended = interpreter.get()] {
    // Its own hook may not be taken away from under it.
    if (const auto self = weak.lock()) {
      asio::post(self->executor_, [self, ended] { self->on_end(ended); });
    }
  };
  interpreter->set_hooks(std::move(hooks));
  Interpreter* const added = interpreter.get();
  spares_.push_back(std::move(interpreter));
  arm_idling();
  if (!added->alive()) on_end(added);
}

void Pool::on_end(const Interpreter* interpreter) {
  const auto found = std::find_if(spares_.begin(), spares_.end(), [interpreter](const auto& spare) {
    return spare.get() == interpreter;
  });
  if (found == spares_.end()) return;
  discard(std::move(*found), true);
  spares_.erase(found);
  fail("a spare interpreter has ended");
  arm_filling();
}

void Pool::fail(std::string_view why) {
  ++failures_;
  if (failures_ != most_failures) return;
  logger_.log(
      engine::LogLevel::warning, "sandbox",
      "no more spare interpreters are started until the next one is needed: " + std::string(why));
}

std::unique_ptr<Interpreter> Pool::pop() {
  while (!spares_.empty()) {
    std::unique_ptr<Interpreter> next = std::move(spares_.front());
    spares_.erase(spares_.begin());
    if (!has_exited(*next)) {
      next->set_hooks({});
      return next;
    }
    discard(std::move(next), true);
  }
  return nullptr;
}

asio::awaitable<std::unique_ptr<Interpreter>> Pool::async_take(engine::Diagnostics& diagnostics,
                                                               Launcher::Progress progress) {
  const std::shared_ptr<Pool> self = shared_from_this();
  std::unique_ptr<Interpreter> next = pop();
  if (!next && starting_ && !claim_) {
    // To start another beside it would make both slower.
    const auto claim = std::make_shared<Claim>(executor_, std::move(progress));
    claim_ = claim;
    if (claim->progress && !said_.empty()) claim->progress(said_);
    co_await claim->done.async_wait();
    next = std::move(claim->interpreter);
    diagnostics.message = claim->message;
  } else if (!next && !closed_) {
    struct Starting {
      Pool& pool;
      explicit Starting(Pool& of) : pool(of) { ++pool.direct_; }
      ~Starting() { --pool.direct_; }
    };
    const Starting starting(*this);
    next = co_await launcher_->async_start(diagnostics, std::move(progress));
  }
  if (closed_) {
    discard(std::move(next), false);
    changed_.set();
    diagnostics.message = "the sandboxes are being shut down";
    co_return nullptr;
  }
  use();
  co_return next;
}

void Pool::discard(std::shared_ptr<Interpreter> interpreter, bool kill) {
  if (!interpreter) return;
  ++ending_;
  asio::awaitable<void> ending = end(shared_from_this(), std::move(interpreter), kill);
  asio::co_spawn(executor_, std::move(ending), asio::detached);
}

asio::awaitable<void> Pool::end(std::shared_ptr<Pool> self,
                                std::shared_ptr<Interpreter> interpreter, bool kill) {
  // Not from inside one of its hooks.
  co_await asio::post(self->executor_, asio::use_awaitable);
  try {
    co_await interpreter->async_stop(kill);
  } catch (const std::exception& error) {
    self->logger_.log(engine::LogLevel::warning, "sandbox",
                      "an interpreter could not be ended in order: " + std::string(error.what()));
  }
  interpreter.reset();
  --self->ending_;
  self->changed_.set();
}

asio::awaitable<void> Pool::async_close() {
  const std::shared_ptr<Pool> self = shared_from_this();
  closed_ = true;
  launcher_->close();
  fill_timer_.cancel();
  idle_timer_.cancel();
  for (std::unique_ptr<Interpreter>& spare : spares_)
    discard(std::move(spare), false);
  spares_.clear();
  const engine::Deadline limit = engine::Deadline::after(last_starts);
  while (ending_ > 0 || ((starting_ || direct_ > 0) && !limit.passed())) {
    changed_.reset();
    engine::Deadline until;
    if (!limit.passed()) until = limit;
    co_await changed_.async_wait(until);
  }
}

}  // namespace headrace::sandbox
