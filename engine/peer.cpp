// When a peer writes, how its one timer is armed, and how it ends.
#include <headrace/engine/peer.hpp>
#include <headrace/engine/trace.hpp>

namespace headrace::engine {
namespace detail {
namespace {

// The peer of this thread that hands out what it has read.
thread_local PeerShell* dispatching = nullptr;

class Dispatching {
 public:
  explicit Dispatching(PeerShell& peer) noexcept : outer_(std::exchange(dispatching, &peer)) {}
  ~Dispatching() { dispatching = outer_; }
  Dispatching(const Dispatching&) = delete;
  Dispatching& operator=(const Dispatching&) = delete;

 private:
  PeerShell* outer_;
};

}  // namespace

PeerShell::PeerShell(Executor ex, PeerOptions options, PeerHooks hooks)
    : executor(std::move(ex)),
      core(std::make_shared<PeerCore>(std::move(options), std::move(hooks))),
      resume_reading_(executor),
      timer_(executor),
      finished_(executor) {
  core->wake = [this] { wake(); };
  if (const auto& trace = core->options().trace) {
    tap_ = std::make_unique<TraceTap>(trace, core->options().name);
  }
}

PeerShell::~PeerShell() {
  // A Responder may keep the core for longer.
  core->wake.reset();
}

std::uint64_t PeerShell::call(std::string_view method, const Payload& params,
                              const CallOptions& options, Completion&& completion) {
  std::error_code failure;
  const std::uint64_t number = core->call(method, params, options, completion, failure);
  if (number == 0) {
    auto fail = [completion = std::move(completion), failure]() mutable {
      completion(failure, Answer{});
    };
    asio::post(executor, std::move(fail));
  }
  return number;
}

void PeerShell::wake() {
  // All that is queued before the executor comes round goes out in one gathered write; or, when
  // another peer on it hands out a batch, before that is done: a turn of the executor is a system
  // call, and most of what is written is the other side of what has just been read.
  if (in_batch_ || wake_posted_ || closed_) return;
  wake_posted_ = true;
  if (dispatching != nullptr && dispatching->executor == executor) {
    dispatching->woken_.push_back(shared_from_this());
    return;
  }
  auto later = [self = shared_from_this()] {
    self->wake_posted_ = false;
    self->settle();
  };
  asio::post(executor, std::move(later));
}

void PeerShell::on_batch(std::span<const char> bytes) {
  if (tap_) tap_->on_read({bytes.data(), bytes.size()});
  {
    const Dispatching now(*this);
    in_batch_ = true;
    core->on_read(bytes.size());
    in_batch_ = false;
  }
  settle();
  for (const std::shared_ptr<PeerShell>& other : woken_) {
    other->wake_posted_ = false;
    other->settle();
  }
  woken_.clear();
}

void PeerShell::on_end(std::error_code error) {
  if (tap_) tap_->on_read_end();
  core->on_read_end(error);
  wake();
}

void PeerShell::settle() {
  flush();
  arm_timer();
  if (!core->read_paused() || core->broken()) resume_reading_.set();
}

void PeerShell::flush() {
  while (!writing_ && !closed_) {
    if (core->output().empty()) {
      if (finishing_) {
        finishing_ = false;
        core->on_write_error(asio::error::shut_down);
        close_writer();
        finished_.set();
      }
      return;
    }
    const BufferView buffers = core->output().prepare();
    std::error_code error;
    const std::size_t size = write_now(buffers, error);
    if (!error) {
      if (tap_) tap_->on_written(buffers, size);
      core->output().consume(size);
      core->on_written();
    } else if (error == asio::error::would_block || error == asio::error::try_again) {
      writing_ = true;
      being_written_ = buffers;
      begin_write(buffers);
    } else {
      core->on_write_error(error);
      finished_.set();
    }
  }
}

void PeerShell::on_write_done(std::error_code error, std::size_t size) {
  writing_ = false;
  // What these point to is there until it is consumed.
  if (tap_ && !error) tap_->on_written(being_written_, size);
  if (closed_) return;
  if (error) {
    core->on_write_error(error);
    finished_.set();
  } else {
    // A queue that was given up meanwhile is empty, whatever was on its way.
    core->output().consume(std::min(size, core->output().size()));
    core->on_written();
  }
  settle();
}

void PeerShell::arm_timer() {
  const auto next = core->next_deadline();
  if (!next && core->read_ended() && armed_ != Clock::time_point::max()) {
    // Nothing will come that it could be for, and a program may wait for its context to run dry.
    armed_ = Clock::time_point::max();
    timer_.cancel();
  }
  if (!next || *next >= armed_ || closed_) return;
  armed_ = *next;
  timer_.expires_at(armed_);
  auto expired = [weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    self->armed_ = Clock::time_point::max();
    self->in_batch_ = true;
    self->core->on_tick(Clock::now());
    self->in_batch_ = false;
    self->settle();
  };
  timer_.async_wait(std::move(expired));
}

void PeerShell::finish() {
  core->stop_calls();
  finishing_ = true;
  wake();
}

asio::awaitable<bool> PeerShell::async_finish(Deadline deadline) {
  const std::shared_ptr<PeerShell> self = shared_from_this();
  finish();
  const bool finished = co_await finished_.async_wait(deadline);
  co_return finished;
}

void PeerShell::close(std::error_code error) {
  if (closed_) return;
  closed_ = true;
  finished_.set();
  timer_.cancel();
  core->close(error);
  // Not now: we may have been called from one of them.
  asio::post(executor, [dropped = core] { dropped->drop_hooks(); });
  close_streams();
  resume_reading_.set();
}

}  // namespace detail

Peer& Peer::operator=(Peer&& other) noexcept {
  if (this != &other) {
    close();
    shell_ = std::move(other.shell_);
  }
  return *this;
}

Peer::~Peer() {
  close();
}

void Peer::close() {
  // A completion may destroy this peer.
  if (const auto shell = shell_) shell->close(Errc::shutting_down);
}

}  // namespace headrace::engine
