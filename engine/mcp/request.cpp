// How a request is answered, and how it asks.
#include <headrace/engine/mcp/request.hpp>
#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace headrace::engine::mcp {
namespace {

using framing::JsonWriter;

// Larger numbers have no next one.
constexpr double most_progress = 1e300;
// So that a thousand of them are less than the first whole number that somebody counts.
constexpr double steps_per_unit = 1000;

QuestionReply not_declared(const std::string& method) {
  return {{}, method_not_found, "the client has not declared that it can answer '" + method + "'"};
}

}  // namespace

Request::Request(Responder&& responder, std::string_view method, std::string_view name,
                 RawJson arguments, std::string_view progress_token,
                 std::shared_ptr<const ClientContext> client, std::weak_ptr<ServerRole> role)
    : responder_(std::move(responder)),
      id_(responder_.id()),
      method_(method),
      name_(name),
      raw_arguments_(std::move(arguments)),
      progress_token_(progress_token),
      client_(std::move(client)),
      role_(std::move(role)) {
  if (raw_arguments_.text.empty()) raw_arguments_ = {"{}", {}};
  if (!raw_arguments_.owner) Request::arguments();
}

Request::~Request() {
  end();
}

const std::string& Request::arguments() const {
  if (arguments_.empty()) {
    arguments_ = raw_arguments_.text;
    // What they came in may be large, and this may take long.
    raw_arguments_ = {arguments_, {}};
  }
  return arguments_;
}

Executor Request::get_executor() const {
  const auto role = role_.lock();
  return role ? role->output_.executor : Executor();
}

void Request::end() {
  on_cancel = nullptr;
  if (std::exchange(ended_, true)) return;
  fail_questions(internal_error, "the request has ended");
  // A responder that was not used answers by itself.
  responder_ = Responder();
  const auto role = role_.lock();
  if (role && !id_.empty()) role->finished(*this);
}

void Request::cancel() {
  if (ended_ || cancelled_) return;
  cancelled_ = true;
  state_.clear();
  responder_.discard();
  fail_questions(internal_error, "the request was cancelled");
  const std::function<void()> told = std::exchange(on_cancel, nullptr);
  if (told) told();
}

bool Request::give_up(Clock::duration waited) {
  const auto role = role_.lock();
  if (!suspended() || cancelled_ || !role || Clock::now() < suspended_since_ + waited) return false;
  const auto self = shared_from_this();
  role->suspended_.erase(state_);
  cancel();
  return true;
}

void Request::progress(std::string_view message) {
  double next = ++small_steps_ / steps_per_unit;
  if (progress_ && (measured_ || next <= *progress_)) {
    next = std::nextafter(*progress_, std::numeric_limits<double>::max());
  }
  progress_ = next;
  send_progress(message);
}

void Request::progress(double done, std::optional<double> total, std::string_view message) {
  if (!std::isfinite(done)) return progress(message);
  measured_ = true;
  total_ = total && std::isfinite(*total) ? total : std::nullopt;
  done = std::clamp(done, -most_progress, most_progress);
  if (progress_ && done <= *progress_) {
    done = std::nextafter(*progress_, std::numeric_limits<double>::max());
  }
  progress_ = done;
  send_progress(message);
}

void Request::send_progress(std::string_view message) {
  const auto role = role_.lock();
  if (!role || !wants_progress() || !responder_ || cancelled_ || !role->output_.notify) return;
  std::string params;
  JsonWriter writer(params);
  writer.begin_object().raw_member("progressToken", progress_token_).member("progress", *progress_);
  if (total_) writer.member("total", *total_);
  if (!message.empty()) writer.member("message", message);
  writer.end_object();
  role->output_.notify("notifications/progress", std::string_view(params));
}

void Request::log(LogLevel level, std::string_view logger, std::string_view data) {
  const auto role = role_.lock();
  if (!role || !responder_ || cancelled_ || !role->output_.notify) return;
  const bool wanted = client_->era == Era::modern
                          ? client_->log_level && level >= *client_->log_level
                          : level >= role->options_.log_level;
  if (!wanted) return;
  std::string params;
  JsonWriter writer(params);
  writer.begin_object().member("level", to_string(level));
  if (!logger.empty()) writer.member("logger", logger);
  writer.raw_member("data", data).end_object();
  role->output_.notify("notifications/message", std::string_view(params));
}

bool Request::is_open(std::string_view key) const {
  return std::any_of(questions_.begin(), questions_.end(),
                     [key](const OpenQuestion& one) { return !one.refused && one.key == key; });
}

std::uint64_t Request::ask(std::string_view key, std::string_view method, std::string_view params,
                           ReplyCallback done) {
  const auto role = role_.lock();
  const std::uint64_t number = ++last_question_;
  std::string unique(key);
  for (std::uint64_t guess = number; unique.empty() || (key.empty() && is_open(unique)); ++guess)
    unique = "q" + std::to_string(guess);
  const bool repeated = is_open(unique);
  questions_.push_back({number, std::move(unique), std::string(method),
                        params.empty() ? "{}" : std::string(params), std::move(done)});
  OpenQuestion& question = questions_.back();
  if (!role) {
    finish(number, {{}, internal_error, "there is no client"});
  } else if (over()) {
    refuse(question, {{}, internal_error, "the request has ended", true});
  } else if (repeated) {
    refuse(question, {{}, internal_error, "the question '" + question.key + "' is open already"});
  } else if (!can_answer(question)) {
    refuse(question, not_declared(question.method));
  } else if (client_->era == Era::legacy) {
    if (method == "elicitation/create") question.params = with_elicitation_id(question.params);
    ask_legacy(question);
  } else {
    // What is asked in the same turn goes out in the same round.
    take_answers_later();
  }
  return number;
}

bool Request::can_answer(const OpenQuestion& question) const {
  return missing_capability(client_->capabilities, question.method, question.params).empty();
}

void Request::refuse(OpenQuestion& question, QuestionReply reply) {
  question.refused = true;
  if (const auto role = role_.lock()) {
    role->later([self = shared_from_this(), number = question.number,
                 reply = std::move(reply)]() mutable { self->finish(number, std::move(reply)); });
  }
}

void Request::take_answers_later() {
  const auto role = role_.lock();
  if (!role || std::exchange(round_due_, true)) return;
  role->later([self = shared_from_this()] {
    self->round_due_ = false;
    self->take_answers();
  });
}

void Request::ask_legacy(OpenQuestion& question) {
  const auto role = role_.lock();
  CallOptions options;
  options.deadline = Deadline::after(role->options_.question_limit);
  auto answered = [weak = weak_from_this(), number = question.number](std::error_code error,
                                                                      const Answer& answer) {
    if (const auto self = weak.lock()) self->on_legacy_answer(number, error, answer);
  };
  question.call = role->output_.call(question.method, std::string_view(question.params), options,
                                     std::move(answered));
}

void Request::on_legacy_answer(std::uint64_t number, std::error_code error, const Answer& answer) {
  const auto question =
      std::find_if(questions_.begin(), questions_.end(),
                   [number](const OpenQuestion& one) { return one.number == number; });
  if (question == questions_.end()) return;
  question->call = 0;
  finish(number, read_reply(question->method, error, answer));
}

void Request::take_answers() {
  // What is done with one answer may end others, or ask anew.
  std::vector<std::pair<std::uint64_t, QuestionReply>> taken;
  for (const OpenQuestion& question : questions_) {
    if (question.refused) continue;
    auto answer = answers_.extract(question.key);
    // Else it is asked again.
    if (answer.empty() || !is_answer(question.method, answer.mapped())) continue;
    taken.emplace_back(question.number, QuestionReply{std::move(answer.mapped()), 0, {}});
  }
  const auto self = shared_from_this();
  for (auto& [number, reply] : taken)
    finish(number, std::move(reply));
  if (taken.empty()) {
    ask_next_round();
  } else {
    // Whoever has got an answer may have another question at once.
    take_answers_later();
  }
}

void Request::ask_next_round() {
  const auto role = role_.lock();
  if (over() || !responder_ || !role) return;
  // This round's client may have declared less than the one that the question was for.
  for (OpenQuestion& question : questions_) {
    if (!question.refused && !can_answer(question)) refuse(question, not_declared(question.method));
  }
  if (questions_.empty()) return;
  if (std::any_of(questions_.begin(), questions_.end(),
                  [](const OpenQuestion& question) { return question.refused; })) {
    // Whoever was refused may end the request, or ask for something else.
    take_answers_later();
    return;
  }
  state_ = role->suspend(shared_from_this());
  suspended_since_ = Clock::now();
  if (state_.empty()) {
    fail_questions(internal_error, "too many requests wait for their clients' answers");
    return;
  }
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("resultType", "input_required");
  writer.key("inputRequests").begin_object();
  for (const OpenQuestion& question : questions_) {
    writer.key(question.key)
        .begin_object()
        .member("method", question.method)
        .raw_member("params", question.params)
        .end_object();
  }
  writer.end_object().member("requestState", state_);
  writer.key("_meta").begin_object().raw_member(meta_key::server_info, role->server_info_);
  writer.end_object().end_object();
  responder_.result(std::string_view(json));
  responder_ = Responder();
  progress_token_.clear();
  role->finished(*this);
}

void Request::resume(Responder responder, std::shared_ptr<const ClientContext> client,
                     std::string_view progress_token,
                     std::map<std::string, std::string, std::less<>> answers) {
  responder_ = std::move(responder);
  id_ = responder_.id();
  if (const auto role = role_.lock()) role->enter(*this);
  client_ = std::move(client);
  progress_token_ = progress_token;
  state_.clear();
  answers_ = std::move(answers);
  if (const auto kept = std::exchange(kept_, std::nullopt)) {
    if (kept->is_error) {
      raw_error(std::string_view(kept->raw));
    } else {
      send_result(std::string_view(kept->raw));
    }
    return;
  }
  take_answers();
}

void Request::fail_questions(std::int64_t code, std::string_view message) {
  // One by one: whoever hears of one may withdraw others. Those that are refused hear of that soon.
  for (;;) {
    const auto next = std::find_if(questions_.begin(), questions_.end(),
                                   [](const OpenQuestion& question) { return !question.refused; });
    if (next == questions_.end()) return;
    OpenQuestion question = std::move(*next);
    questions_.erase(next);
    const auto role = role_.lock();
    if (question.call != 0 && role && role->output_.cancel)
      role->output_.cancel(question.call, message);
    question.done({{}, code, std::string(message), over()});
  }
}

void Request::finish(std::uint64_t number, QuestionReply reply) {
  const auto question =
      std::find_if(questions_.begin(), questions_.end(),
                   [number](const OpenQuestion& one) { return one.number == number; });
  if (question == questions_.end()) return;
  ReplyCallback done = std::move(question->done);
  questions_.erase(question);
  done(std::move(reply));
}

void Request::withdraw(std::uint64_t number) {
  const auto question =
      std::find_if(questions_.begin(), questions_.end(),
                   [number](const OpenQuestion& one) { return one.number == number; });
  if (question == questions_.end()) return;
  const std::uint64_t call = question->call;
  questions_.erase(question);
  const auto role = role_.lock();
  if (call != 0 && role && role->output_.cancel)
    role->output_.cancel(call, "nobody waits for the answer any more");
}

// False when nobody has to come back to be told.
bool Request::keep(bool is_error, const Payload& json) {
  if (!suspended() || cancelled_) return false;
  kept_ = Kept{is_error, json.text()};
  fail_questions(internal_error, "the request has ended");
  return true;
}

void Request::result(const Payload& json) {
  if (ended_ || kept_ || keep(false, json)) return;
  send_result(json);
}

void Request::send_result(const Payload& json) {
  const auto role = role_.lock();
  if (role && responder_) {
    // What a provider lists and reads may be another's the next time (2026-07-28, caching).
    const bool cacheable = method_ == "resources/list" || method_ == "resources/read";
    role->answer(responder_, *client_, json, cacheable ? std::optional(CacheHint{}) : std::nullopt);
  } else {
    responder_.result(json);
  }
  end();
}

void Request::error(std::int64_t code, std::string_view message, std::string_view data) {
  const std::string json = error_object(code, message, data);
  raw_error(std::string_view(json));
}

void Request::raw_error(const Payload& json) {
  if (ended_ || kept_ || keep(true, json)) return;
  responder_.raw_error(json);
  end();
}

void Request::refuse_for(std::string_view required_capabilities) {
  std::string data = R"({"requiredCapabilities":)";
  data.append(required_capabilities).append("}");
  error(client_->era == Era::modern ? missing_client_capability : invalid_request,
        "The client has not declared a capability that this needs: " +
            std::string(required_capabilities),
        data);
}

}  // namespace headrace::engine::mcp
