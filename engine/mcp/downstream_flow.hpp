// A call of several requests on its way: what Downstream keeps of it. Not for use outside.
#pragma once

#include <headrace/engine/mcp/downstream.hpp>

namespace headrace::engine::mcp {

// A ticket is a call's number at the peer below the count of starts, so that it can't mean a call
// to another incarnation; the highest bit marks calls that had to wait, the one below it those of
// several requests.
inline constexpr std::uint64_t waiting_mark = std::uint64_t{1} << 63;
inline constexpr std::uint64_t flow_mark = std::uint64_t{1} << 62;

struct Downstream::Flow {
  Flow(const Executor& executor, CallFlow::Options options)
      : steps(std::move(options)), timer(executor) {}

  CallFlow steps;
  std::uint64_t number = 0;  // also its progress token
  Deadline deadline;         // earlier by as long as deadlines had stood still when it began
  CallContext context;
  OutcomeCallback callback;
  bool ended = false;
  std::uint64_t in_flight = 0;  // the peer's number of the request that is under way
  asio::steady_timer timer;

  // While it waits for answers to questions.
  std::vector<std::uint64_t> asked;
  std::vector<QuestionReply> replies;
  std::size_t unanswered = 0;
  Clock::time_point asked_since{};
};

}  // namespace headrace::engine::mcp
