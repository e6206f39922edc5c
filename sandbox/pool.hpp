// Interpreters that are started before anybody needs them.
#pragma once

#include <headrace/engine/deadline.hpp>
#include <headrace/engine/event.hpp>
#include <headrace/sandbox/launcher.hpp>

#include <memory>
#include <string>
#include <vector>

namespace headrace::sandbox {

struct PoolOptions {
  /// How many wait to be taken; 0: every interpreter is started when it is asked for.
  std::size_t size = 1;
  /// Spares that nobody has taken for so long are shut down; the next use brings them back.
  /// 0: never.
  engine::Clock::duration idle_limit = std::chrono::seconds(300);
  /// Between a use and the start of another spare, which would compete with what it is used for.
  engine::Clock::duration delay = std::chrono::milliseconds(250);
};

/// Spares are neutral: what a session gives its interpreter, it sends with its first run.
/// Not thread-safe. Held by shared_ptr: its coroutines keep it alive.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(engine::Executor executor, PoolOptions options, std::shared_ptr<Launcher> launcher,
       engine::Logger logger);

  /// Begins to fill, a moment later, so that a client that is gone by then costs nothing.
  void prepare();

  /// A spare one, at once; else the one that is being started; else one that is started now. Null,
  /// with a sentence for the user, when there can be none. Afterwards the pool is filled again.
  asio::awaitable<std::unique_ptr<Interpreter>> async_take(engine::Diagnostics& diagnostics,
                                                           Launcher::Progress progress = {});

  /// Ends an interpreter that was taken, in the background: see Interpreter::async_stop().
  void discard(std::shared_ptr<Interpreter> interpreter, bool kill);

  /// Ends what waits, and waits for all that is being ended. One that is being started is ended
  /// once it is up, which is waited for as well, but for a moment only. For good.
  asio::awaitable<void> async_close();

  /// Whether an interpreter is on its way up.
  bool starting() const noexcept { return starting_ || direct_ > 0; }

  std::size_t spares() const noexcept { return spares_.size(); }

 private:
  // Somebody who waits for the spare that is being started.
  struct Claim {
    Claim(const engine::Executor& executor, Launcher::Progress hears)
        : done(executor), progress(std::move(hears)) {}
    engine::Event done;
    Launcher::Progress progress;
    std::unique_ptr<Interpreter> interpreter;
    std::string message;
  };

  void use();
  void arm_filling();
  void arm_idling();
  bool wants_more() const noexcept;
  std::unique_ptr<Interpreter> pop();
  void add(std::unique_ptr<Interpreter> interpreter);
  void on_end(const Interpreter* interpreter);
  void fail(std::string_view why);
  static asio::awaitable<void> fill(std::shared_ptr<Pool> self);
  static asio::awaitable<void> end(std::shared_ptr<Pool> self,
                                   std::shared_ptr<Interpreter> interpreter, bool kill);

  engine::Executor executor_;
  PoolOptions options_;
  std::shared_ptr<Launcher> launcher_;
  engine::Logger logger_;
  std::vector<std::unique_ptr<Interpreter>> spares_;
  std::shared_ptr<Claim> claim_;
  std::string said_;  // last, of the spare that is being started: for who claims it later
  asio::steady_timer fill_timer_;
  asio::steady_timer idle_timer_;
  bool wanted_ = false;     // from a use until nobody has come for too long
  bool starting_ = false;   // a spare
  std::size_t direct_ = 0;  // starts under way of those who could not wait for one
  std::size_t failures_ = 0;
  std::size_t ending_ = 0;
  engine::Event changed_;  // one has ended or come up
  bool closed_ = false;
};

}  // namespace headrace::sandbox
