// A program that serves one client on its stdin and stdout, from its start to an orderly end.
#include <headrace/server/program_options.hpp>
#include <headrace/server/stderr_stream.hpp>
#include <headrace/server/stdio_program.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>
#include <utility>

namespace headrace::server {
namespace {

// After the client's end of file: what is in flight may still end, but hosts kill after two
// seconds.
constexpr auto last_answers = std::chrono::milliseconds(800);

// What has not ended by then is left to the guard, which kills it once we are gone.
constexpr auto orderly_end = std::chrono::milliseconds(1200);

// A client that is still there may need a moment to read them.
constexpr auto last_write = std::chrono::milliseconds(200);

}  // namespace

StdioConversation::StdioConversation(const engine::Executor& executor, const Options& options,
                                     std::string_view version)
    : executor_(executor),
      stdio_(executor),
      signals_(executor, SIGTERM, SIGHUP, SIGINT),
      over_(executor),
      logger_(options.log_level,
              [this](engine::LogLevel level, std::string_view source, std::string_view message) {
                log_to_stderr(level, source, message);
                if (server_) server_->role().log(level, source, message);
              }),
      trace_(options.trace ? engine::Trace::open(expanded(*options.trace), version, logger_)
                           : nullptr) {}

void StdioConversation::answer_with(engine::mcp::ServerOptions options) {
  server_ = engine::mcp::Server::make(executor_, std::move(options));
}

asio::awaitable<void> StdioConversation::serve(
    engine::PeerOptions peer, std::function<std::shared_ptr<engine::Event>()> begin_close) {
  peer.name = "the client";
  peer.trace = trace_;
  server_->on_end = [this] { over_.set(); };
  server_->start(stdio_.take_input(), stdio_.take_output(), std::move(peer));
  signals_.async_wait([this](std::error_code error, int) {
    if (error) return;
    hurry_ = true;
    over_.set();
  });
  co_await over_.async_wait();
  if (!hurry_) co_await server_->async_wait_idle(engine::Deadline::after(last_answers));
  server_->role().cancel_all();
  const std::shared_ptr<engine::Event> closed = begin_close();
  co_await closed->async_wait(engine::Deadline::after(orderly_end));
  co_await server_->async_close(engine::Deadline::after(last_write));
  signals_.cancel();
}

void begin_stdio_program(const char* hint) {
  // Writing to a client that is gone is an error to handle, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  if (::isatty(STDIN_FILENO) == 1) std::fputs(hint, stderr);
}

int run_stdio_program(asio::io_context& context, asio::awaitable<void> serving) {
  std::exception_ptr failure;
  asio::co_spawn(context, std::move(serving), [&failure, &context](std::exception_ptr error) {
    failure = std::move(error);
    // A sandbox that is still being started must not keep us: the guard removes it.
    context.stop();
  });
  context.run();
  if (failure) std::rethrow_exception(failure);
  return EXIT_SUCCESS;
}

}  // namespace headrace::server
