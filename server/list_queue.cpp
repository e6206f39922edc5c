// Asking servers for their tools, a few at a time.
#include <headrace/server/list_queue.hpp>

#include <algorithm>

namespace headrace::server {
namespace {

constexpr std::size_t at_once = 4;

// One that has not answered by then, perhaps since it is being downloaded, or hangs, no longer
// keeps others waiting.
constexpr auto quick = std::chrono::seconds(5);

}  // namespace

void ListQueue::add(const std::string& server, bool before_others) {
  if (asked_.contains(server)) return;
  const auto queued = std::find(waiting_.begin(), waiting_.end(), server);
  if (queued != waiting_.end()) {
    if (!before_others) return;
    waiting_.erase(queued);
  }
  if (before_others) {
    waiting_.push_front(server);
  } else {
    waiting_.push_back(server);
  }
  advance();
}

void ListQueue::finished(const std::string& server) {
  std::erase(waiting_, server);
  asked_.erase(server);
  advance();
}

void ListQueue::clear() {
  waiting_.clear();
  asked_.clear();
  timer_.cancel();
}

void ListQueue::advance() {
  // What is asked may be finished from inside.
  if (advancing_) return;
  advancing_ = true;
  timer_.cancel();
  while (!waiting_.empty()) {
    const auto now = engine::Clock::now();
    auto next_slow = engine::Clock::time_point::max();
    std::size_t counted = 0;
    for (const auto& [server, since] : asked_) {
      if (since + quick <= now) continue;
      ++counted;
      next_slow = std::min(next_slow, since + quick);
    }
    if (counted >= at_once) {
      timer_.expires_at(next_slow);
      timer_.async_wait([weak = std::weak_ptr(self_)](std::error_code error) {
        const auto self = weak.lock();
        if (self && !error) (*self)->advance();
      });
      break;
    }
    const std::string server = std::move(waiting_.front());
    waiting_.pop_front();
    asked_.emplace(server, now);
    ask_(server);
  }
  advancing_ = false;
}

}  // namespace headrace::server
