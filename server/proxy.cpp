// Two peers back to back, and how the end of one becomes the end of the other.
#include <headrace/engine/child.hpp>
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/engine/peer.hpp>
#include <headrace/engine/stdio.hpp>
#include <headrace/engine/trace.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/program_options.hpp>
#include <headrace/server/proxy.hpp>
#include <headrace/server/proxy_rules.hpp>
#include <headrace/server/stderr_stream.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <poll.h>

#include <asio/signal_set.hpp>

namespace headrace::server {
namespace {

using engine::Deadline;
using engine::LogLevel;
using engine::StopTimes;
using std::chrono::milliseconds;
using Side = ProxyRules::Side;

constexpr std::int64_t connection_closed = -32000;

// Above this, what one side does not read holds up the other.
constexpr std::size_t most_unread = std::size_t{16} << 20;

// After the client's end of file the server may finish what it is at; hosts kill after two seconds.
constexpr StopTimes after_client{milliseconds(800), milliseconds(300)};
constexpr StopTimes in_a_hurry{milliseconds(300), milliseconds(300)};
constexpr StopTimes after_server{milliseconds(500), milliseconds(500)};
constexpr auto last_write = milliseconds(200);
// A client that is still there has the time to read what the server said last.
constexpr auto last_read = std::chrono::seconds(10);
// What the server said last is in its pipes when it exits.
constexpr auto last_words = milliseconds(100);
// Those that it started may hold its stdout for longer, and say nothing on it.
constexpr auto silence_after_exit = milliseconds(300);
constexpr auto hang_up_interval = milliseconds(250);

constexpr std::size_t quoted_stderr = 1000;

class Proxy {
 public:
  Proxy(asio::io_context& context, const Options& options, std::string_view version,
        const ProxyCommand& command)
      : executor_(context.get_executor()),
        stdio_(executor_),
        signals_(executor_, SIGTERM, SIGHUP, SIGINT),
        held_timer_(executor_),
        over_(executor_),
        server_ended_(executor_),
        errors_(std::make_shared<StderrStream>(executor_)),
        logger_(options.log_level,
                [this](LogLevel level, std::string_view source, std::string_view message) {
                  log(level, source, message);
                }),
        guard_(std::make_shared<engine::ProcessGuard>()),
        trace_(options.trace ? engine::Trace::open(expanded(*options.trace), version, logger_)
                             : nullptr),
        name_("server " + in_quotes(name_of(command))) {}

  /// False, having said why, when the server can't be started.
  bool start(const ProxyCommand& command) {
    engine::SpawnSpec spec;
    spec.argv = command.command;
    spec.environment = engine::own_environment();
    engine::ChildOptions options;
    options.on_stderr = [errors = errors_](std::string_view text) { errors->write(text); };
    engine::Diagnostics diagnostics;
    child_ = engine::Child::start(executor_, spec, std::move(options), guard_, diagnostics);
    if (!child_) {
      logger_.log(LogLevel::critical, name_, "can't be started: " + diagnostics.message);
      return false;
    }
    asio::posix::stream_descriptor output = stdio_.take_output();
    client_output_ = output.native_handle();
    client_ = engine::Peer(executor_, stdio_.take_input(), std::move(output),
                           peer_options("the client"), hooks(Side::client));
    server_ = engine::Peer(executor_, child_->take_output(), child_->take_input(),
                           peer_options(name_), hooks(Side::server));
    client_.start();
    server_.start();
    return true;
  }

  asio::awaitable<int> serve() {
    asio::awaitable<void> watching = watch_exit();
    asio::co_spawn(executor_, std::move(watching), asio::detached);
    wait_for_signal();
    co_await over_.async_wait();
    int code = EXIT_SUCCESS;
    if (hurry_ || client_over_) {
      co_await end_by_client();
    } else {
      code = co_await end_by_server();
    }
    server_.close();
    client_.close();
    held_timer_.cancel();
    signals_.cancel();
    errors_->stop();
    co_return code;
  }

 private:
  static std::string name_of(const ProxyCommand& command) {
    if (!command.name.empty()) return command.name;
    const std::string& path = command.command.front();
    return path.substr(path.rfind('/') + 1);
  }

  engine::PeerOptions peer_options(std::string name) const {
    engine::PeerOptions options;
    options.name = std::move(name);
    options.trace = trace_;
    options.write_high_water = most_unread;
    return options;
  }

  engine::PeerHooks hooks(Side side) {
    engine::PeerHooks hooks;
    hooks.on_line = [this, side](const framing::Envelope& envelope, const framing::Frame& frame) {
      const ProxyRules::Ruling ruling = rules_.on_line(side, envelope);
      if (ruling == ProxyRules::Ruling::pass) {
        engine::Peer& to = side == Side::client ? server_ : client_;
        to.pass_on(frame);
        if (to.unwritten() > most_unread) hold_readers();
      } else {
        obey(side, ruling, frame.text);
      }
    };
    hooks.on_oversize = [this, side](const framing::LineSplitter::Oversize& line) {
      obey(side, rules_.on_oversize(side, line), {});
    };
    hooks.on_drained = [this] { hold_readers(); };
    hooks.on_end = [this, side](std::error_code error) {
      if (side == Side::client) {
        client_over_ = true;
      } else {
        server_ended_.set();
      }
      if (error == engine::Errc::peer_stalled) {
        server_stalled_ = side == Side::server;
        logger_.log(LogLevel::error, side == Side::client ? "the client" : name_,
                    "does not read: too much waits to be written to it");
      }
      over_.set();
    };
    return hooks;
  }

  void obey(Side from, ProxyRules::Ruling ruling, std::string_view line) {
    using Ruling = ProxyRules::Ruling;
    const std::string_view source = from == Side::client ? std::string_view("the client") : name_;
    const ProxyRules::Notice& notice = rules_.notice();
    if (ruling == Ruling::skip) {
      bool& noted = noise_noted_[static_cast<std::size_t>(from)];
      if (std::exchange(noted, true)) return;
      const std::string what = line.empty() ? "a message over the frame limit" : in_quotes(line);
      logger_.log(LogLevel::warning, source,
                  "writes what can't be passed on; skipped, now and later: " + what);
      return;
    }
    const bool to_client = (from == Side::client) == (ruling == Ruling::tell_sender);
    logger_.log(LogLevel::warning, source, notice.message);
    (to_client ? client_ : server_).send_error(notice.id, notice.code, notice.message);
  }

  // The client's side goes first: were both held, nobody would ever go on.
  void hold_readers() {
    const bool hold_client = server_.unwritten() > most_unread;
    client_.hold_reading(hold_client);
    server_.hold_reading(client_.unwritten() > most_unread && !hold_client);
    if (hold_client && !std::exchange(looking_for_client_, true)) look_for_client();
  }

  // While it is not read from, its end goes unnoticed.
  void look_for_client() {
    held_timer_.expires_after(hang_up_interval);
    held_timer_.async_wait([this](std::error_code error) {
      looking_for_client_ = false;
      if (error || server_.unwritten() <= most_unread) return;
      pollfd output{client_output_, 0, 0};
      if (::poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0) {
        client_over_ = true;
        over_.set();
        return;
      }
      looking_for_client_ = true;
      look_for_client();
    });
  }

  void wait_for_signal() {
    signals_.async_wait([this](std::error_code error, int) {
      if (error) return;
      hurry_ = true;
      over_.set();
      // Who waits for a client to read its last words waits no longer.
      if (ending_) client_.close();
      wait_for_signal();
    });
  }

  asio::awaitable<void> watch_exit() {
    co_await child_->async_wait();
    std::uint64_t heard = 0;
    bool again = true;
    while (again) {
      heard = server_.stats().frames_in;
      const Deadline silence = Deadline::after(silence_after_exit);
      const bool ended = co_await server_ended_.async_wait(silence);
      const bool held = client_.unwritten() > most_unread;
      again = !ended && (held || heard != server_.stats().frames_in);
    }
    over_.set();
  }

  asio::awaitable<void> end_by_client() {
    ending_ = true;
    tell_open(Side::server, "the client has ended the conversation");
    server_.finish();
    const StopTimes times = hurry_ ? in_a_hurry : after_client;
    co_await child_->async_stop(times);
    const Deadline words = Deadline::after(last_words);
    co_await server_ended_.async_wait(words);
    tell_open(Side::client, hurry_ ? "headrace proxy was ended by a signal"
                                   : name_ + " did not answer before the conversation ended");
    const Deadline written = Deadline::after(last_write);
    co_await client_.async_finish(written);
  }

  asio::awaitable<int> end_by_server() {
    ending_ = true;
    // Mostly its stdout ends because it does.
    const Deadline soon = Deadline::after(silence_after_exit);
    const bool exited = co_await child_->async_wait(soon);
    server_.finish();
    co_await child_->async_stop(after_server);
    const Deadline words = Deadline::after(last_words);
    co_await child_->async_wait_stderr(words);
    const engine::ExitStatus status = child_->exit_status().value_or(engine::ExitStatus{});
    const std::string_view before = exited            ? ""
                                    : server_stalled_ ? "did not read, and "
                                                      : "has closed its stdout, and ";
    const std::string what = std::string(before) + describe(status);
    tell_open(Side::client, name_ + " " + what + before_end());
    logger_.log(LogLevel::error, name_, what + "; so the conversation is over");
    const Deadline written = Deadline::after(last_read);
    co_await client_.async_finish(written);
    if (status.signal != 0) co_return 128 + status.signal;
    co_return status.code != 0 ? status.code : EXIT_FAILURE;
  }

  std::string before_end() const {
    std::string tail = terminal_text(child_->stderr_tail());
    tail.erase(tail.find_last_not_of(" \n\t") + 1);
    if (tail.empty()) return {};
    if (tail.size() > quoted_stderr) {
      const std::size_t line = tail.find('\n', tail.size() - quoted_stderr);
      tail.erase(0, line == std::string::npos ? tail.size() - quoted_stderr : line + 1);
    }
    return "; the end of its stderr:\n" + tail;
  }

  void tell_open(Side by, const std::string& message) {
    engine::Peer& to = by == Side::client ? client_ : server_;
    for (const std::string& id : rules_.open(by).take_all())
      to.send_error(id, connection_closed, message);
  }

  void log(LogLevel level, std::string_view source, std::string_view message) {
    errors_->write(log_line(level, source, message));
  }

  engine::Executor executor_;
  engine::ProtocolStdio stdio_;
  asio::signal_set signals_;
  asio::steady_timer held_timer_;
  engine::Event over_;
  engine::Event server_ended_;
  std::shared_ptr<StderrStream> errors_;
  engine::Logger logger_;
  std::shared_ptr<engine::ProcessGuard> guard_;
  std::shared_ptr<engine::Trace> trace_;
  std::string name_;
  ProxyRules rules_;
  std::unique_ptr<engine::Child> child_;
  engine::Peer client_;
  engine::Peer server_;
  int client_output_ = -1;
  std::array<bool, 2> noise_noted_{};
  bool looking_for_client_ = false;
  bool client_over_ = false;
  bool server_stalled_ = false;
  bool hurry_ = false;
  bool ending_ = false;
};

}  // namespace

int run_proxy(const Options& options, std::string_view version, const ProxyCommand& command) {
  // Writing to an end that is gone is an error to handle, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context context(1);
  Proxy proxy(context, options, version, command);
  if (!proxy.start(command)) return exit_not_started;
  int code = EXIT_FAILURE;
  std::exception_ptr failure;
  asio::awaitable<int> serving = proxy.serve();
  asio::co_spawn(context, std::move(serving), [&](std::exception_ptr error, int result) {
    failure = std::move(error);
    code = result;
    context.stop();
  });
  context.run();
  if (failure) std::rethrow_exception(failure);
  return code;
}

}  // namespace headrace::server
