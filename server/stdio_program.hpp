// A program that serves one client on its stdin and stdout, from its start to an orderly end.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/event.hpp>
#include <headrace/engine/logger.hpp>
#include <headrace/engine/mcp/server.hpp>
#include <headrace/engine/peer_core.hpp>
#include <headrace/engine/stdio.hpp>
#include <headrace/engine/trace.hpp>
#include <headrace/server/options.hpp>

#include <functional>
#include <memory>
#include <string_view>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

namespace headrace::server {

/// The conversation of a program with its client, and what the program says of itself meanwhile:
/// its log, on stderr and to the client, and its trace if the options ask for one.
class StdioConversation {
 public:
  StdioConversation(const engine::Executor& executor, const Options& options,
                    std::string_view version);

  const engine::Logger& logger() const noexcept { return logger_; }
  /// Null where none is written.
  const std::shared_ptr<engine::Trace>& trace() const noexcept { return trace_; }

  /// Says what answers the client: once, before serve().
  void answer_with(engine::mcp::ServerOptions options);
  /// Of what answers; from then on.
  engine::mcp::ServerRole& role() const { return server_->role(); }

  /// Serves until the client is gone, or a signal ends it at once. What is in flight then has a
  /// moment, all that `begin_close` begins to end (its event says when it has) another. Once.
  asio::awaitable<void> serve(engine::PeerOptions peer,
                              std::function<std::shared_ptr<engine::Event>()> begin_close);

 private:
  engine::Executor executor_;
  engine::ProtocolStdio stdio_;
  asio::signal_set signals_;
  engine::Event over_;
  bool hurry_ = false;
  std::shared_ptr<engine::mcp::Server> server_;  // before all that logs: it is told
  engine::Logger logger_;
  std::shared_ptr<engine::Trace> trace_;
};

/// Before anything is made. `hint` is what a person is told whose terminal is stdin.
void begin_stdio_program(const char* hint);
/// Runs `serving` to its end and throws what it throws.
int run_stdio_program(asio::io_context& context, asio::awaitable<void> serving);

/// A `Program` is made of an executor and the arguments; its serve() is run on a loop of its own.
template <class Program, class... Arguments>
int serve_on_stdio(const char* hint, const Arguments&... arguments) {
  begin_stdio_program(hint);
  // One thread: a hint that lets Asio do without locks.
  asio::io_context context(1);
  Program program(context.get_executor(), arguments...);
  return run_stdio_program(context, program.serve());
}

}  // namespace headrace::server
