// The decisions of a peer: whom an answer belongs to, what is written when, what an end means.
#include <headrace/engine/peer_core.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_scanner.hpp>
#include <headrace/framing/request_id.hpp>

#include <charconv>

#include <asio/error.hpp>

namespace headrace::engine {
namespace {

// What a request costs us beyond its bytes, so that many small ones count as well.
constexpr std::size_t request_overhead = 512;
// An answer that is longer than this is replaced by an error when the other end reads too little.
constexpr std::size_t small_answer = 16 << 10;

}  // namespace

std::size_t Payload::size() const noexcept {
  return pieces[0].text.size() + pieces[1].text.size() + pieces[2].text.size();
}

std::string Payload::text() const {
  std::string text;
  text.reserve(size());
  for (const RawJson& piece : pieces)
    text.append(piece.text);
  return text;
}

std::string error_object(std::int64_t code, std::string_view message, std::string_view data) {
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_object().member("code", code).member("message", message);
  if (!data.empty()) writer.raw_member("data", data);
  writer.end_object();
  return json;
}

RemoteError read_remote_error(std::string_view body) {
  RemoteError error;
  framing::ObjectScanner scanner;
  std::array<framing::Member, 3> members{{{"code"}, {"message"}, {"data"}}};
  if (scanner.scan_members(body, members) != framing::Fault::none) {
    error.message = "an error that is not a JSON object";
    return error;
  }
  if (const auto code = framing::integer_id(members[0].value)) error.code = *code;
  if (!framing::append_unescaped(error.message, members[1].value)) {
    error.message = members[1].value;
  }
  error.data = members[2].value;
  return error;
}

Responder::Responder(std::shared_ptr<PeerCore> core, std::string_view id, std::size_t charge)
    : core_(std::move(core)), id_(id), charge_(charge) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    // What is assigned over is dropped, and says so.
    const Responder dropped(std::move(*this));
    core_ = std::move(other.core_);
    id_ = std::move(other.id_);
    charge_ = other.charge_;
  }
  return *this;
}

Responder::~Responder() {
  if (core_) error(-32603, "the request was dropped before it was answered");
}

void Responder::respond(std::string_view key, const Payload& json) {
  if (const auto core = std::exchange(core_, nullptr)) core->respond(id_, key, json, charge_);
}

void Responder::result(const Payload& json) {
  respond("result", json);
}

void Responder::raw_error(const Payload& json) {
  respond("error", json);
}

void Responder::error(std::int64_t code, std::string_view message, std::string_view data) {
  const std::string json = error_object(code, message, data);
  raw_error(std::string_view(json));
}

bool Responder::notify(std::string_view method, const Payload& params, bool owed) {
  if (!core_) return false;
  if (!owed) return core_->notify(method, params);
  core_->notify_always(method, params);
  return true;
}

void Responder::discard() {
  if (const auto core = std::exchange(core_, nullptr)) core->release(charge_);
}

PeerCore::PeerCore(PeerOptions options, PeerHooks hooks)
    : options_(std::move(options)), hooks_(std::move(hooks)), splitter_([this] {
        framing::SplitterOptions splitter;
        splitter.frame_limit = options_.frame_limit;
        return splitter;
      }()) {}

std::uint64_t PeerCore::call(std::string_view method, const Payload& params,
                             const CallOptions& options, Completion& completion,
                             std::error_code& failure) {
  if (read_ended_ || broken()) failure = Errc::peer_closed;
  if (!accepting_) failure = Errc::shutting_down;
  if (params.size() > options_.frame_limit - std::min(options_.frame_limit, method.size() + 128)) {
    failure = Errc::frame_too_large;
  }
  if (failure) return 0;

  // Registered before it is written: the answer can't come too early.
  const std::uint64_t number = pending_.insert(
      Call{std::move(completion), DeadlineQueue::none, options.announce_cancel, false});
  Call& call = *pending_.find(number);
  if (!options.deadline.is_never()) {
    // It is shifted by all of the time that deadlines stand still, which began before it did.
    const auto early = held_since_ ? Clock::now() - *held_since_ : Clock::duration::zero();
    call.deadline = deadlines_.push(options.deadline.at() - early, number);
  }
  write_head(number, method, params.size() > 0);
  if (!parked_.empty() || output_.size() > options_.write_high_water) {
    call.parked = true;
    std::string frame = head_;
    for (const RawJson& piece : params.pieces)
      frame.append(piece.text);
    frame.append("}\n");
    parked_.push_back({number, std::move(frame)});
  } else {
    output_.append(head_);
    append(params, "}\n");
  }
  if (wake) wake();
  return number;
}

void PeerCore::write_head(std::uint64_t number, std::string_view method, bool has_params) {
  head_ = R"({"jsonrpc":"2.0",)";
  if (number != 0) {
    std::array<char, 20> digits;
    char* end = std::to_chars(digits.begin(), digits.end(), number).ptr;
    head_.append("\"id\":").append(digits.data(), end).append(",");
  }
  head_.append("\"method\":");
  framing::append_quoted(head_, method);
  if (has_params) head_.append(",\"params\":");
}

// The rest of a line.
void PeerCore::append(const Payload& json, std::string_view tail) {
  const auto& [prefix, slice, suffix] = json.pieces;
  if (json.size() < WriteQueue::reference_threshold) {
    output_.append({prefix.text, slice.text, suffix.text, tail});
  } else {
    for (const RawJson& piece : json.pieces)
      output_.append(piece.text, piece.owner);
    output_.append(tail);
  }
  ++stats_.frames_out;
}

void PeerCore::cancel(std::uint64_t number, std::string_view reason) {
  abandon(number, Errc::cancelled, reason);
}

bool PeerCore::notify(std::string_view method, const Payload& params) {
  if (output_.size() > options_.write_high_water) return false;
  if (broken() || params.size() + 128 > options_.frame_limit) return false;
  notify_always(method, params);
  return true;
}

void PeerCore::notify_always(std::string_view method, const Payload& params) {
  if (broken()) return;
  write_head(0, method, params.size() > 0);
  output_.append(head_);
  append(params, "}\n");
  check_stall();
  if (wake) wake();
}

void PeerCore::pass_on(const framing::Frame& frame) {
  if (broken()) return;
  // Its own newline mostly stands right behind it: then the whole line is one piece.
  const char* end = frame.text.data() + frame.text.size();
  if (*end == '\n') {
    output_.append({frame.text.data(), frame.text.size() + 1}, frame.owner);
  } else {
    output_.append(frame.text, frame.owner);
    output_.append("\n");
  }
  ++stats_.frames_out;
  if (output_.size() > options_.write_high_water) {
    crowded_ = true;
    check_stall();
  }
  if (wake) wake();
}

void PeerCore::hold_reading(bool held) {
  const bool was_paused = read_paused();
  reading_held_ = held;
  if (was_paused && !read_paused() && wake) wake();
}

void PeerCore::write_raw(std::string_view lines) {
  if (broken()) return;
  output_.append(lines);
  if (wake) wake();
}

void PeerCore::send_error(std::string_view id, std::int64_t code, std::string_view message) {
  if (broken()) return;
  std::string json = R"({"jsonrpc":"2.0")";
  if (!id.empty()) json.append(",\"id\":").append(id);
  json.append(",\"error\":").append(error_object(code, message)).append("}\n");
  output_.append(json);
  ++stats_.frames_out;
  check_stall();
  if (wake) wake();
}

void PeerCore::respond(std::string_view id, std::string_view key, const Payload& json,
                       std::size_t charge) {
  release(charge);
  if (broken()) return;
  const std::size_t size = json.size();
  if (size + id.size() + 64 > options_.frame_limit) {
    send_error(id, -32603,
               "the answer of " + std::to_string(size) + " bytes is over the frame limit of " +
                   std::to_string(options_.frame_limit) + " bytes");
    return;
  }
  if (output_.size() > options_.write_limit && size > small_answer) {
    send_error(id, -32603,
               "the answer of " + std::to_string(size) +
                   " bytes was dropped: too much waits to be read already");
    return;
  }
  output_.append({R"({"jsonrpc":"2.0","id":)", id, ",\"", key, "\":"});
  // Whatever we were given, the line has to be one.
  append(json, size == 0 ? "null}\n" : "}\n");
  check_stall();
  if (wake) wake();
}

void PeerCore::release(std::size_t charge) {
  const bool was_paused = read_paused();
  --inbound_requests_;
  inbound_bytes_ -= charge;
  if (was_paused && !read_paused() && wake) wake();
}

bool PeerCore::read_paused() const noexcept {
  return reading_held_ || inbound_requests_ >= options_.inbound_requests ||
         inbound_bytes_ >= options_.inbound_bytes;
}

void PeerCore::check_stall() {
  if (output_.size() / 2 <= options_.write_limit || broken()) return;
  // We may be inside a hook, or a call of the owner's: the end itself comes with the next tick.
  break_writing();
  end_at({}, Errc::peer_stalled);
}

void PeerCore::break_writing() {
  write_broken_ = true;
  output_.clear();
}

void PeerCore::end_at(Clock::time_point at, std::error_code error) {
  if (end_at_) return;
  end_error_ = error;
  end_at_ = at;
  if (wake) wake();
}

void PeerCore::on_read(std::size_t size) {
  using Next = framing::LineSplitter::Next;
  if (closed_ || read_ended_) return;
  splitter_.commit(size);
  framing::Frame frame;
  while (!closed_) {
    const Next next = splitter_.next(frame);
    if (next == Next::need_more) return;
    if (next == Next::oversize) {
      on_oversize_frame();
    } else {
      on_frame(frame);
    }
  }
}

void PeerCore::on_frame(framing::Frame& frame) {
  using framing::Kind;
  ++stats_.frames_in;
  const framing::Envelope envelope = parser_.parse(frame.text);
  if (hooks_.on_line) {
    hooks_.on_line(envelope, frame);
    return;
  }
  switch (envelope.kind) {
    case Kind::result:
    case Kind::error:
      on_answer(envelope, frame);
      return;
    case Kind::request: {
      const std::size_t charge = frame.text.size() + request_overhead;
      ++inbound_requests_;
      inbound_bytes_ += charge;
      Responder responder(shared_from_this(), envelope.id, charge);
      if (hooks_.on_request) {
        const Message message{envelope.method, envelope.body, frame, envelope.body_tokens};
        hooks_.on_request(std::move(responder), message);
      } else {
        responder.error(-32601, "Method not found");
      }
      return;
    }
    case Kind::notification:
      if (hooks_.on_notification) {
        const Message message{envelope.method, envelope.body, frame, envelope.body_tokens};
        hooks_.on_notification(message);
      }
      return;
    case Kind::invalid:
      break;
  }
  if (envelope.fault == framing::Fault::not_json) {
    if (stats_.noise_lines++ == 0 && hooks_.on_noise) hooks_.on_noise(frame.text.substr(0, 200));
  } else {
    ++stats_.invalid_messages;
  }
  // An unreadable line that carries the id of a call is that call's answer all the same.
  if (const auto number = framing::integer_id(envelope.id);
      number && envelope.method.empty() &&
      pending_.find(static_cast<std::uint64_t>(*number)) != nullptr) {
    finish_call(static_cast<std::uint64_t>(*number), Errc::invalid_answer, {});
    return;
  }
  if (hooks_.on_invalid) hooks_.on_invalid(envelope);
}

void PeerCore::on_answer(const framing::Envelope& envelope, framing::Frame& frame) {
  const auto number = framing::integer_id(envelope.id);
  const auto key = static_cast<std::uint64_t>(number.value_or(0));
  if (pending_.find(key) == nullptr) {
    ++(pending_.was_issued(key) ? stats_.late_answers : stats_.unknown_answers);
    return;
  }
  const bool failed = envelope.kind == framing::Kind::error;
  Answer answer{envelope.body, frame};
  finish_call(key, failed ? make_error_code(Errc::remote_error) : std::error_code(),
              std::move(answer));
}

void PeerCore::on_oversize_frame() {
  ++stats_.oversize_frames;
  const framing::LineSplitter::Oversize& line = splitter_.oversize();
  const auto number = framing::integer_id(line.id);
  if (line.is_response && number && !hooks_.on_line) {
    finish_call(static_cast<std::uint64_t>(*number), Errc::frame_too_large, {});
  } else if (hooks_.on_oversize) {
    hooks_.on_oversize(line);
  }
}

void PeerCore::finish_call(std::uint64_t number, std::error_code error, Answer answer) {
  std::optional<Call> call = pending_.take(number);
  if (!call) return;
  deadlines_.erase(call->deadline);
  call->completion(error, std::move(answer));
}

void PeerCore::abandon(std::uint64_t number, Errc error, std::string_view reason) {
  Call* call = pending_.find(number);
  if (call == nullptr) return;
  if (call->parked) {
    // Never written, so there is nothing to take back.
    std::erase_if(parked_, [number](const Parked& parked) { return parked.number == number; });
  } else if (call->announce_cancel && !options_.cancel_method.empty()) {
    std::string params;
    framing::JsonWriter writer(params);
    writer.begin_object().member("requestId", number).member("reason", reason).end_object();
    notify_always(options_.cancel_method, std::string_view(params));
  }
  finish_call(number, error, {});
}

void PeerCore::hold_deadlines(Clock::time_point now) {
  if (!held_since_) held_since_ = now;
}

void PeerCore::release_deadlines(Clock::time_point now) {
  if (!held_since_) return;
  deadlines_.shift(now - *held_since_);
  held_since_.reset();
  if (wake) wake();
}

std::optional<Clock::time_point> PeerCore::next_deadline() const noexcept {
  if (held_since_) return end_at_;
  const std::optional<Clock::time_point> call = deadlines_.earliest();
  return call && end_at_ ? std::min(*call, *end_at_) : call ? call : end_at_;
}

void PeerCore::on_tick(Clock::time_point now) {
  if (end_at_ && *end_at_ <= now) {
    end_at_.reset();
    on_read_end(end_error_);
  }
  if (held_since_) return;
  // Those that are there now: a completion that tries again, too late again, has to wait its turn.
  for (std::size_t left = deadlines_.size(); left > 0 && !closed_; --left) {
    const std::optional<std::uint64_t> number = deadlines_.pop_expired(now);
    if (!number) return;
    if (Call* call = pending_.find(*number)) call->deadline = DeadlineQueue::none;
    abandon(*number, Errc::timed_out, "the deadline passed");
  }
}

void PeerCore::on_written() {
  // The write that was under way when writing was given up ends all the same.
  if (!broken()) unpark();
  look_for_room();
}

void PeerCore::look_for_room() {
  if (!crowded_ || output_.size() > options_.write_high_water) return;
  crowded_ = false;
  if (hooks_.on_drained && !closed_) hooks_.on_drained();
}

void PeerCore::unpark() {
  while (!parked_.empty() && output_.size() <= options_.write_high_water) {
    Parked parked = std::move(parked_.front());
    parked_.pop_front();
    if (Call* call = pending_.find(parked.number)) call->parked = false;
    output_.append(parked.frame);
    ++stats_.frames_out;
  }
}

void PeerCore::on_write_error(std::error_code error) {
  if (write_broken_ || closed_) return;
  break_writing();
  // What was written may still be answered. But one that does not read may not end either.
  if (error != asio::error::shut_down && !read_ended_) {
    end_at(Clock::now() + options_.last_words, error);
  }
  std::deque<Parked> parked = std::exchange(parked_, {});
  for (const Parked& one : parked)
    finish_call(one.number, Errc::peer_closed, {});
  look_for_room();
}

void PeerCore::on_read_end(std::error_code error) {
  if (read_ended_ || closed_) return;
  framing::Frame frame;
  if (splitter_.rest(frame)) on_frame(frame);
  if (closed_) return;
  read_ended_ = true;
  fail_all(Errc::peer_closed);
  // One of them may have closed us.
  if (!closed_ && hooks_.on_end) hooks_.on_end(error);
}

void PeerCore::fail_all(std::error_code error) {
  parked_.clear();
  while (std::optional<Call> call = pending_.take_any()) {
    deadlines_.erase(call->deadline);
    call->completion(error, Answer{});
  }
}

void PeerCore::close(std::error_code error) {
  if (closed_) return;
  closed_ = true;
  output_.clear();
  fail_all(error);
}

}  // namespace headrace::engine
