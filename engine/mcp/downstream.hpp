// One downstream MCP server under supervision: started when needed, spoken to, started again,
// ended.
#pragma once

#include <headrace/engine/child.hpp>
#include <headrace/engine/completion.hpp>
#include <headrace/engine/logger.hpp>
#include <headrace/engine/mcp/client_role.hpp>
#include <headrace/engine/mcp/downstream_state.hpp>
#include <headrace/engine/peer.hpp>

#include <functional>
#include <list>
#include <memory>
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
  std::size_t frame_limit = std::size_t{64} << 20;
  /// From the start of the process to the answer to `initialize`; long, for `npx` may download.
  Clock::duration start_limit = std::chrono::seconds(60);
  StopTimes stop_times;
  /// Where all that is said with the server is copied to; null for nowhere.
  std::shared_ptr<Trace> trace;
  DownstreamState::Policy policy;
  /// A call that was given up makes its server a suspect, which is sent a `ping`. When further
  /// calls wait and it has not answered for so long, it is started again.
  Clock::duration probe_limit = std::chrono::seconds(5);
};

/// How a call ended. `message` says in words what `error` is, and is empty on success.
struct Outcome {
  std::error_code error;
  Answer answer;  ///< With no error: the raw result. With Errc::remote_error: the error object.
  std::string message;
};
/// Small enough that a call through the engine needs no heap allocation for its callbacks.
using OutcomeCallback = UniqueFunction<void(Outcome), 64>;

struct ToolPages {
  std::error_code error;
  std::string message;             ///< Why, or a warning about a list that was cut.
  std::vector<std::string> pages;  ///< Raw `tools/list` results.
};
using PagesCallback = UniqueFunction<void(ToolPages)>;

struct DownstreamHooks {
  /// The server's list of tools has changed, or it has been started again.
  std::function<void()> on_tools_changed;
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
  /// Any other request; `params` likewise.
  Ticket call(std::string_view method, const Payload& params, Deadline deadline,
              OutcomeCallback callback);
  /// Ends the waiting for a call with Errc::cancelled; the server is told.
  void cancel(Ticket ticket, std::string_view reason);

  /// The same as call_tool() with a completion token: `void(std::error_code, Outcome)`.
  /// Cancellation of every kind ends the waiting and tells the server.
  template <class CompletionToken>
  auto async_call_tool(std::string_view tool, const RawJson& arguments, Deadline deadline,
                       CompletionToken&& token);

  /// All pages of `tools/list`.
  void list_tools(Deadline deadline, PagesCallback callback);
  template <class CompletionToken>
  auto async_list_tools(Deadline deadline, CompletionToken&& token);

  /// Starts it, if it does not run, without calling anything.
  void warm_up();

  /// The orderly end: closes stdin, waits, SIGTERM, SIGKILL. Calls under way fail. For good.
  asio::awaitable<void> async_close();

  const LaunchSpec& spec() const noexcept { return spec_; }
  const ServerFacts& facts() const noexcept { return facts_; }
  Phase phase() const noexcept { return state_.phase(); }
  const std::string& last_failure() const noexcept { return state_.last_failure(); }
  int starts() const noexcept { return state_.starts(); }
  /// -1 when it does not run.
  pid_t pid() const noexcept { return child_ ? child_->pid() : -1; }

 private:
  struct Waiting {
    Ticket ticket;
    std::string method;
    std::string params;
    bool is_tool;  // then method is the tool's name and params its arguments
    Deadline deadline;
    OutcomeCallback callback;
  };

  Downstream(Executor executor, LaunchSpec spec, DownstreamOptions options,
             std::shared_ptr<ProcessGuard> guard, Logger logger, DownstreamHooks hooks);

  Ticket admit(std::string_view method, const Payload& params, bool is_tool, Deadline deadline,
               OutcomeCallback callback);
  Ticket send_tool(std::string_view tool, const RawJson& arguments, Deadline deadline,
                   OutcomeCallback callback);
  Ticket send(std::string_view method, const Payload& params, Deadline deadline,
              OutcomeCallback callback);
  void send_waiting();
  void fail_waiting(std::error_code error, const std::string& message);
  void abandon_calls();
  bool can_send() const noexcept {
    return state_.phase() == Phase::ready && peer_open_ && !suspect_;
  }
  void suspect();
  void check_suspect();
  void arm_waiting_timer();
  void expire_waiting();
  void finish_later(OutcomeCallback callback, std::error_code error, std::string message);
  std::string explain(std::error_code error, const Answer& answer) const;

  static asio::awaitable<void> supervise(std::shared_ptr<Downstream> self);
  asio::awaitable<bool> start();
  asio::awaitable<std::string> tear_down();
  void finish_broken(const std::string& how);
  static asio::awaitable<void> list(std::shared_ptr<Downstream> self, Deadline deadline,
                                    PagesCallback callback);
  void open_peer();
  void on_request(Responder responder, const Message& message);
  void on_notification(const Message& message);
  std::string with_stderr(std::string message) const;

  Executor executor_;
  LaunchSpec spec_;
  DownstreamOptions options_;
  std::shared_ptr<ProcessGuard> guard_;
  Logger logger_;
  DownstreamHooks hooks_;
  std::string source_;  // "server 'x'"

  DownstreamState state_;
  ServerFacts facts_;
  std::unique_ptr<Child> child_;
  Peer peer_;
  bool peer_open_ = false;
  bool suspect_ = false;  // a call was given up, and the ping after it is not answered
  Clock::time_point suspect_since_{};
  Event ended_;     // the peer ended, or we are to stop
  Event finished_;  // no supervisor runs
  bool stop_requested_ = false;

  std::list<Waiting> waiting_;
  asio::steady_timer waiting_timer_;
  asio::steady_timer probe_timer_;
  // Calls that had to wait have a ticket of their own; this is what they became.
  std::unordered_map<Ticket, std::uint64_t> promoted_;
  Ticket next_waiting_ = 0;
  // Calls that broke off: told when it is known how the server ended.
  std::vector<OutcomeCallback> broken_;
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
auto Downstream::async_list_tools(Deadline deadline, CompletionToken&& token) {
  auto initiate = [](auto handler, std::shared_ptr<Downstream> self, Deadline limit) {
    auto callback =
        [done = as_callback(std::move(handler), self->executor_)](ToolPages pages) mutable {
          const std::error_code error = pages.error;
          done(error, std::move(pages));
        };
    self->list_tools(limit, std::move(callback));
  };
  return asio::async_initiate<CompletionToken, void(std::error_code, ToolPages)>(
      initiate, token, shared_from_this(), deadline);
}

}  // namespace headrace::engine::mcp
