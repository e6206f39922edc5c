// What the commands for people run in: a registry without a sandbox, for as long as one takes.
#pragma once

#include <headrace/engine/event.hpp>
#include <headrace/engine/process_guard.hpp>
#include <headrace/server/options.hpp>
#include <headrace/server/registry.hpp>
#include <headrace/server/show_tools.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <asio/signal_set.hpp>

namespace headrace::server {

/// Bytes for stdout, all of them. False when they can't be written, which stderr is then told of. A
/// reader that has gone has seen enough. SIGPIPE is to be ignored.
bool print(std::string_view text);

/// A line for stderr, after the program's name.
void complain(std::string_view text);

class CommandRun {
 public:
  using Work = std::function<asio::awaitable<int>(CommandRun&)>;
  using OnListed = std::function<void(const std::string& server, const std::string& error)>;

  CommandRun(const Options& options, std::string_view version);

  /// Runs `work` to its end, then ends the servers. What it returned; 128 + the number of the
  /// signal that ended it: everything that is waited for fails then. Once.
  int run(const Work& work);

  Registry& registry() noexcept { return *registry_; }
  const Options& options() const noexcept { return options_; }

  /// Called when a signal wants it all to end, before the servers are told.
  std::function<void()> on_signal;

  /// Empty once the tools of `server` (its exact name) are known, else why not.
  asio::awaitable<std::string> list(std::string server);

  /// The same of several, a few at a time; `on_listed` is told as each ends.
  asio::awaitable<void> list_all(std::vector<std::string> servers, OnListed on_listed);

 private:
  struct Queue;
  static asio::awaitable<void> list_some(CommandRun& self, std::shared_ptr<Queue> queue);
  static asio::awaitable<void> close(std::shared_ptr<Registry> registry,
                                     std::shared_ptr<engine::Event> closed);
  static asio::awaitable<int> work_and_close(CommandRun& self, const Work& work);
  void wait_for_signal();
  void begin_closing();

  const Options& options_;
  asio::io_context context_;
  asio::signal_set signals_;
  std::shared_ptr<Registry> registry_;
  std::shared_ptr<engine::Event> closed_;
  bool closing_ = false;
  int signal_ = 0;
};

}  // namespace headrace::server
