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

/// Puts something that can't be used in the place of standard streams that are closed, so that no
/// other file gets their numbers and is taken for them.
void fill_closed_streams();

/// A line for stderr, after the program's name.
void complain(std::string_view text);

class CommandRun {
 public:
  using Work = std::function<asio::awaitable<int>(CommandRun&)>;
  using OnListed = Registry::OneListed;

  CommandRun(const Options& options, std::string_view version);

  /// Runs `work` to its end, then ends the servers. What it returned; 128 + the number of the
  /// signal that ended it: everything that is waited for fails then. Once.
  int run(const Work& work);

  Registry& registry() noexcept { return *registry_; }
  const Options& options() const noexcept { return options_; }

  /// Called when a signal wants it all to end, before the servers are told.
  std::function<void()> on_signal;

  /// Whether a signal has come: what is waited for has failed because of it.
  bool interrupted() const noexcept { return signal_ != 0; }

  /// Empty once the tools of `server` (its exact name) are known, else why not. It may run then.
  asio::awaitable<std::string> list(std::string server, Freshness freshness);

  /// The same of several, a few at a time, that do not go on running; `on_listed` is told as each
  /// ends.
  asio::awaitable<void> list_all(std::vector<std::string> servers, Freshness freshness,
                                 OnListed on_listed);

 private:
  static asio::awaitable<int> work_and_close(CommandRun& self, const Work& work);
  void wait_for_signal();
  void begin_closing();

  const Options& options_;
  asio::io_context context_;
  asio::signal_set signals_;
  std::shared_ptr<Registry> registry_;
  std::shared_ptr<engine::Event> closed_;  // null: nothing is being closed yet
  int signal_ = 0;
};

}  // namespace headrace::server
