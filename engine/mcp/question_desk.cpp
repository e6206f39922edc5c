// Questions that wait for their answers.
#include <headrace/engine/mcp/question_desk.hpp>

#include <utility>

namespace headrace::engine::mcp {

QuestionDesk::QuestionDesk(Executor executor, Clock::duration limit, Hooks hooks)
    : executor_(std::move(executor)), limit_(limit), hooks_(std::move(hooks)) {}

std::uint64_t QuestionDesk::ask(Question question, ReplyCallback reply) {
  if (!hooks_.ask) {
    reply({{}, method_not_found, "Method not found: " + question.method});
    return 0;
  }
  const std::string fault = question_fault(question.method, question.params);
  if (!fault.empty()) {
    reply({{}, invalid_params, "'" + question.method + "' can't be asked: " + fault});
    return 0;
  }
  if (open_.size() >= most_open) {
    reply({{}, internal_error, "too many questions wait for an answer already"});
    return 0;
  }
  const std::uint64_t key = ++last_key_;
  Open& opened = open_[key];
  opened.reply = std::move(reply);
  opened.limit = std::make_unique<asio::steady_timer>(executor_);
  opened.limit->expires_after(limit_);
  auto expired = [weak = weak_from_this(), key](std::error_code error) {
    const auto self = weak.lock();
    if (self && !error) self->expire(key);
  };
  opened.limit->async_wait(std::move(expired));
  if (open_.size() == 1 && hooks_.on_open) hooks_.on_open(true);

  auto answered = [weak = weak_from_this(), key](QuestionReply answer) {
    if (const auto self = weak.lock()) self->answer(key, std::move(answer));
  };
  const std::uint64_t number = hooks_.ask(std::move(question), std::move(answered));
  const auto still = open_.find(key);
  if (still == open_.end()) {
    // Withdrawn from inside the hook: it did not know its number then.
    if (number != 0 && hooks_.cancel) hooks_.cancel(number);
    return 0;
  }
  still->second.number = number;
  return key;
}

void QuestionDesk::withdraw(std::uint64_t key) {
  const Open gone = take(key);
  if (gone.number != 0 && hooks_.cancel) hooks_.cancel(gone.number);
}

void QuestionDesk::close_all(const std::string& why) {
  while (!open_.empty()) {
    Open gone = take(open_.begin()->first);
    if (gone.number != 0 && hooks_.cancel) hooks_.cancel(gone.number);
    gone.reply({{}, internal_error, why});
  }
}

void QuestionDesk::answer(std::uint64_t key, QuestionReply reply) {
  Open answered = take(key);
  if (answered.reply) answered.reply(std::move(reply));
}

void QuestionDesk::expire(std::uint64_t key) {
  Open late = take(key);
  if (late.number != 0 && hooks_.cancel) hooks_.cancel(late.number);
  if (late.reply) late.reply({{}, internal_error, "nobody answered in time"});
}

QuestionDesk::Open QuestionDesk::take(std::uint64_t key) {
  const auto found = open_.find(key);
  if (found == open_.end()) return {};
  Open taken = std::move(found->second);
  open_.erase(found);
  if (open_.empty() && hooks_.on_open) hooks_.on_open(false);
  return taken;
}

}  // namespace headrace::engine::mcp
