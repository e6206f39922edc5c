// What servers ask while they work on calls: handed to whoever can answer, with a limit in time.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/deadline.hpp>
#include <headrace/engine/mcp/question.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace headrace::engine::mcp {

/// What a server wants to know from the client or its user.
struct Question {
  std::string method;  ///< `elicitation/create`, `sampling/createMessage`, or `roots/list`.
  std::string params;  ///< A raw JSON object, as it came.
  /// CallContext::tag of the call that it belongs to. 0 in the legacy era, where only a question of
  /// a task says that; then it may belong to any call that is under way at this server.
  std::uint64_t call_tag = 0;
};

/// Questions that wait for their answers. Every one is answered exactly once, or withdrawn.
class QuestionDesk : public std::enable_shared_from_this<QuestionDesk> {
 public:
  struct Hooks {
    /// Answers later, or at once from inside. Returns a number for `cancel`, 0 if it has answered.
    std::function<std::uint64_t(Question, ReplyCallback)> ask;
    /// Nobody waits for the answer any more; one that comes all the same is dropped.
    std::function<void(std::uint64_t)> cancel;
    /// The first question has been opened (true), the last one is closed (false).
    std::function<void(bool)> on_open;
  };

  /// More than this many at a time are refused.
  static constexpr std::size_t most_open = 64;

  QuestionDesk(Executor executor, Clock::duration limit, Hooks hooks);

  /// `reply` is called once, possibly before this returns, unless the question is withdrawn. The
  /// limit's passing is an error like any other, and so is a question_fault(). Returns a key for
  /// withdraw(), 0 if `reply` was called.
  std::uint64_t ask(Question question, ReplyCallback reply);
  /// Nobody waits for it any more: `reply` is not called. Unknown keys are ignored.
  void withdraw(std::uint64_t key);
  /// Answers all that are open with an error.
  void close_all(const std::string& why);
  bool empty() const noexcept { return open_.empty(); }

 private:
  struct Open {
    ReplyCallback reply;
    std::uint64_t number = 0;  // the hook's
    std::unique_ptr<asio::steady_timer> limit;
  };

  void answer(std::uint64_t key, QuestionReply reply);
  Open take(std::uint64_t key);
  void expire(std::uint64_t key);

  Executor executor_;
  Clock::duration limit_;
  Hooks hooks_;
  std::unordered_map<std::uint64_t, Open> open_;
  std::uint64_t last_key_ = 0;
};

}  // namespace headrace::engine::mcp
