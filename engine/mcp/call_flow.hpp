// A call that may take more than one request: rounds of questions, and tasks that are polled.
#pragma once

#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/engine/mcp/question.hpp>
#include <headrace/engine/peer_core.hpp>
#include <headrace/framing/object_scanner.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::engine::mcp {

/// What a server wants to know before it goes on.
struct InputRequest {
  std::string key;
  std::string method;
  std::string params;  ///< A raw JSON object.
};

/// Sans-I/O: each event returns the next step. The modern era's `input_required` and tasks, and the
/// tasks of 2025-11-25.
class CallFlow {
 public:
  enum class Step {
    send,  ///< method() with params().
    wait,  ///< pause(), then on_waited().
    ask,   ///< questions(), all at once, then on_replies().
    done,  ///< outcome() is the call's.
    fail,  ///< error() and why().
  };
  struct Options {
    Era era = Era::legacy;
    std::string method;
    /// Raw JSON in front of the arguments, behind them is `}`; or a whole object without its `}`.
    std::string prefix;
    RawJson arguments;  ///< Held, or copied if nobody owns it.
    std::string meta;   ///< The members of `_meta`, without braces; empty for none.
    /// Call it as a task that lives so long; legacy.
    std::optional<std::chrono::milliseconds> task_ttl;
    std::string source = "the server";  ///< For messages: "server 'x'".
  };

  static constexpr int most_rounds = 10;
  /// More in one round are no sensible request.
  static constexpr std::size_t most_questions = 64;

  explicit CallFlow(Options options);

  Step begin();
  /// `error` is that of Peer::call; with any other than Errc::remote_error the caller knows what to
  /// do, and does not come here.
  Step on_answer(std::error_code error, Answer answer);
  Step on_waited();
  /// In the order of questions(). One that is an error (a code other than 0) ends the call; one
  /// that is empty was not answered.
  Step on_replies(std::vector<QuestionReply> replies);

  const std::string& method() const noexcept { return send_method_; }
  /// Valid until the next event.
  Payload params() const;
  std::chrono::milliseconds pause() const noexcept { return pause_; }
  const std::vector<InputRequest>& questions() const noexcept { return questions_; }
  /// Set by `done`: either no error, or Errc::remote_error with the error object.
  std::error_code error() const noexcept { return error_; }
  Answer take_outcome() noexcept { return std::move(outcome_); }
  const std::string& why() const noexcept { return why_; }

  /// Params of the `tasks/cancel` that is owed when the call is given up now; empty for none.
  std::string cancel_params() const;
  const std::string& task_id() const noexcept { return task_id_; }

 private:
  enum class State { calling, polling, fetching, updating };

  Step send_call(std::string extra);
  Step send_task(State state, std::string_view method, std::string_view extra);
  Step on_call_answer(Answer& answer);
  Step on_task(Answer& answer);
  Step on_input_required(std::string_view requests);
  Step follow_task();
  bool read_task(std::string_view task);
  bool read_questions(std::string_view requests);
  Step finish(std::error_code error, Answer answer);
  Step fail(std::error_code error, std::string_view why);
  Step fail_for_rounds();
  Step fail_for_form();

  Options options_;
  std::string kept_arguments_;
  framing::ObjectScanner scanner_;

  State state_ = State::calling;
  int rounds_ = 0;
  std::string send_method_;
  std::string send_prefix_;
  std::string send_suffix_;
  bool send_arguments_ = false;
  std::string request_state_;  // raw, as it came
  std::vector<InputRequest> questions_;
  std::set<std::string, std::less<>> answered_;
  std::string task_id_;
  std::string status_;
  std::chrono::milliseconds pause_{};
  std::error_code error_;
  Answer outcome_;
  std::string why_;
};

}  // namespace headrace::engine::mcp
