// One interpreter in its sandbox: the process of the runtime's command, and the peer on its pipes.
#pragma once

#include <headrace/engine/child.hpp>
#include <headrace/engine/peer.hpp>
#include <headrace/sandbox/interpreter_end.hpp>
#include <headrace/sandbox/runtime.hpp>
#include <headrace/sandbox/socket_directory.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <asio/local/stream_protocol.hpp>

namespace headrace::sandbox {

/// What an interpreter tells whoever runs it. Not called from inside a call into it.
struct InterpreterHooks {
  std::function<void(engine::Responder, const engine::Message&)> on_request;
  std::function<void(const engine::Message&)> on_notification;
  /// It can't be spoken to any more; why_ended() will say why.
  std::function<void()> on_end;
};

/// How to start one, as the launcher found out.
struct InterpreterPlan {
  const Runtime* runtime = nullptr;
  RuntimeFacts facts;
  LaunchRequest request;
  HostView host;
  std::string server_name;
  std::string server_version;
  std::size_t frame_limit = std::size_t{64} << 20;
  std::shared_ptr<engine::Trace> trace;
};

/// Owns the sandbox: async_stop() is the orderly end, destruction the immediate one (containers are
/// then removed by their `--rm`, by the guard, or by the next start's sweep).
class Interpreter {
 public:
  /// Starts the process; async_ready() says whether an interpreter came up in it. Null, with words,
  /// when there is no process.
  static std::unique_ptr<Interpreter> start(const engine::Executor& executor,
                                            const InterpreterPlan& plan,
                                            std::shared_ptr<engine::ProcessGuard> guard,
                                            engine::Diagnostics& diagnostics);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  /// True when the interpreter has said that it is ready; false, with words, when it ended or the
  /// deadline passed.
  asio::awaitable<bool> async_ready(engine::Deadline deadline, engine::Diagnostics& diagnostics);

  /// From now on these are called.
  void set_hooks(InterpreterHooks hooks) { hooks_ = std::move(hooks); }
  engine::Peer& peer() noexcept { return peer_; }
  bool alive() const noexcept { return alive_; }
  pid_t pid() const noexcept { return child_->pid(); }
  const std::string& name() const noexcept { return plan_.request.spec.name; }
  std::string_view runtime_name() const noexcept { return plan_.runtime->name; }
  /// Of its process as a shell would say it, 128 and the signal's number if that ended it; nothing
  /// while it runs.
  std::optional<int> exit_code() const noexcept;
  /// Whether somebody has to add up what its processes use.
  bool watch_usage() const noexcept { return watch_usage_; }
  /// Whether nothing but that watch bounds the number of its processes.
  bool unbounded_processes() const noexcept { return watch_usage_ && limits_.processes == 0; }

  /// Ends it: politely when `kill` is false (end of file, a moment), else at once; then makes sure
  /// that the container is gone. To be run to its end.
  asio::awaitable<void> async_stop(bool kill);

  /// After on_end: waits for the process's end and says in a sentence how it ended.
  asio::awaitable<std::string> async_why_ended();

 private:
  Interpreter(const engine::Executor& executor, InterpreterPlan plan,
              std::shared_ptr<engine::ProcessGuard> guard);
  void open_peer(std::optional<engine::Fd> socket);
  void await_connection();
  void boot(std::string_view hello);
  void remove_socket_directory();
  std::string guard_key() const;

  engine::Executor executor_;
  InterpreterPlan plan_;
  std::shared_ptr<engine::ProcessGuard> guard_;
  std::unique_ptr<engine::Child> child_;
  // Where the protocol has a road of its own: nothing goes through it, but its end is an end.
  std::optional<asio::posix::stream_descriptor> command_input_;
  // Until the interpreter has connected.
  std::optional<SocketDirectory> socket_directory_;
  std::optional<asio::local::stream_protocol::acceptor> acceptor_;
  std::optional<asio::posix::stream_descriptor> command_output_;
  std::shared_ptr<bool> life_ = std::make_shared<bool>(true);
  engine::Peer peer_;
  engine::Event ready_or_ended_;
  InterpreterHooks hooks_;
  std::optional<InterpreterEnd> end_;
  bool booted_ = false;
  bool ready_ = false;
  bool alive_ = true;
  bool watch_usage_ = false;
  InterpreterLimits limits_;
  bool guarded_command_ = false;
};

}  // namespace headrace::sandbox
