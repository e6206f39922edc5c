// Calls of several requests: rounds of questions, tasks, and calls that tell their progress.
#include <headrace/engine/mcp/downstream_flow.hpp>
#include <headrace/framing/request_id.hpp>

#include <algorithm>
#include <utility>

namespace headrace::engine::mcp {
namespace {

// A task is kept for as long as it is waited for, and a little longer.
std::chrono::milliseconds task_ttl(Deadline deadline) {
  constexpr std::chrono::milliseconds longest = std::chrono::hours(1);
  constexpr std::chrono::milliseconds margin = std::chrono::minutes(1);
  if (deadline.is_never()) return longest;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline.left());
  return std::min(left + margin, longest);
}

}  // namespace

Downstream::Ticket Downstream::start_flow(CallKind kind, std::string_view method,
                                          const Payload& params, Deadline deadline,
                                          CallContext context, OutcomeCallback callback) {
  const std::uint64_t number = ++last_flow_;
  CallFlow::Options steps;
  steps.era = facts_.era;
  steps.source = source_;
  if (kind == CallKind::tool) {
    steps.method = "tools/call";
    steps.prefix = call_tool_params(method).prefix;
    steps.arguments = params.pieces[1];
    if (steps.arguments.text.empty()) steps.arguments = {"{}", {}};
    if (context.as_task && facts_.tool_tasks) steps.task_ttl = task_ttl(deadline);
  } else {
    steps.method = method;
    for (const RawJson& piece : params.pieces)
      steps.prefix.append(piece.text);
    steps.prefix = open_object(steps.prefix);
  }
  if (context.on_progress) {
    steps.meta = R"("progressToken":)" + std::to_string(number);
  }
  for (const std::string* part : {&context.meta, &meta_}) {
    if (part->empty() || (plain_ && part == &meta_)) continue;
    if (!steps.meta.empty()) steps.meta += ',';
    steps.meta += *part;
  }
  const auto flow = std::make_shared<Flow>(executor_, std::move(steps));
  flow->number = number;
  flow->deadline = deadline;
  if (held_since_ && !deadline.is_never()) {
    flow->deadline = Deadline(deadline.at() - (Clock::now() - *held_since_));
  }
  flow->context = std::move(context);
  flow->callback = std::move(callback);
  flows_.emplace(number, flow);
  advance(flow, flow->steps.begin());
  return flow_mark | number;
}

void Downstream::advance(const std::shared_ptr<Flow>& flow, CallFlow::Step step) {
  using Step = CallFlow::Step;
  switch (step) {
    case Step::send:
      send_step(flow);
      return;
    case Step::wait:
      wait_step(flow);
      return;
    case Step::ask:
      ask_step(flow);
      return;
    case Step::done: {
      Outcome outcome{flow->steps.error(), flow->steps.take_outcome(), {}};
      if (outcome.error) outcome.message = explain(outcome.error, outcome.answer);
      end_flow(flow, std::move(outcome));
      return;
    }
    case Step::fail:
      give_up(flow);
      end_flow(flow, Outcome{flow->steps.error(), {}, flow->steps.why()});
      return;
  }
}

// As it would be if deadlines were released now.
Deadline Downstream::deadline_of(const Flow& flow) const {
  return held_since_ ? flow.deadline.later(Clock::now() - *held_since_) : flow.deadline;
}

void Downstream::send_step(const std::shared_ptr<Flow>& flow) {
  // The peer ends its calls before we are gone, so that `this` is safe in there.
  auto completion = [this, flow](std::error_code error, Answer answer) {
    --calls_under_way_;
    on_flow_answer(flow, error, std::move(answer));
  };
  CallOptions call_options;
  call_options.deadline = deadline_of(*flow);
  ++calls_under_way_;
  flow->in_flight =
      peer_.call(flow->steps.method(), flow->steps.params(), call_options, std::move(completion));
}

void Downstream::on_flow_answer(const std::shared_ptr<Flow>& flow, std::error_code error,
                                Answer answer) {
  if (flow->ended) return;
  flow->in_flight = 0;
  if (error == Errc::peer_closed || (error == Errc::shutting_down && !stop_requested_)) {
    break_flow(flow);
  } else if (error && error != Errc::remote_error) {
    if (error == Errc::timed_out || error == Errc::cancelled) {
      give_up(flow);
      flows_.erase(flow->number);
      on_given_up();
    }
    end_flow(flow, Outcome{error, {}, explain(error, answer)});
  } else {
    advance(flow, flow->steps.on_answer(error, std::move(answer)));
  }
}

void Downstream::wait_step(const std::shared_ptr<Flow>& flow) {
  const Deadline until = Deadline::after(flow->steps.pause()).earlier(deadline_of(*flow));
  flow->timer.expires_at(until.at());
  auto passed = [weak = weak_from_this(), flow](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error || flow->ended) return;
    if (self->deadline_of(*flow).passed()) {
      self->give_up(flow);
      self->end_flow(flow, Outcome{Errc::timed_out, {}, self->explain(Errc::timed_out, {})});
    } else {
      self->advance(flow, flow->steps.on_waited());
    }
  };
  flow->timer.async_wait(std::move(passed));
}

void Downstream::ask_step(const std::shared_ptr<Flow>& flow) {
  const std::vector<InputRequest>& questions = flow->steps.questions();
  flow->asked_since = Clock::now();
  flow->asked.assign(questions.size(), 0);
  flow->replies.assign(questions.size(), {});
  // One more, so that answers that come at once end nothing before all are asked.
  flow->unanswered = questions.size() + 1;
  for (std::size_t i = 0; i < questions.size() && !flow->ended; ++i) {
    const InputRequest& wanted = questions[i];
    if (const auto known =
            answer_server_request(options_.identity, declared_, wanted.method, wanted.params)) {
      on_flow_reply(flow, i, *known);
      continue;
    }
    Question question{wanted.method, wanted.params, flow->context.tag};
    auto reply = [this, flow, i](QuestionReply answer) {
      on_flow_reply(flow, i, std::move(answer));
    };
    const std::uint64_t key = desk_->ask(std::move(question), std::move(reply));
    // Another may have ended the call meanwhile.
    if (flow->ended) {
      desk_->withdraw(key);
      return;
    }
    flow->asked[i] = key;
  }
  if (--flow->unanswered == 0) go_on(flow);
}

void Downstream::on_flow_reply(const std::shared_ptr<Flow>& flow, std::size_t index,
                               QuestionReply reply) {
  if (flow->ended) return;
  flow->asked[index] = 0;
  const bool failed = reply.result.empty();
  if (failed && reply.code == 0) reply.code = internal_error;
  flow->replies[index] = std::move(reply);
  if (failed) {
    advance(flow, flow->steps.on_replies(std::exchange(flow->replies, {})));
  } else if (--flow->unanswered == 0) {
    go_on(flow);
  }
}

void Downstream::go_on(const std::shared_ptr<Flow>& flow) {
  // The time of a person is not the call's.
  flow->deadline = flow->deadline.later(Clock::now() - flow->asked_since);
  flow->asked.clear();
  advance(flow, flow->steps.on_replies(std::exchange(flow->replies, {})));
}

void Downstream::cancel_flow(const std::shared_ptr<Flow>& flow, std::string_view reason) {
  if (flow->in_flight != 0) {
    peer_.cancel(flow->in_flight, reason);
    return;
  }
  give_up(flow);
  end_flow(flow, Outcome{Errc::cancelled, {}, explain(Errc::cancelled, {})});
}

void Downstream::give_up(const std::shared_ptr<Flow>& flow) {
  const std::string task = flow->steps.cancel_params();
  if (task.empty() || !peer_open_) return;
  const std::string params = plain_ ? task : with_member(task, R"("_meta":{)" + meta_ + "}");
  CallOptions call_options;
  call_options.announce_cancel = false;
  auto ignore = [](std::error_code, const Answer&) {};
  peer_.call("tasks/cancel", std::string_view(params), call_options, std::move(ignore));
}

void Downstream::leave(const std::shared_ptr<Flow>& flow) {
  flow->ended = true;
  flow->timer.cancel();
  for (const std::uint64_t key : std::exchange(flow->asked, {}))
    desk_->withdraw(key);
  flows_.erase(flow->number);
}

void Downstream::end_flow(const std::shared_ptr<Flow>& flow, Outcome outcome) {
  if (flow->ended) return;
  leave(flow);
  OutcomeCallback callback = std::move(flow->callback);
  callback(std::move(outcome));
}

void Downstream::break_flow(const std::shared_ptr<Flow>& flow) {
  leave(flow);
  broken_.push_back(std::move(flow->callback));
}

void Downstream::break_flows(bool all) {
  const std::unordered_map<std::uint64_t, std::shared_ptr<Flow>> flows = flows_;
  for (const auto& [number, flow] : flows) {
    // Withdrawing a question may have ended others.
    if (!flow->ended && (all || flow->in_flight == 0)) break_flow(flow);
  }
}

void Downstream::on_progress(const Message& message) {
  if (flows_.empty()) return;
  std::string token;
  const std::optional<ProgressUpdate> update = read_progress(message.params, token);
  if (!update) return;
  const auto number = framing::integer_id(token);
  if (!number) return;
  const auto found = flows_.find(static_cast<std::uint64_t>(*number));
  if (found == flows_.end()) return;
  // It may end the call.
  const std::shared_ptr<Flow> flow = found->second;
  if (flow->context.on_progress) flow->context.on_progress(*update);
}

}  // namespace headrace::engine::mcp
