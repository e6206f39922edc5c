// The steps of a call.
#include <headrace/engine/mcp/call_flow.hpp>
#include <headrace/engine/mcp/raw_members.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_walk.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace headrace::engine::mcp {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{5000};
constexpr milliseconds usual_interval{1000};

std::string member(std::string_view key, std::string_view raw) {
  std::string json = "\"";
  return json.append(key).append("\":").append(raw);
}

bool is_terminal(std::string_view status) {
  return status == "completed" || status == "failed" || status == "cancelled";
}

}  // namespace

CallFlow::CallFlow(Options options) : options_(std::move(options)) {
  if (!options_.arguments.owner) {
    kept_arguments_ = options_.arguments.text;
    options_.arguments.text = kept_arguments_;
  }
}

CallFlow::Step CallFlow::begin() {
  if (!options_.task_ttl) return send_call({});
  return send_call("\"task\":{\"ttl\":" + std::to_string(options_.task_ttl->count()) + "}");
}

Payload CallFlow::params() const {
  const RawJson none;
  return {send_prefix_, send_arguments_ ? options_.arguments : none, send_suffix_};
}

// The call itself, with `extra` members in front of `_meta`.
CallFlow::Step CallFlow::send_call(std::string extra) {
  state_ = State::calling;
  send_method_ = options_.method;
  send_prefix_ = options_.prefix;
  send_arguments_ = !options_.arguments.text.empty();
  if (!options_.meta.empty()) {
    if (!extra.empty()) extra += ',';
    extra += "\"_meta\":{" + options_.meta + "}";
  }
  const bool first = !send_arguments_ && send_prefix_.back() == '{';
  send_suffix_ = extra.empty() || first ? std::move(extra) : "," + extra;
  send_suffix_ += '}';
  return Step::send;
}

// A request about the task.
CallFlow::Step CallFlow::send_task(State state, std::string_view method, std::string_view extra) {
  state_ = state;
  send_method_ = method;
  send_arguments_ = false;
  send_prefix_ = "{\"taskId\":";
  framing::append_quoted(send_prefix_, task_id_);
  send_suffix_.clear();
  if (!extra.empty()) send_suffix_.append(",").append(extra);
  // In the legacy era `_meta` is the call's alone: what it holds is its progress token.
  if (options_.era == Era::modern) send_suffix_ += ",\"_meta\":{" + options_.meta + "}";
  send_suffix_ += '}';
  return Step::send;
}

CallFlow::Step CallFlow::on_answer(std::error_code error, Answer answer) {
  if (error) return finish(error, std::move(answer));
  switch (state_) {
    case State::calling:
      return on_call_answer(answer);
    case State::polling:
      return on_task(answer);
    case State::fetching:
      return finish({}, std::move(answer));
    case State::updating:
      return Step::wait;
  }
  return Step::fail;
}

CallFlow::Step CallFlow::on_call_answer(Answer& answer) {
  if (options_.era == Era::legacy) {
    if (!options_.task_ttl) return finish({}, std::move(answer));
    std::array<framing::Member, 1> members{{{"task"}}};
    scanner_.scan_members(answer.body, members);
    // One that takes no notice of `task` has answered plainly.
    return read_task(members[0].value) ? follow_task() : finish({}, std::move(answer));
  }
  std::array<framing::Member, 3> members{{{"resultType"}, {"inputRequests"}, {"requestState"}}};
  const framing::Fault fault = scanner_.scan_members(answer.body, members);
  if (fault == framing::Fault::repeated_key || fault == framing::Fault::escaped_key) {
    return fail(Errc::invalid_answer, "answered with an object that can't be read");
  }
  const std::string type = text_of(members[0].value);
  // Absent is what it is in earlier versions, `complete`.
  if (type.empty() || type == "complete") return finish({}, std::move(answer));
  if (type == "input_required") {
    // A null is not what may stand there, and says nothing.
    const auto given = [](std::string_view raw) {
      return raw == "null" ? std::string_view() : raw;
    };
    request_state_ = given(members[2].value);
    return on_input_required(given(members[1].value));
  }
  if (type == "task" && options_.method == "tools/call" && read_task(answer.body)) {
    return follow_task();
  }
  return fail(Errc::invalid_answer, "answered with a result of type '" + type +
                                        "', which means nothing for '" + options_.method + "'");
}

CallFlow::Step CallFlow::on_input_required(std::string_view requests) {
  if (++rounds_ > most_rounds) return fail_for_rounds();
  if (!read_questions(requests)) return fail_for_form();
  if (!questions_.empty()) return Step::ask;
  if (request_state_.empty()) {
    return fail(Errc::invalid_answer, "asks for input without saying which");
  }
  // It wants to be asked again later.
  pause_ = std::min(first_pause * (1 << std::min(rounds_ - 1, 10)), longest_pause);
  return Step::wait;
}

CallFlow::Step CallFlow::on_waited() {
  if (!task_id_.empty()) return send_task(State::polling, "tasks/get", {});
  return send_call(member("requestState", request_state_));
}

CallFlow::Step CallFlow::on_replies(std::vector<QuestionReply> replies) {
  std::string responses;
  framing::JsonWriter writer(responses);
  writer.begin_object();
  for (std::size_t i = 0; i < questions_.size(); ++i) {
    const QuestionReply& reply = replies[i];
    if (reply.code != 0) {
      return fail(Errc::question_failed,
                  "asked '" + questions_[i].method + "', without success: " + reply.message);
    }
    writer.raw_member(questions_[i].key, reply.result);
  }
  writer.end_object();
  const std::string extra = member("inputResponses", responses);
  if (!task_id_.empty()) {
    for (const InputRequest& question : questions_)
      answered_.insert(question.key);
    return send_task(State::updating, "tasks/update", extra);
  }
  if (request_state_.empty()) return send_call(extra);
  return send_call(extra + "," + member("requestState", request_state_));
}

bool CallFlow::read_task(std::string_view task) {
  std::array<framing::Member, 4> members{
      {{"taskId"}, {"status"}, {"pollInterval"}, {"pollIntervalMs"}}};
  if (scanner_.scan_members(task, members) != framing::Fault::none) return false;
  std::string id = text_of(members[0].value);
  if (id.empty() || (!task_id_.empty() && id != task_id_)) return false;
  task_id_ = std::move(id);
  status_ = text_of(members[1].value);
  const std::string_view interval = members[options_.era == Era::legacy ? 2 : 3].value;
  std::int64_t ms = usual_interval.count();
  std::from_chars(interval.data(), interval.data() + interval.size(), ms);
  pause_ = std::clamp(milliseconds(ms), first_pause, longest_pause);
  return true;
}

CallFlow::Step CallFlow::follow_task() {
  if (options_.era == Era::legacy && (status_ == "input_required" || is_terminal(status_))) {
    // It asks while it is waited for, and answers when it is through.
    return send_task(State::fetching, "tasks/result", {});
  }
  // The result is in what tasks/get answers.
  if (is_terminal(status_)) return send_task(State::polling, "tasks/get", {});
  return Step::wait;
}

CallFlow::Step CallFlow::on_task(Answer& answer) {
  if (!read_task(answer.body)) {
    return fail(Errc::invalid_answer, "answered 'tasks/get' with what is no task");
  }
  if (options_.era == Era::legacy) return follow_task();
  std::array<framing::Member, 4> members{
      {{"result"}, {"error"}, {"inputRequests"}, {"statusMessage"}}};
  scanner_.scan_members(answer.body, members);
  if (status_ == "completed" && !members[0].value.empty()) {
    return finish({}, {members[0].value, answer.frame});
  }
  if (status_ == "failed" && !members[1].value.empty()) {
    return finish(Errc::remote_error, {members[1].value, answer.frame});
  }
  if (is_terminal(status_)) {
    task_id_.clear();
    const std::string said = text_of(members[3].value);
    return fail(Errc::invalid_answer,
                "ended the task as '" + status_ + "'" + (said.empty() ? "" : ": " + said));
  }
  if (status_ == "input_required") {
    if (!read_questions(members[2].value)) return fail_for_form();
    // The same may be listed for a while after it has been answered.
    std::erase_if(questions_, [this](const InputRequest& question) {
      return answered_.find(question.key) != answered_.end();
    });
    if (!questions_.empty() && ++rounds_ > most_rounds) return fail_for_rounds();
    if (!questions_.empty()) return Step::ask;
  }
  return Step::wait;
}

bool CallFlow::read_questions(std::string_view requests) {
  questions_.clear();
  if (requests.empty()) return true;
  framing::StructuralIndex index;
  if (index.build(requests) != framing::Fault::none) return false;
  framing::ObjectWalk walk(requests, index);
  if (walk.begin() != framing::Fault::none) return false;
  framing::ObjectWalk::Item item;
  while (walk.next(item)) {
    std::array<framing::Member, 2> members{{{"method"}, {"params"}}};
    InputRequest question;
    if (!framing::append_unescaped(question.key, item.key) ||
        scanner_.scan_members(item.value, members) != framing::Fault::none) {
      return false;
    }
    question.method = text_of(members[0].value);
    question.params = members[1].value.empty() ? "{}" : std::string(members[1].value);
    if (question.method.empty() || question.params.front() != '{') return false;
    questions_.push_back(std::move(question));
    if (questions_.size() > most_questions) return false;
  }
  return walk.fault() == framing::Fault::none;
}

std::string CallFlow::cancel_params() const {
  if (task_id_.empty()) return {};
  std::string json;
  framing::JsonWriter(json).begin_object().member("taskId", task_id_).end_object();
  return json;
}

CallFlow::Step CallFlow::finish(std::error_code error, Answer answer) {
  error_ = error;
  outcome_ = std::move(answer);
  task_id_.clear();
  return Step::done;
}

CallFlow::Step CallFlow::fail_for_rounds() {
  return fail(Errc::question_failed, "still asks after " + std::to_string(most_rounds) +
                                         " rounds of questions and answers");
}

CallFlow::Step CallFlow::fail_for_form() {
  return fail(Errc::invalid_answer, "asks for input in a form that can't be read");
}

CallFlow::Step CallFlow::fail(std::error_code error, std::string_view why) {
  error_ = error;
  why_ = options_.source + " " + std::string(why);
  return Step::fail;
}

}  // namespace headrace::engine::mcp
