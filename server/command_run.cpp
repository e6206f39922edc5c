// What the commands for people run in: a registry without a sandbox, for as long as one takes.
#include <headrace/engine/trace.hpp>
#include <headrace/server/command_run.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/program_options.hpp>
#include <headrace/server/run_all.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace headrace::server {
namespace {

// What has not ended by then is left to the guard, which kills it once we are gone.
constexpr auto orderly_end = std::chrono::milliseconds(1500);

// For people, what a command says itself is enough, unless they have asked for more.
engine::Logger make_logger(const Options& options) {
  const char* asked = std::getenv("MCP_BRIDGE_LOG_LEVEL");
  const bool quiet = asked == nullptr || *asked == '\0';
  return {quiet ? engine::LogLevel::critical : options.log_level,
          [](engine::LogLevel level, std::string_view source, std::string_view message) {
            std::string line(engine::to_string(level));
            complain(line.append(": ").append(source).append(": ").append(message));
          }};
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // Whoever shares the descriptor has made it so.
      pollfd room{fd, POLLOUT, 0};
      ::poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool print(std::string_view text) {
  if (write_all(STDOUT_FILENO, text) || errno == EPIPE) return true;
  complain(std::string("what is to be shown can't be written: ") + std::strerror(errno));
  return false;
}

void fill_closed_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    // Takes the lowest number that is free. Reading the one or writing the others is an error.
    [[maybe_unused]] const int filled =
        ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

void complain(std::string_view text) {
  std::string lines = "headrace: " + terminal_text(text);
  if (!lines.ends_with('\n')) lines += '\n';
  write_all(STDERR_FILENO, lines);
}

CommandRun::CommandRun(const Options& options, std::string_view version)
    : options_(options), context_(1), signals_(context_.get_executor(), SIGINT, SIGTERM, SIGHUP) {
  const engine::Logger logger = make_logger(options);
  const auto trace =
      options.trace ? engine::Trace::open(expanded(*options.trace), version, logger) : nullptr;
  const engine::Executor executor = context_.get_executor();
  registry_ = std::make_shared<Registry>(executor, bridge_options(options, version, trace).registry,
                                         std::make_shared<engine::ProcessGuard>(), logger);
  registry_->refresh();
}

int CommandRun::run(const Work& work) {
  int code = EXIT_FAILURE;
  std::exception_ptr failure;
  wait_for_signal();
  asio::awaitable<int> working = work_and_close(*this, work);
  asio::co_spawn(context_, std::move(working), [&](std::exception_ptr error, int result) {
    failure = std::move(error);
    code = result;
    context_.stop();
  });
  context_.run();
  // It may hold what must not outlive the loop.
  on_signal = {};
  if (signal_ != 0) return 128 + signal_;
  if (failure) std::rethrow_exception(failure);
  return code;
}

void CommandRun::wait_for_signal() {
  signals_.async_wait([this](std::error_code error, int number) {
    if (error) return;
    // Who asks twice does not want to wait.
    if (std::exchange(signal_, number) != 0) {
      context_.stop();
      return;
    }
    if (on_signal) on_signal();
    begin_closing();
    wait_for_signal();
  });
}

void CommandRun::begin_closing() {
  if (!closed_) closed_ = begin_close(context_.get_executor(), registry_);
}

asio::awaitable<int> CommandRun::work_and_close(CommandRun& self, const Work& work) {
  std::exception_ptr failure;
  int code = EXIT_FAILURE;
  try {
    asio::awaitable<int> working = work(self);
    code = co_await std::move(working);
  } catch (...) {
    failure = std::current_exception();
  }
  self.begin_closing();
  const engine::Deadline deadline = engine::Deadline::after(orderly_end);
  co_await self.closed_->async_wait(deadline);
  if (failure) std::rethrow_exception(failure);
  co_return code;
}

asio::awaitable<std::string> CommandRun::list(std::string server, Freshness freshness) {
  struct Listing {
    explicit Listing(const engine::Executor& executor) : done(executor) {}
    engine::Event done;
    std::string error;
  };
  const auto listing = std::make_shared<Listing>(context_.get_executor());
  auto on_listed = [listing](const std::string& error) {
    listing->error = error;
    listing->done.set();
  };
  const engine::Deadline deadline = engine::Deadline::after(options_.start_timeout);
  registry_->with_tools(server, freshness, deadline, std::move(on_listed));
  co_await listing->done.async_wait();
  co_return listing->error;
}

asio::awaitable<void> CommandRun::list_all(std::vector<std::string> servers, Freshness freshness,
                                           OnListed on_listed) {
  if (servers.empty()) co_return;
  struct Listing {
    Listing(const engine::Executor& executor, std::size_t servers, OnListed told)
        : done(executor), left(servers), on_listed(std::move(told)) {}
    engine::Event done;
    std::size_t left;
    OnListed on_listed;
  };
  const auto listing =
      std::make_shared<Listing>(context_.get_executor(), servers.size(), std::move(on_listed));
  const OnListed one = [listing](const std::string& server, const std::string& error) {
    listing->on_listed(server, error);
    if (--listing->left == 0) listing->done.set();
  };
  registry_->list_each(servers, freshness, one);
  co_await listing->done.async_wait();
}

}  // namespace headrace::server
