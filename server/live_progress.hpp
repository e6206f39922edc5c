// Tells a client that asked for progress how its run goes, while it runs.
#pragma once

#include <headrace/engine/event.hpp>
#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/server/bridge.hpp>
#include <headrace/server/live_output.hpp>

#include <memory>

namespace headrace::server {

/// Held by whoever waits for the run; the hooks that it puts into the request do not hold it.
class LiveProgress : public std::enable_shared_from_this<LiveProgress> {
 public:
  LiveProgress(const engine::Executor& executor, std::weak_ptr<engine::mcp::Request> call)
      : call_(std::move(call)), changed_(executor) {}

  /// Lets it hear of the run.
  void listen(CodeRun& request);
  /// Speaks when it is time, until end() is called.
  static asio::awaitable<void> speak(std::shared_ptr<LiveProgress> self);
  /// Says how far the run came, and nothing after that.
  void end();

 private:
  void tell();
  void tell_of_call(const std::string& call, const engine::mcp::ProgressUpdate& update);
  void say(const LiveOutput::Message& message);

  std::weak_ptr<engine::mcp::Request> call_;
  engine::Event changed_;
  LiveOutput output_;
  engine::Clock::time_point begun_ = engine::Clock::now();
  engine::Clock::time_point said_ = begun_;
  engine::Clock::time_point waits_until_ = begun_;
  bool over_ = false;
};

}  // namespace headrace::server
