// Which servers are asked for their tools next: a few at a time, since each may have to be started.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/deadline.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <asio/steady_timer.hpp>

namespace headrace::server {

/// Not thread-safe. Nothing runs after its destruction.
class ListQueue {
 public:
  /// Asks one server; finished() is to be called when that is over, whether from inside or later.
  using Ask = std::function<void(const std::string& server)>;

  ListQueue(const engine::Executor& executor, Ask ask) : ask_(std::move(ask)), timer_(executor) {}

  /// Behind those that wait, or before them. Nothing for one that is being asked.
  void add(const std::string& server, bool before_others);

  /// The server is asked, or gone. Nothing for one that is not in the queue.
  void finished(const std::string& server);

  void clear();

 private:
  void advance();

  Ask ask_;
  std::deque<std::string> waiting_;
  std::map<std::string, engine::Clock::time_point> asked_;  // since when
  asio::steady_timer timer_;
  bool advancing_ = false;
  std::shared_ptr<ListQueue*> self_ = std::make_shared<ListQueue*>(this);  // gone with us
};

}  // namespace headrace::server
