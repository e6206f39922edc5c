// An MCP server on a stream: a ServerRole, the Peer that speaks for it, and a timer.
#pragma once

#include <headrace/engine/event.hpp>
#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/engine/peer.hpp>

#include <memory>
#include <utility>

namespace headrace::engine::mcp {

/// Serves one client. Held by shared_ptr; runs on the executor that it is given.
///
///     auto server = mcp::Server::make(executor, std::move(options));
///     server->start(stdio.take_input(), stdio.take_output());
///     co_await server->async_wait_end();
///     co_await server->async_close(Deadline::after(1s));
class Server : public std::enable_shared_from_this<Server> {
 public:
  static std::shared_ptr<Server> make(Executor executor, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Begins to serve on a reader and a writer, such as two pipes; once.
  template <class Reader, class Writer>
  void start(Reader reader, Writer writer, PeerOptions options = {}) {
    peer_ = Peer(executor_, std::move(reader), std::move(writer), std::move(options), hooks());
    peer_.start();
  }
  /// The same on one stream for both, such as a socket.
  template <class Stream>
  void start(Stream stream, PeerOptions options = {}) {
    peer_ = Peer(executor_, std::move(stream), std::move(options), hooks());
    peer_.start();
  }

  ServerRole& role() noexcept { return *role_; }
  Peer& peer() noexcept { return peer_; }

  /// Until the client is gone. Cancellation of any kind ends the waiting.
  asio::awaitable<void> async_wait_end();
  /// Until no request is under way, or the deadline has passed.
  asio::awaitable<void> async_wait_idle(Deadline deadline);
  /// Cancels what is under way, writes what is queued as far as the deadline allows, and closes.
  asio::awaitable<void> async_close(Deadline deadline);

  /// Called when the client is gone.
  std::function<void()> on_end;

 private:
  Server(Executor executor, ServerOptions options);
  PeerHooks hooks();
  void connect();
  void arm();

  Executor executor_;
  std::shared_ptr<ServerRole> role_;
  Peer peer_;
  asio::steady_timer timer_;
  Event over_;
  Event idle_;
};

}  // namespace headrace::engine::mcp
