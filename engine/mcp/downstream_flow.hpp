// A call of several requests on its way: what Downstream keeps of it. Not for use outside.
#pragma once

#include <headrace/engine/mcp/downstream.hpp>

namespace headrace::engine::mcp {

struct Downstream::Flow {
  Flow(const Executor& executor, CallFlow::Options options)
      : steps(std::move(options)), timer(executor) {}

  CallFlow steps;
  std::uint64_t number = 0;  // also its progress token
  Deadline deadline;
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
