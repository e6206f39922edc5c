// What a peer decides, without any I/O: frames and calls go in, bytes and completions come out.
#pragma once

#include <headrace/engine/deadline.hpp>
#include <headrace/engine/deadline_queue.hpp>
#include <headrace/engine/error.hpp>
#include <headrace/engine/pending_table.hpp>
#include <headrace/engine/unique_function.hpp>
#include <headrace/engine/write_queue.hpp>
#include <headrace/framing/envelope.hpp>
#include <headrace/framing/frame.hpp>
#include <headrace/framing/line_splitter.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::engine {

class Trace;

struct PeerOptions {
  /// Who is at the other end, for messages: "server 'x'".
  std::string name = "the other end";
  /// Longest frame in bytes, both ways.
  std::size_t frame_limit = std::size_t{64} << 20;
  /// Above this many unwritten bytes calls wait on our side and notify() refuses.
  std::size_t write_high_water = std::size_t{1} << 20;
  /// Above this many unwritten bytes large answers are replaced by an error; above twice as many
  /// the peer ends with Errc::peer_stalled.
  std::size_t write_limit = std::size_t{256} << 20;
  /// Requests of the other end that wait for our answer: above either limit reading pauses.
  std::size_t inbound_requests = 4096;
  std::size_t inbound_bytes = std::size_t{128} << 20;
  /// Once nothing can be written any more, answers under way are waited for this long.
  Clock::duration last_words = std::chrono::seconds(1);
  /// The notification that tells the other end that a call was abandoned; empty for none.
  std::string cancel_method = "notifications/cancelled";
  /// Where the stream is copied to, under `name`; null for nowhere.
  std::shared_ptr<Trace> trace;
};

/// A piece of raw JSON. With an owner, a long one is written without a copy.
struct RawJson {
  std::string_view text;
  framing::BlockRef owner;
};

/// Raw JSON in up to three pieces that are written behind each other: a prefix, a slice of another
/// frame, a suffix. Has to be valid only until the call it is handed to returns.
struct Payload {
  Payload() noexcept = default;
  Payload(std::string_view whole) noexcept { pieces[0].text = whole; }  // NOLINT: raw JSON
  Payload(std::string_view prefix, RawJson slice, std::string_view suffix) noexcept
      : pieces{RawJson{prefix, {}}, std::move(slice), RawJson{suffix, {}}} {}
  std::size_t size() const noexcept;
  /// The pieces as one.
  std::string text() const;

  std::array<RawJson, 3> pieces;
};

/// An answer to a call. `body` is the raw result (or, with Errc::remote_error, the raw error
/// object) and is valid for as long as this, or a copy of `frame`, lives.
struct Answer {
  std::string_view body;
  framing::Frame frame;
};

/// A raw error object; `data` is raw JSON, empty for none.
std::string error_object(std::int64_t code, std::string_view message, std::string_view data = {});

/// Reads the error object of an Answer that came with Errc::remote_error.
RemoteError read_remote_error(std::string_view body);

using Completion = UniqueFunction<void(std::error_code, Answer)>;

struct CallOptions {
  Deadline deadline = {};
  /// False for what must not be cancelled at the other end, as MCP's `initialize`.
  bool announce_cancel = true;
};

/// Something the other end sent. The views are valid during the hook only; who wants `params` for
/// longer keeps a copy of `frame` (which holds on to the whole block it came in).
struct Message {
  std::string_view method;
  std::string_view params;
  const framing::Frame& frame;
  /// For a framing::ObjectScanner that looks into `params`; valid until another message is parsed.
  framing::Tokens tokens = {};
};

class PeerCore;

/// The right to answer one request, once. Dropped unanswered, it answers with -32603, so that no
/// caller is left waiting; discard() is for a request that its sender has cancelled.
class Responder {
 public:
  Responder() noexcept = default;
  Responder(std::shared_ptr<PeerCore> core, std::string_view id, std::size_t charge);
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;
  ~Responder();

  /// Raw JSON, as it came.
  std::string_view id() const noexcept { return id_; }
  explicit operator bool() const noexcept { return core_ != nullptr; }

  void result(const Payload& json);
  /// `data` is raw JSON, empty for none.
  void error(std::int64_t code, std::string_view message, std::string_view data = {});
  /// A whole raw error object, passed on.
  void raw_error(const Payload& json);
  /// A notification to whoever waits for the answer, ahead of it. False, and nothing sent, while
  /// too much waits to be written; unless it is `owed`, then that is no reason.
  bool notify(std::string_view method, const Payload& params, bool owed = false);
  void discard();

 private:
  void respond(std::string_view key, const Payload& json);
  std::shared_ptr<PeerCore> core_;
  std::string id_;
  std::size_t charge_ = 0;
};

/// What a peer's owner is told. All are called on the peer's executor, never from inside a call
/// into the peer; any may be empty.
struct PeerHooks {
  /// Takes every line before anything is made of it, those that are no messages too: for whoever
  /// passes them on. Then none of the other hooks about lines is called but on_oversize, and that
  /// for answers as well.
  UniqueFunction<void(const framing::Envelope&, const framing::Frame&)> on_line;
  /// A request that nobody takes is answered with -32601.
  UniqueFunction<void(Responder&&, const Message&)> on_request;
  UniqueFunction<void(const Message&)> on_notification;
  /// A line that is JSON but no message; whoever must, answers. `id` is raw, empty if unreadable.
  UniqueFunction<void(const framing::Envelope&)> on_invalid;
  /// A request over the frame limit, by its raw id (possibly empty).
  UniqueFunction<void(const framing::LineSplitter::Oversize&)> on_oversize;
  /// The first line that was not JSON, cut to 200 bytes; later ones are only counted.
  UniqueFunction<void(std::string_view line)> on_noise;
  /// What pass_on() brought above the high-water mark has been written, down to that mark.
  UniqueFunction<void()> on_drained;
  /// Nothing more will be read. asio::error::eof when orderly. Called once.
  UniqueFunction<void(std::error_code)> on_end;
};

struct PeerStats {
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t noise_lines = 0;
  std::uint64_t invalid_messages = 0;
  std::uint64_t late_answers = 0;     ///< To calls that had ended, and repeated ones.
  std::uint64_t unknown_answers = 0;  ///< To calls that never were.
  std::uint64_t oversize_frames = 0;
};

/// Sans-I/O. The shell (peer.hpp) feeds it and writes what output() holds.
class PeerCore : public std::enable_shared_from_this<PeerCore> {
 public:
  PeerCore(PeerOptions options, PeerHooks hooks);

  // The owner's side.

  /// Begins a call and returns its number; `completion` runs later, exactly once, from one of the
  /// events below. 0 when it can't begin; then `failure` says why and `completion` is untouched.
  std::uint64_t call(std::string_view method, const Payload& params, const CallOptions& options,
                     Completion& completion, std::error_code& failure);
  /// Ends the waiting for a call with Errc::cancelled; unknown numbers are ignored.
  void cancel(std::uint64_t number, std::string_view reason);
  /// False, and nothing sent, above the high-water mark or when nothing can be sent any more.
  bool notify(std::string_view method, const Payload& params);
  /// The same, but never refused for the mark: for what is small, and owed to the other end.
  void notify_always(std::string_view method, const Payload& params);
  /// A line of another peer, as it came; a long one without a copy. Never refused: who passes on
  /// more than is written has to hold the source, until on_drained.
  void pass_on(const framing::Frame& frame);
  /// Whether reading pauses, whatever else it would pause for.
  void hold_reading(bool held);
  /// Bytes as they are, which have to be whole lines.
  void write_raw(std::string_view lines);
  /// Answers something that has no Responder; `id` empty writes no id.
  void send_error(std::string_view id, std::int64_t code, std::string_view message);
  /// The deadlines of calls stand still from now on, those of calls begun meanwhile too: a person
  /// is being asked.
  void hold_deadlines(Clock::time_point now);
  /// They go on, later by as long as they stood still. Without a hold_deadlines() nothing happens.
  void release_deadlines(Clock::time_point now);
  /// Nothing new is begun; what is queued is still written.
  void stop_calls() noexcept { accepting_ = false; }

  // The shell's side.

  std::span<char> prepare_read() noexcept { return splitter_.prepare(); }
  void on_read(std::size_t size);
  /// The stream is over: what came behind the last newline is a frame still, then all calls fail.
  void on_read_end(std::error_code error);
  void on_tick(Clock::time_point now);
  std::optional<Clock::time_point> next_deadline() const noexcept;
  WriteQueue& output() noexcept { return output_; }
  /// After bytes were written: lets waiting calls follow.
  void on_written();
  void on_write_error(std::error_code error);
  /// Fails everything that waits; no hook but completions is called from then on.
  void close(std::error_code error);
  /// Hooks often hold what owns the peer; after close(), and not from inside one of them.
  void drop_hooks() { hooks_ = {}; }
  bool read_paused() const noexcept;
  bool read_ended() const noexcept { return read_ended_; }
  bool broken() const noexcept { return write_broken_ || closed_; }

  /// Called when there is something to write, or a deadline earlier than before, or reading may go
  /// on: the shell looks at all three.
  UniqueFunction<void()> wake;

  const PeerOptions& options() const noexcept { return options_; }
  const PeerStats& stats() const noexcept { return stats_; }
  std::size_t calls_pending() const noexcept { return pending_.size(); }

 private:
  friend class Responder;

  struct Call {
    Completion completion;
    DeadlineQueue::Handle deadline = DeadlineQueue::none;
    bool announce_cancel = true;
    bool parked = false;
  };
  struct Parked {
    std::uint64_t number;
    std::string frame;
  };

  void on_frame(framing::Frame& frame);
  void on_answer(const framing::Envelope& envelope, framing::Frame& frame);
  void on_oversize_frame();
  void finish_call(std::uint64_t number, std::error_code error, Answer answer);
  void abandon(std::uint64_t number, Errc error, std::string_view reason);
  void unpark();
  void look_for_room();
  void fail_all(std::error_code error);
  void write_head(std::uint64_t number, std::string_view method, bool has_params);
  void append(const Payload& json, std::string_view tail);
  void respond(std::string_view id, std::string_view key, const Payload& json, std::size_t charge);
  void release(std::size_t charge);
  void check_stall();
  void break_writing();
  void end_at(Clock::time_point at, std::error_code error);

  PeerOptions options_;
  PeerHooks hooks_;
  framing::LineSplitter splitter_;
  framing::EnvelopeParser parser_;
  PendingTable<Call> pending_;
  DeadlineQueue deadlines_;
  WriteQueue output_;
  std::string head_;  // of the message being written; kept for its memory
  std::deque<Parked> parked_;
  std::size_t inbound_requests_ = 0;
  std::size_t inbound_bytes_ = 0;
  std::optional<Clock::time_point> held_since_;
  std::optional<Clock::time_point> end_at_;  // not a call's deadline, but the peer's
  std::error_code end_error_;
  bool accepting_ = true;
  bool reading_held_ = false;
  bool crowded_ = false;  // by pass_on(), above the high-water mark
  bool read_ended_ = false;
  bool write_broken_ = false;
  bool closed_ = false;
  PeerStats stats_;
};

}  // namespace headrace::engine
