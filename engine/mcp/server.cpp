// Joining a role to its peer.
#include <headrace/engine/mcp/server.hpp>

namespace headrace::engine::mcp {

std::shared_ptr<Server> Server::make(Executor executor, ServerOptions options) {
  auto server = std::shared_ptr<Server>(new Server(std::move(executor), std::move(options)));
  server->connect();
  return server;
}

Server::Server(Executor executor, ServerOptions options)
    : executor_(std::move(executor)),
      role_(std::make_shared<ServerRole>(std::move(options))),
      timer_(executor_),
      over_(executor_),
      idle_(executor_) {}

Server::~Server() {
  role_->close();
}

PeerHooks Server::hooks() {
  // The peer is closed before we are gone, and calls none of these then.
  PeerHooks hooks;
  hooks.on_request = [this](Responder&& responder, const Message& message) {
    role_->on_request(std::move(responder), message);
  };
  hooks.on_notification = [this](const Message& message) { role_->on_notification(message); };
  hooks.on_invalid = [this](const framing::Envelope& envelope) { role_->on_invalid(envelope); };
  hooks.on_oversize = [this](const framing::LineSplitter::Oversize& line) {
    role_->on_oversize(line);
  };
  hooks.on_end = [this](std::error_code) {
    over_.set();
    if (on_end) on_end();
  };
  return hooks;
}

void Server::connect() {
  ServerOutput output;
  output.notify = [this](std::string_view method, const Payload& params) {
    return peer_.notify(method, params);
  };
  output.announce = [this](std::string_view method, const Payload& params) {
    peer_.notify_always(method, params);
  };
  output.send_error = [this](std::string_view id, std::int64_t code, std::string_view message) {
    peer_.send_error(id, code, message);
  };
  output.call = [this](std::string_view method, const Payload& params, const CallOptions& options,
                       Completion completion) {
    return peer_.call(method, params, options, std::move(completion));
  };
  output.cancel = [this](std::uint64_t number, std::string_view reason) {
    peer_.cancel(number, reason);
  };
  output.later = [executor = executor_](UniqueFunction<void()> task) {
    asio::post(executor, std::move(task));
  };
  output.executor = executor_;
  output.rearm = [this] { arm(); };
  role_->connect(std::move(output));
}

void Server::arm() {
  const auto next = role_->next_deadline();
  if (!next) return;
  timer_.expires_at(*next);
  auto expired = [weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    self->role_->on_tick(Clock::now());
    self->arm();
  };
  timer_.async_wait(std::move(expired));
}

asio::awaitable<void> Server::async_wait_end() {
  const std::shared_ptr<Server> self = shared_from_this();
  co_await over_.async_wait();
}

asio::awaitable<void> Server::async_wait_idle(Deadline deadline) {
  const std::shared_ptr<Server> self = shared_from_this();
  if (role_->calls_under_way() == 0) co_return;
  idle_.reset();
  role_->on_idle = [this] { idle_.set(); };
  co_await idle_.async_wait(deadline);
  role_->on_idle = nullptr;
}

asio::awaitable<void> Server::async_close(Deadline deadline) {
  const std::shared_ptr<Server> self = shared_from_this();
  timer_.cancel();
  role_->close();
  co_await peer_.async_finish(deadline);
  peer_.close();
}

}  // namespace headrace::engine::mcp
