// A peer over any Asio stream: the coroutine that reads, the writes, and the sweeper timer round a
// PeerCore.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/completion.hpp>
#include <headrace/engine/event.hpp>
#include <headrace/engine/peer_core.hpp>

#include <concepts>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace headrace::engine {

class TraceTap;

namespace detail {

/// What every shell shares; the streams come with StreamShell.
class PeerShell : public std::enable_shared_from_this<PeerShell> {
 public:
  PeerShell(Executor executor, PeerOptions options, PeerHooks hooks);
  virtual ~PeerShell();
  PeerShell(const PeerShell&) = delete;
  PeerShell& operator=(const PeerShell&) = delete;

  virtual void start() = 0;
  void wake();
  void close(std::error_code error);
  void finish();
  asio::awaitable<bool> async_finish(Deadline deadline);
  std::uint64_t call(std::string_view method, const Payload& params, const CallOptions& options,
                     Completion&& completion);

  Executor executor;
  std::shared_ptr<PeerCore> core;

 protected:
  /// Begins the write of what the core's queue holds; on_write_done() follows, never from inside.
  virtual void begin_write(BufferView buffers) = 0;
  /// Writes what fits without waiting; sets `would_block` when nothing more does.
  virtual std::size_t write_now(BufferView buffers, std::error_code& error) = 0;
  virtual void close_streams() = 0;
  virtual void close_writer() = 0;

  void on_batch(std::span<const char> bytes);
  void on_end(std::error_code error);
  void on_write_done(std::error_code error, std::size_t size);
  void flush();

  Event resume_reading_;

 private:
  void settle();
  void arm_timer();

  asio::steady_timer timer_;
  Clock::time_point armed_ = Clock::time_point::max();
  bool in_batch_ = false;
  bool wake_posted_ = false;
  std::vector<std::shared_ptr<PeerShell>> woken_;  // by what is being handed out here
  bool writing_ = false;
  BufferView being_written_;
  bool finishing_ = false;
  Event finished_;  // nothing will be written any more
  bool closed_ = false;
  std::unique_ptr<TraceTap> tap_;  // where there is a trace
};

template <class Reader, class Writer>
struct StreamPair {
  Reader in;
  Writer out;
  Reader& reader() noexcept { return in; }
  Writer& writer() noexcept { return out; }
};

template <class Stream>
struct Duplex {
  Stream stream;
  Stream& reader() noexcept { return stream; }
  Stream& writer() noexcept { return stream; }
};

template <class Stream>
void close_stream(Stream& stream) {
  if constexpr (requires(std::error_code ec) { stream.close(ec); }) {
    std::error_code ignored;
    stream.close(ignored);
  } else {
    stream.close();
  }
}

template <class Streams>
class StreamShell final : public PeerShell {
 public:
  StreamShell(Executor ex, Streams streams, PeerOptions options, PeerHooks hooks)
      : PeerShell(std::move(ex), std::move(options), std::move(hooks)),
        streams_(std::move(streams)) {
    using Writer = std::remove_reference_t<decltype(streams_.writer())>;
    if constexpr (requires(Writer & w, std::error_code ec) { w.non_blocking(true, ec); }) {
      std::error_code ignored;
      streams_.writer().non_blocking(true, ignored);
    }
  }

  void start() override {
    auto self = std::static_pointer_cast<StreamShell>(shared_from_this());
    asio::awaitable<void> loop = read_loop(std::move(self));
    asio::co_spawn(executor, std::move(loop), asio::detached);
  }

 private:
  // Calls hold their callers, who may hold the peer. Where the context goes with the loop still in
  // it, nobody else would ever let go of them.
  struct Reading {
    StreamShell& shell;
    bool over = false;
    ~Reading() {
      if (!over) shell.close(asio::error::make_error_code(asio::error::operation_aborted));
    }
  };

  static asio::awaitable<void> read_loop(std::shared_ptr<StreamShell> self) {
    Reading reading{*self};
    for (;;) {
      while (self->core->read_paused() && !self->core->broken()) {
        self->resume_reading_.reset();
        co_await self->resume_reading_.async_wait();
      }
      const std::span<char> room = self->core->prepare_read();
      if (room.empty()) {
        const std::error_code no_memory = asio::error::no_memory;
        reading.over = true;
        self->core->on_read_end(no_memory);
        co_return;
      }
      const asio::mutable_buffer buffer(room.data(), room.size());
      auto [error, size] = co_await self->streams_.reader().async_read_some(buffer, use_tuple);
      if (error) {
        reading.over = true;
        self->on_end(error);
        co_return;
      }
      self->on_batch(room.first(size));
    }
  }

  void begin_write(BufferView buffers) override {
    auto self = std::static_pointer_cast<StreamShell>(shared_from_this());
    streams_.writer().async_write_some(buffers, [self](std::error_code error, std::size_t size) {
      self->on_write_done(error, size);
    });
  }

  std::size_t write_now(BufferView buffers, std::error_code& error) override {
    using Writer = std::remove_reference_t<decltype(streams_.writer())>;
    if constexpr (requires(Writer & w, std::error_code ec) { w.write_some(buffers, ec); }) {
      return streams_.writer().write_some(buffers, error);
    } else {
      error = asio::error::would_block;
      return 0;
    }
  }

  void close_streams() override {
    close_stream(streams_.reader());
    close_stream(streams_.writer());
  }

  void close_writer() override {
    if constexpr (std::same_as<decltype(streams_.reader()), decltype(streams_.writer())>) {
      using Stream = std::remove_reference_t<decltype(streams_.writer())>;
      if (static_cast<void*>(&streams_.reader()) == static_cast<void*>(&streams_.writer())) {
        if constexpr (requires(Stream & s, std::error_code ec) {
                        s.shutdown(Stream::shutdown_send, ec);
                      }) {
          std::error_code ignored;
          streams_.writer().shutdown(Stream::shutdown_send, ignored);
        }
        return;
      }
    }
    close_stream(streams_.writer());
  }

  Streams streams_;
};

}  // namespace detail

/// One end of a JSON-RPC conversation over newline-delimited frames.
///
/// A Peer is an I/O object in Asio's manner: it runs on the executor it was given (a strand, where
/// several threads run the context) and is not to be used from two threads at once. Destroying it
/// closes it.
///
/// Streams: anything with `async_read_some` and `async_write_some` and `close`; where there is a
/// synchronous `write_some`, it is used first and must not block.
class Peer {
 public:
  using executor_type = Executor;

  Peer() noexcept = default;
  /// A reader and a writer of their own, such as two pipes.
  template <class Reader, class Writer>
  Peer(Executor executor, Reader reader, Writer writer, PeerOptions options, PeerHooks hooks)
      : shell_(std::make_shared<detail::StreamShell<detail::StreamPair<Reader, Writer>>>(
            std::move(executor),
            detail::StreamPair<Reader, Writer>{std::move(reader), std::move(writer)},
            std::move(options), std::move(hooks))) {}
  /// One stream for both, such as a socket.
  template <class Stream>
  Peer(Executor executor, Stream stream, PeerOptions options, PeerHooks hooks)
      : shell_(std::make_shared<detail::StreamShell<detail::Duplex<Stream>>>(
            std::move(executor), detail::Duplex<Stream>{std::move(stream)}, std::move(options),
            std::move(hooks))) {}
  Peer(Peer&&) noexcept = default;
  Peer& operator=(Peer&& other) noexcept;
  ~Peer();

  /// Begins to read: hooks are called from now on, and never from inside this call.
  void start() { shell_->start(); }

  executor_type get_executor() const noexcept { return shell_->executor; }

  /// Calls `method` at the other end; completes with `void(std::error_code, Answer)`.
  ///
  /// `method` and `params` have to be valid until the operation is initiated (with use_awaitable:
  /// until it is awaited); they are not needed after that.
  ///
  /// Errors: Errc::remote_error with the error object as the answer's body; timed_out, cancelled,
  /// peer_closed, frame_too_large, invalid_answer, shutting_down.
  ///
  /// Cancellation, terminal, partial and total alike: ends the waiting, not the writing. A call
  /// that was not written yet never is; for one that was, the other end is told and its answer
  /// dropped.
  template <class CompletionToken>
  auto async_call(std::string_view method, const Payload& params, CallOptions options,
                  CompletionToken&& token) {
    return asio::async_initiate<CompletionToken, void(std::error_code, Answer)>(
        InitiateCall{shell_}, token, method, params, options);
  }

  /// The same without a token: `completion` is called on the peer's executor, inline with reading,
  /// and never from inside this call. For the hot path. Returns a number for cancel().
  std::uint64_t call(std::string_view method, const Payload& params, const CallOptions& options,
                     Completion&& completion) {
    return shell_->call(method, params, options, std::move(completion));
  }
  /// Ends the waiting for a call; a call that has ended is ignored.
  void cancel(std::uint64_t number, std::string_view reason) {
    shell_->core->cancel(number, reason);
  }
  /// False, and nothing sent, while too much waits to be written.
  bool notify(std::string_view method, const Payload& params) {
    return shell_->core->notify(method, params);
  }
  void notify_always(std::string_view method, const Payload& params) {
    shell_->core->notify_always(method, params);
  }
  /// A line of another peer, which its on_line was given, as it came; a long one without a copy.
  /// Never refused: while unwritten() is above the mark, hold the reading of where it comes from.
  void pass_on(const framing::Frame& frame) { shell_->core->pass_on(frame); }
  /// Whether reading pauses, whatever else it would pause for.
  void hold_reading(bool held) { shell_->core->hold_reading(held); }
  /// The deadlines of calls stand still until they are released: a person is being asked.
  void hold_deadlines() { shell_->core->hold_deadlines(Clock::now()); }
  void release_deadlines() { shell_->core->release_deadlines(Clock::now()); }
  /// Bytes as they are, which have to be whole lines; for what comes before the conversation.
  void write_raw(std::string_view lines) { shell_->core->write_raw(lines); }
  /// For what has no Responder: a message that was no message.
  void send_error(std::string_view id, std::int64_t code, std::string_view message) {
    shell_->core->send_error(id, code, message);
  }

  /// Refuses new calls, writes what is queued, then closes the writing side. Reading goes on.
  void finish() { shell_->finish(); }
  /// The same, and waits until all is written and that side is closed: true. False when the
  /// deadline passed first. Cancellation of any kind ends the waiting only.
  asio::awaitable<bool> async_finish(Deadline deadline) { return shell_->async_finish(deadline); }
  /// Closes both streams now; all calls end with Errc::shutting_down, and no hook is called again.
  void close();

  bool is_open() const noexcept { return shell_ && !shell_->core->broken(); }
  const PeerStats& stats() const noexcept { return shell_->core->stats(); }
  std::size_t calls_pending() const noexcept { return shell_->core->calls_pending(); }
  /// Bytes that wait to be written.
  std::size_t unwritten() const noexcept { return shell_->core->output().size(); }

 private:
  struct InitiateCall {
    std::shared_ptr<detail::PeerShell> shell;
    template <class Handler>
    void operator()(Handler&& handler, std::string_view method, const Payload& params,
                    const CallOptions& options) const;
  };

  std::shared_ptr<detail::PeerShell> shell_;
};

template <class Handler>
void Peer::InitiateCall::operator()(Handler&& handler, std::string_view method,
                                    const Payload& params, const CallOptions& options) const {
  auto slot = asio::get_associated_cancellation_slot(handler);
  const std::uint64_t number = shell->call(
      method, params, options, as_callback(std::forward<Handler>(handler), shell->executor));
  if (number != 0 && slot.is_connected()) {
    std::weak_ptr<detail::PeerShell> weak = shell;
    slot.assign([weak, number](asio::cancellation_type) {
      if (const auto live = weak.lock()) live->core->cancel(number, "the caller gave up");
    });
  }
}

}  // namespace headrace::engine
