// What the commands for people run in: a registry without a sandbox, for as long as one takes.
#include <headrace/engine/trace.hpp>
#include <headrace/server/command_run.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/program_options.hpp>
#include <headrace/server/run_all.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace headrace::server {
namespace {

// Servers that are started at the same time: more would only wait for each other.
constexpr std::size_t side_by_side = 4;

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

void complain(std::string_view text) {
  std::string lines = "headrace: " + terminal_text(text);
  if (!lines.ends_with('\n')) lines += '\n';
  write_all(STDERR_FILENO, lines);
}

struct CommandRun::Queue {
  std::vector<std::string> servers;
  OnListed on_listed;
  std::size_t next = 0;
};

CommandRun::CommandRun(const Options& options, std::string_view version)
    : options_(options), context_(1), signals_(context_.get_executor(), SIGINT, SIGTERM, SIGHUP) {
  const engine::Logger logger = make_logger(options);
  const auto trace =
      options.trace ? engine::Trace::open(expanded(*options.trace), version, logger) : nullptr;
  const engine::Executor executor = context_.get_executor();
  registry_ = std::make_shared<Registry>(executor, bridge_options(options, version, trace).registry,
                                         std::make_shared<engine::ProcessGuard>(), logger);
  closed_ = std::make_shared<engine::Event>(executor);
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
  if (std::exchange(closing_, true)) return;
  asio::awaitable<void> closing = close(registry_, closed_);
  asio::co_spawn(context_, std::move(closing), asio::detached);
}

asio::awaitable<void> CommandRun::close(std::shared_ptr<Registry> registry,
                                        std::shared_ptr<engine::Event> closed) {
  co_await registry->async_close();
  closed->set();
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

asio::awaitable<std::string> CommandRun::list(std::string server) {
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
  registry_->with_tools(server, Freshness::known, deadline, std::move(on_listed));
  co_await listing->done.async_wait();
  co_return listing->error;
}

asio::awaitable<void> CommandRun::list_some(CommandRun& self, std::shared_ptr<Queue> queue) {
  while (queue->next < queue->servers.size() && self.signal_ == 0) {
    const std::string server = queue->servers[queue->next++];
    const std::string error = co_await self.list(server);
    queue->on_listed(server, error);
  }
}

asio::awaitable<void> CommandRun::list_all(std::vector<std::string> servers, OnListed on_listed) {
  const auto queue = std::make_shared<Queue>();
  queue->servers = std::move(servers);
  queue->on_listed = std::move(on_listed);
  std::vector<asio::awaitable<void>> parts;
  for (std::size_t i = 0; i < std::min(side_by_side, queue->servers.size()); ++i)
    parts.push_back(list_some(*this, queue));
  const engine::Executor executor = context_.get_executor();
  co_await run_all(executor, std::move(parts));
}

}  // namespace headrace::server
