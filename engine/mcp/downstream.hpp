// One downstream MCP server under supervision: started when needed, spoken to, started again,
// ended.
#pragma once

#include <headrace/engine/child.hpp>
#include <headrace/engine/completion.hpp>
#include <headrace/engine/logger.hpp>
#include <headrace/engine/mcp/call_context.hpp>
#include <headrace/engine/mcp/call_flow.hpp>
#include <headrace/engine/mcp/client_role.hpp>
#include <headrace/engine/mcp/downstream_state.hpp>
#include <headrace/engine/mcp/era_memory.hpp>
#include <headrace/engine/mcp/handshake.hpp>
#include <headrace/engine/mcp/question_desk.hpp>
#include <headrace/engine/peer.hpp>

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace headrace::engine::mcp {

/// What starts a server.
struct LaunchSpec {
  std::string name;
  std::vector<std::string> argv;
  std::vector<std::string> environment;  ///< "NAME=value", all that it gets.
  std::string cwd;
  friend bool operator==(const LaunchSpec&, const LaunchSpec&) = default;
};

struct DownstreamOptions {
  ClientIdentity identity;
  ProtocolChoice protocol = ProtocolChoice::automatic;
  /// Null: each server remembers its own era, for as long as the Downstream lives.
  std::shared_ptr<EraMemory> memory;
  std::size_t frame_limit = std::size_t{64} << 20;
  /// From the start of the process to the end of the handshake, probing and a second start because
  /// of it included; long, for `npx` may download.
  Clock::duration start_limit = std::chrono::seconds(60);
  /// A server that has not answered `server/discover` for so long (or for half of `start_limit`) is
  /// sent `initialize` as well.
  Clock::duration silence_limit = std::chrono::seconds(3);
  StopTimes stop_times;
  /// Its `notifications/message` go into the log too, not only to DownstreamHooks::on_notification.
  bool log_messages = true;
  /// Where all that is said with the server is copied to; null for nowhere.
  std::shared_ptr<Trace> trace;
  DownstreamState::Policy policy;
  /// A call that was given up makes its server a suspect, which is sent a `ping` (in the modern era
  /// `server/discover`). When further calls wait and it has not answered for so long, it is started
  /// again.
  Clock::duration probe_limit = std::chrono::seconds(5);
  /// How long a question of the server waits for its answer.
  Clock::duration question_limit = std::chrono::minutes(10);
  /// The first change of a list is told at once; those of so long after it are told as one.
  Clock::duration list_change_pause = std::chrono::milliseconds(250);
  /// A server that ends its notifications is asked for them again after so long; each time it does
  /// so again, after twice as long.
  Clock::duration listen_pause = std::chrono::seconds(1);
};

/// How a call ended. `message` says in words what `error` is, and is empty on success.
struct Outcome {
  std::error_code error;
  Answer answer;  ///< With no error: the raw result. With Errc::remote_error: the error object.
  std::string message;
};
/// Small enough that a call through the engine needs no heap allocation for its callbacks.
using OutcomeCallback = UniqueFunction<void(Outcome), 64>;

struct ListPages {
  std::error_code error;
  std::string message;             ///< Why, or a warning about a list that was cut.
  std::vector<std::string> pages;  ///< Raw results of `tools/list` and so on.
  /// How long the list is good for, where the server says so on the first page.
  std::optional<std::chrono::milliseconds> time_to_live;
};
using PagesCallback = UniqueFunction<void(ListPages)>;

/// All run on the executor; any may be empty.
struct DownstreamHooks {
  /// A list of the server's has changed.
  std::function<void(ListKind)> on_list_changed;
  /// It has been started again: what it lists now may be something else.
  std::function<void()> on_restarted;
  /// `notifications/resources/updated`.
  std::function<void(std::string_view uri)> on_resource_updated;
  /// What the engine has no use for itself: `notifications/elicitation/complete`, and
  /// `notifications/message` (see DownstreamOptions::log_messages). The views are valid during the
  /// call.
  std::function<void(std::string_view method, std::string_view params)> on_notification;

  /// The server asks, while calls to it are under way. Answers later, or at once from inside;
  /// exactly once. Returns a number for cancel_question, 0 if it has answered. While empty,
  /// everything but roots (which come from the identity) is refused at once, and so is what
  /// `capabilities` does not declare.
  ///
  /// Deadlines stand still meanwhile: in the legacy era those of all calls under way at that
  /// server, in the modern one that of the call that it belongs to.
  std::function<std::uint64_t(Question, ReplyCallback)> on_question;
  /// Nobody waits for the answer any more: the server or its call is gone, it has taken the
  /// question back, or the time is up.
  std::function<void(std::uint64_t)> cancel_question;
  /// What may be declared to the server now: a raw ClientCapabilities object. Asked
  /// at each start, and in the modern era after capabilities_changed().
  std::function<std::string()> capabilities;
};

/// Runs on the executor it is given, single-threaded like all of the engine. A server that runs
/// keeps its Downstream alive: end it with async_close().
class Downstream : public std::enable_shared_from_this<Downstream> {
 public:
  using executor_type = Executor;
  /// Names a call for cancel(); 0 names none.
  using Ticket = std::uint64_t;

  static std::shared_ptr<Downstream> make(Executor executor, LaunchSpec spec,
                                          DownstreamOptions options,
                                          std::shared_ptr<ProcessGuard> guard, Logger logger,
                                          DownstreamHooks hooks = {});
  ~Downstream();
  Downstream(const Downstream&) = delete;
  Downstream& operator=(const Downstream&) = delete;

  executor_type get_executor() const noexcept { return executor_; }

  /// Calls a tool, starting the server first if need be. `arguments` is a raw JSON object, needed
  /// until this returns. `callback` runs later on the executor, once, never from inside this.
  Ticket call_tool(std::string_view tool, const RawJson& arguments, Deadline deadline,
                   OutcomeCallback callback);
  Ticket call_tool(std::string_view tool, const RawJson& arguments, Deadline deadline,
                   CallContext context, OutcomeCallback callback);
  /// Any other request; `params` likewise: a raw JSON object without `_meta`, or nothing. The
  /// questions of the modern era's `prompts/get` and `resources/read` are asked on the way.
  Ticket call(std::string_view method, const Payload& params, Deadline deadline,
              OutcomeCallback callback);
  Ticket call(std::string_view method, const Payload& params, Deadline deadline,
              CallContext context, OutcomeCallback callback);
  /// Ends the waiting for a call with Errc::cancelled; the server is told.
  void cancel(Ticket ticket, std::string_view reason);

  /// The same as call_tool() with a completion token: `void(std::error_code, Outcome)`.
  /// Cancellation of every kind ends the waiting and tells the server.
  template <class CompletionToken>
  auto async_call_tool(std::string_view tool, const RawJson& arguments, Deadline deadline,
                       CompletionToken&& token);

  /// All pages of a list. Empty where the server has nothing of the kind.
  void list(ListKind kind, Deadline deadline, PagesCallback callback);
  template <class CompletionToken>
  auto async_list(ListKind kind, Deadline deadline, CompletionToken&& token);

  /// DownstreamHooks::capabilities would say something else from now on. A server of the modern era
  /// hears it with the next call, one of the legacy era when it is started again.
  void capabilities_changed();

  /// A notification to a server of the legacy era that runs; no other is told.
  void notify(std::string_view method, std::string_view params);

  /// Starts it, if it does not run, without calling anything.
  void warm_up();

  /// Ends its process in order, where one runs and nothing is under way; else does nothing. A call
  /// that comes meanwhile or later starts it again, once the old process is gone.
  void rest();

  /// The orderly end: closes stdin, waits, SIGTERM, SIGKILL. Calls under way fail. For good.
  asio::awaitable<void> async_close();
  /// Why that is going to be, for the errors of calls under way: "it was removed from …".
  void set_end_reason(std::string why) { end_reason_ = std::move(why); }

  const LaunchSpec& spec() const noexcept { return spec_; }
  const ServerFacts& facts() const noexcept { return facts_; }
  Phase phase() const noexcept { return state_.phase(); }
  const std::string& last_failure() const noexcept { return state_.last_failure(); }
  int starts() const noexcept { return state_.starts(); }
  /// -1 when it does not run.
  pid_t pid() const noexcept { return child_ ? child_->pid() : -1; }

 private:
  enum class CallKind { tool, request, start_only };
  struct Waiting {
    Ticket ticket;
    CallKind kind;
    std::string method;  // a tool's name, where it is one
    std::string params;  // and its arguments
    Deadline deadline;
    CallContext context;
    OutcomeCallback callback;
  };
  struct Flow;
  struct StartSignals;
  struct Asked {
    std::uint64_t key;
    std::shared_ptr<Responder> responder;
  };

  Downstream(Executor executor, LaunchSpec spec, DownstreamOptions options,
             std::shared_ptr<ProcessGuard> guard, Logger logger, DownstreamHooks hooks);

  // downstream.cpp: the ways of calls.
  Ticket admit(CallKind kind, std::string_view method, const Payload& params, Deadline deadline,
               CallContext context, OutcomeCallback callback);
  Ticket dispatch(CallKind kind, std::string_view method, const Payload& params, Deadline deadline,
                  CallContext context, OutcomeCallback&& callback);
  bool takes_one_request(CallKind kind, const CallContext& context) const;
  Ticket send_tool(std::string_view tool, const RawJson& arguments, Deadline deadline,
                   OutcomeCallback&& callback);
  Ticket send(std::string_view method, const Payload& params, Deadline deadline,
              OutcomeCallback&& callback);
  void send_waiting();
  void fail_waiting(std::error_code error, const std::string& message);
  void abandon_calls();
  bool can_send() const noexcept {
    return state_.phase() == Phase::ready && peer_open_ && !suspect_;
  }
  void on_given_up();
  void suspect();
  void check_suspect();
  void arm_waiting_timer();
  void expire_waiting();
  void finish_later(OutcomeCallback callback, std::error_code error, std::string message);
  std::string explain(std::error_code error, const Answer& answer) const;
  std::string with_stderr(std::string message) const;

  // downstream_start.cpp: the life of the process.
  static asio::awaitable<void> supervise(std::shared_ptr<Downstream> self);
  asio::awaitable<bool> start();
  bool launch(const std::shared_ptr<StartSignals>& signals, std::string& why);
  void open_peer(const std::shared_ptr<StartSignals>& signals);
  void send_handshake(bool discover, const std::shared_ptr<StartSignals>& signals);
  Handshake::Step handle(Handshake& handshake, StartSignals& signals);
  asio::awaitable<std::string> tear_down();
  void finish_broken(const std::string& how);
  std::string closing_message() const;

  // downstream_flow.cpp: calls of several requests.
  Ticket start_flow(CallKind kind, std::string_view method, const Payload& params,
                    Deadline deadline, CallContext context, OutcomeCallback callback);
  void advance(const std::shared_ptr<Flow>& flow, CallFlow::Step step);
  Deadline deadline_of(const Flow& flow) const;
  void send_step(const std::shared_ptr<Flow>& flow);
  void wait_step(const std::shared_ptr<Flow>& flow);
  void ask_step(const std::shared_ptr<Flow>& flow);
  void on_flow_answer(const std::shared_ptr<Flow>& flow, std::error_code error, Answer answer);
  void on_flow_reply(const std::shared_ptr<Flow>& flow, std::size_t index, QuestionReply reply);
  void cancel_flow(const std::shared_ptr<Flow>& flow, std::string_view reason);
  void go_on(const std::shared_ptr<Flow>& flow);
  void give_up(const std::shared_ptr<Flow>& flow);
  void leave(const std::shared_ptr<Flow>& flow);
  void end_flow(const std::shared_ptr<Flow>& flow, Outcome outcome);
  void break_flow(const std::shared_ptr<Flow>& flow);
  void break_flows(bool all);
  void on_progress(const Message& message);

  // downstream_events.cpp: what the server says by itself, and lists.
  void on_request(Responder responder, const Message& message);
  void on_notification(const Message& message);
  void on_cancelled(const Message& message);
  void on_questions_open(bool open);
  void on_list_changed(ListKind kind);
  void tell_later();
  void tell_all_lists();
  void listen();
  void on_listen_ended(std::error_code error);
  static asio::awaitable<void> read_list(std::shared_ptr<Downstream> self, ListKind kind,
                                         Deadline deadline, PagesCallback callback);
  void declare_capabilities(Era era);

  Executor executor_;
  LaunchSpec spec_;
  DownstreamOptions options_;
  std::shared_ptr<ProcessGuard> guard_;
  Logger logger_;
  DownstreamHooks hooks_;
  std::string source_;  // "server 'x'"
  std::string era_key_;

  DownstreamState state_;
  ServerFacts facts_;
  ClientCapabilities declared_;
  std::string meta_;         // of requests of the modern era, without braces
  bool plain_ = false;       // legacy: a call needs no more than its own params
  std::string call_prefix_;  // of the call being written; kept for its memory
  std::unique_ptr<Child> child_;
  Peer peer_;
  bool peer_open_ = false;
  bool suspect_ = false;  // a call was given up, and the ping after it is not answered
  Clock::time_point suspect_since_{};
  std::size_t calls_under_way_ = 0;
  Event ended_;     // the peer ended, or we are to stop
  Event finished_;  // no supervisor runs
  bool stop_requested_ = false;
  std::string end_reason_;
  bool resting_ = false;  // until the process is gone

  std::list<Waiting> waiting_;
  asio::steady_timer waiting_timer_;
  asio::steady_timer probe_timer_;
  // Calls that had to wait have a ticket of their own; this is what they became.
  std::unordered_map<Ticket, std::uint64_t> promoted_;
  Ticket next_waiting_ = 0;
  // Calls that broke off: told when it is known how the server ended.
  std::vector<OutcomeCallback> broken_;

  std::unordered_map<std::uint64_t, std::shared_ptr<Flow>> flows_;
  std::uint64_t last_flow_ = 0;

  std::shared_ptr<QuestionDesk> desk_;
  std::unordered_map<std::string, Asked> asked_;  // by the raw id of the server's request
  std::optional<Clock::time_point> held_since_;   // deadlines stand still

  asio::steady_timer change_timer_;
  bool change_pause_ = false;
  std::array<bool, 4> told_{};   // in this pause
  std::array<bool, 4> again_{};  // and changed once more since
  std::uint64_t listening_ = 0;
  int listen_ends_ = 0;
  asio::steady_timer listen_timer_;
};

template <class CompletionToken>
auto Downstream::async_call_tool(std::string_view tool, const RawJson& arguments, Deadline deadline,
                                 CompletionToken&& token) {
  auto initiate = [](auto handler, std::shared_ptr<Downstream> self, std::string_view name,
                     const RawJson& args, Deadline limit) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    auto callback =
        [done = as_callback(std::move(handler), self->executor_)](Outcome outcome) mutable {
          const std::error_code error = outcome.error;
          done(error, std::move(outcome));
        };
    const Ticket ticket = self->call_tool(name, args, limit, std::move(callback));
    if (slot.is_connected()) {
      std::weak_ptr<Downstream> weak = self;
      slot.assign([weak, ticket](asio::cancellation_type) {
        if (const auto live = weak.lock()) live->cancel(ticket, "the caller gave up");
      });
    }
  };
  return asio::async_initiate<CompletionToken, void(std::error_code, Outcome)>(
      initiate, token, shared_from_this(), tool, arguments, deadline);
}

template <class CompletionToken>
auto Downstream::async_list(ListKind kind, Deadline deadline, CompletionToken&& token) {
  auto initiate = [](auto handler, std::shared_ptr<Downstream> self, ListKind which,
                     Deadline limit) {
    auto callback =
        [done = as_callback(std::move(handler), self->executor_)](ListPages pages) mutable {
          const std::error_code error = pages.error;
          done(error, std::move(pages));
        };
    self->list(which, limit, std::move(callback));
  };
  return asio::async_initiate<CompletionToken, void(std::error_code, ListPages)>(
      initiate, token, shared_from_this(), kind, deadline);
}

}  // namespace headrace::engine::mcp
