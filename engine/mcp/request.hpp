// One request of a client that takes its time: a tool that runs, a prompt or a resource that is
// being made.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/mcp/client_context.hpp>
#include <headrace/engine/mcp/question.hpp>
#include <headrace/engine/peer_core.hpp>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::engine::mcp {

class ServerRole;

/// Whoever works on it holds it until it is answered; dropped unanswered it answers with an error.
/// All of it is used on the executor of the role's peer.
///
/// In the modern era a question to the client ends the JSON-RPC request: it is answered with
/// `input_required`, this goes on existing, and the client's repetition with the answers takes it
/// up where it was. Nobody who works on it notices, but that nothing can be told meanwhile.
class Request : public std::enable_shared_from_this<Request> {
 public:
  /// `name` is that of the tool or prompt, or the resource's URI; `arguments` is held, or copied if
  /// nobody owns it; `progress_token` is raw JSON, empty for none; `client` is not null.
  Request(Responder&& responder, std::string_view method, std::string_view name, RawJson arguments,
          std::string_view progress_token, std::shared_ptr<const ClientContext> client,
          std::weak_ptr<ServerRole> role);
  ~Request();
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  const std::string& method() const noexcept { return method_; }
  const std::string& name() const noexcept { return name_; }
  /// The raw JSON object; `{}` when there was none. A copy is made when it is first asked for.
  const std::string& arguments() const;
  /// The same as it came in, to be passed on without a copy; valid as long as this, or its owner.
  const RawJson& raw_arguments() const noexcept { return raw_arguments_; }
  /// Who asks, and what they can do; in the modern era as of the latest round.
  const ClientContext& client() const noexcept { return *client_; }
  /// That of the role's peer; empty once the role is gone.
  Executor get_executor() const;

  /// Members of the request's `_meta` that are not the protocol's own, raw, with commas between
  /// them and without braces: `"traceparent":"…"`.
  const std::string& other_meta() const noexcept { return other_meta_; }

  bool wants_progress() const noexcept { return !progress_token_.empty(); }
  /// Tells a client that asked for it that the work goes on. The number that goes out always grows,
  /// here by as little as leaves room for numbers that mean something. Nothing is sent once the
  /// request has ended or while it waits for its next round, or while the client reads too slowly.
  void progress(std::string_view message);
  /// The same with how much is done, of how much in all, where that is known. A number that is not
  /// more than the last one goes out as the next above it.
  void progress(double done, std::optional<double> total, std::string_view message);

  /// A log message that belongs to this request; `data` is raw JSON. Sent from the level on that
  /// the client asked for.
  void log(LogLevel level, std::string_view logger, std::string_view data);

  /// Asks the client: `elicitation/create`, `sampling/createMessage` or `roots/list`, with `params`
  /// as a raw JSON object. `done` is called once, never from inside this, with an answer that has
  /// the right form, or with an error: the client has not declared that it can
  /// (`missing_capability()` tells before), it did not answer in time
  /// (ServerOptions::question_limit), the request has ended.
  ///
  /// `key` names the question within the request, for clients of the modern era; empty: a number.
  /// Two questions may not have the same key at a time: the second fails. The answer to a question
  /// of which the client sent it unasked, with the key, is taken: so do clients that repeat a
  /// request without its state.
  ///
  /// Returns a number for withdraw().
  std::uint64_t ask(std::string_view key, std::string_view method, std::string_view params,
                    ReplyCallback done);
  /// Nobody waits for the answer any more: `done` is not called.
  void withdraw(std::uint64_t question);

  /// A raw result object. In the modern era it is completed: `resultType`, `_meta`, hints for
  /// caches, where they are not in it.
  void result(const Payload& json);
  /// `data` is raw JSON, empty for none.
  void error(std::int64_t code, std::string_view message, std::string_view data = {});
  /// A whole raw error object, passed on.
  void raw_error(const Payload& json);
  /// -32021, with what the client would have to declare (as missing_capability() says it).
  void refuse_for(std::string_view required_capabilities);

  /// Modern era: ends it as if the client had let the time for its answers pass, when it was told
  /// so long ago to come back with them and has not. False, and nothing done, when that is not so.
  bool give_up(Clock::duration waited);

  /// The client gave up; nothing is answered any more. `on_cancel` is called at that moment.
  bool cancelled() const noexcept { return cancelled_; }
  std::function<void()> on_cancel;

 private:
  friend class ServerRole;

  struct OpenQuestion {
    std::uint64_t number;
    std::string key;
    std::string method;
    std::string params;
    ReplyCallback done;
    std::uint64_t call = 0;  // legacy: of the request to the client
    bool refused = false;    // will not be asked: `done` is about to be called
  };

  bool over() const noexcept { return ended_ || cancelled_ || kept_; }
  bool suspended() const noexcept { return !ended_ && !state_.empty(); }
  void end();
  void cancel();
  void send_progress(std::string_view message);
  bool is_open(std::string_view key) const;
  bool can_answer(const OpenQuestion& question) const;
  void refuse(OpenQuestion& question, QuestionReply reply);
  void ask_legacy(OpenQuestion& question);
  void on_legacy_answer(std::uint64_t number, std::error_code error, const Answer& answer);
  void ask_next_round();
  void suspend();
  void resume(Responder responder, std::shared_ptr<const ClientContext> client,
              std::string_view progress_token,
              std::map<std::string, std::string, std::less<>> answers);
  bool keep(bool is_error, const Payload& json);
  void take_answers();
  void take_answers_later();
  void fail_questions(std::int64_t code, std::string_view message);
  void finish(std::uint64_t number, QuestionReply reply);
  void send_result(const Payload& json);

  Responder responder_;
  std::string id_;  // raw; empty while no JSON-RPC request waits for us
  std::string method_;
  std::string name_;
  mutable RawJson raw_arguments_;
  mutable std::string arguments_;  // once somebody wants them as a string
  std::string progress_token_;
  std::string other_meta_;
  std::shared_ptr<const ClientContext> client_;
  std::weak_ptr<ServerRole> role_;

  std::optional<double> progress_;  // the last number sent
  std::optional<double> total_;
  int small_steps_ = 0;
  bool measured_ = false;  // somebody has said how much is done

  std::list<OpenQuestion> questions_;
  // Modern era: what the client sent with this round, by key, and nobody has asked for yet.
  std::map<std::string, std::string, std::less<>> answers_;
  std::uint64_t last_question_ = 0;
  bool round_due_ = false;
  std::string state_;  // the key under which the role keeps us while suspended
  Clock::time_point suspended_since_{};

  // Ended while suspended: what the client is told when it comes back.
  struct Kept {
    bool is_error;
    std::string raw;  // the result, or the error object
  };
  std::optional<Kept> kept_;

  bool ended_ = false;
  bool cancelled_ = false;
};

}  // namespace headrace::engine::mcp
