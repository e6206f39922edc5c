// Starting, watching and ending an interpreter.
#include <headrace/sandbox/bootstrap.hpp>
#include <headrace/sandbox/command_runner.hpp>
#include <headrace/sandbox/failure.hpp>
#include <headrace/sandbox/interpreter.hpp>
#include <headrace/sandbox/session_frames.hpp>

#include <algorithm>
#include <csignal>

#include <asio/buffer.hpp>

namespace headrace::sandbox {
namespace {

using engine::Child;
using engine::Deadline;

constexpr auto polite_end = std::chrono::milliseconds(400);
constexpr auto removal_limit = std::chrono::seconds(20);

std::string last_lines(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.pop_back();
  }
  constexpr std::size_t most = 1000;
  return text.size() <= most ? text : "…" + text.substr(text.size() - most);
}

}  // namespace

Interpreter::Interpreter(const engine::Executor& executor, InterpreterPlan plan,
                         std::shared_ptr<engine::ProcessGuard> guard)
    : executor_(executor),
      plan_(std::move(plan)),
      guard_(std::move(guard)),
      ready_or_ended_(executor) {}

Interpreter::~Interpreter() {
  peer_.close();
  remove_socket_directory();
}

std::unique_ptr<Interpreter> Interpreter::start(const engine::Executor& executor,
                                                const InterpreterPlan& plan,
                                                std::shared_ptr<engine::ProcessGuard> guard,
                                                engine::Diagnostics& diagnostics) {
  std::unique_ptr<Interpreter> self(new Interpreter(executor, plan, guard));
  std::optional<engine::Fd> ours;
  try {
    if (plan.request.channel == Channel::socket_file) {
      if (guard)
        guard->add_command(self->guard_key() + "_socket",
                           SocketDirectory::removal(plan.request.spec.name));
      self->socket_directory_.emplace(plan.request.spec.name);
      self->plan_.request.socket_directory = self->socket_directory_->path();
      self->acceptor_.emplace(executor, asio::local::stream_protocol(),
                              self->socket_directory_->take_listener().release());
    }
    const Launch launch = plan.runtime->launch(plan.facts, plan.host, self->plan_.request);
    engine::SpawnSpec spec;
    spec.argv = launch.argv;
    spec.environment = launch.environment ? *launch.environment : engine::own_environment();
    spec.cwd = launch.working_directory;
    spec.user = launch.user;
    for (const InheritedFile& file : launch.files) {
      spec.fds.push_back({file.child_number(), file.fd()});
    }
    engine::Fd theirs;
    if (plan.request.channel == Channel::descriptor) {
      auto [one, other] = engine::make_socket_pair();
      ours = std::move(one);
      theirs = std::move(other);
      spec.fds.push_back({channel_descriptor, theirs.get()});
    }
    self->watch_usage_ = launch.watch_usage;
    self->limits_ = launch.limits;

    const Command removal = plan.runtime->remove(plan.facts, {&plan.request.spec.name, 1});
    if (guard && !removal.empty()) {
      guard->add_command(self->guard_key(), removal);
      self->guarded_command_ = true;
    }
    // A command of an engine that is killed while it makes a container leaves half of one.
    engine::ChildOptions options;
    options.left_to_guard = self->guarded_command_;
    options.ends_with_us = launch.ends_with_us;
    self->child_ = Child::start(executor, spec, std::move(options), guard, diagnostics);
    if (!self->child_) return nullptr;
    if (self->guarded_command_) guard->end_by_command(self->child_->pid(), self->guard_key());
  } catch (const std::exception& error) {
    diagnostics.message = error.what();
    return nullptr;
  }
  if (self->acceptor_) {
    self->await_connection();
  } else {
    self->open_peer(std::move(ours));
  }
  return self;
}

void Interpreter::await_connection() {
  command_input_.emplace(child_->take_input());
  acceptor_->async_accept([this, weak = std::weak_ptr(life_)](
                              std::error_code error, asio::local::stream_protocol::socket socket) {
    if (weak.expired() || error) return;
    remove_socket_directory();
    open_peer(engine::Fd(socket.release()));
  });
  // Nothing else tells before there is a peer that the command has failed.
  command_output_.emplace(child_->take_output());
  const auto byte = std::make_shared<char>();
  command_output_->async_read_some(
      asio::buffer(byte.get(), 1),
      [this, byte, weak = std::weak_ptr(life_)](std::error_code, std::size_t) {
        if (weak.expired() || !acceptor_) return;
        alive_ = false;
        ready_or_ended_.set();
      });
}

// What it says of itself only chooses between things of ours.
void Interpreter::boot(std::string_view hello) {
  if (std::exchange(booted_, true)) return;
  BootOptions options;
  options.limits = limits_;
  options.server_name = plan_.server_name;
  options.server_version = plan_.server_version;
  if (!plan_.request.spec.packages.empty()) options.packages = package_directory;
  peer_.write_raw(boot_frame(options, read_hello(hello)));
}

void Interpreter::remove_socket_directory() {
  acceptor_.reset();
  if (!socket_directory_) return;
  socket_directory_.reset();
  if (guard_) guard_->remove_command(guard_key() + "_socket");
}

void Interpreter::open_peer(std::optional<engine::Fd> socket) {
  engine::PeerOptions options;
  options.name = "the interpreter";
  options.frame_limit = plan_.frame_limit;
  options.trace = plan_.trace;
  // It may have up to 1,024 calls under way, each with its arguments.
  options.inbound_requests = 2048;
  engine::PeerHooks hooks;
  hooks.on_request = [this](engine::Responder responder, const engine::Message& message) {
    if (hooks_.on_request) {
      hooks_.on_request(std::move(responder), message);
    } else {
      responder.error(-32601, "nobody answers calls here yet");
    }
  };
  hooks.on_notification = [this](const engine::Message& message) {
    if (message.method == "hello") {
      boot(message.params);
    } else if (message.method == "ready") {
      ready_ = true;
      ready_or_ended_.set();
    } else if (message.method == "ended") {
      end_ = read_end(message.params);
    } else if (hooks_.on_notification) {
      hooks_.on_notification(message);
    }
  };
  hooks.on_end = [this](std::error_code) {
    alive_ = false;
    ready_or_ended_.set();
    if (hooks_.on_end) hooks_.on_end();
  };
  if (socket) {
    asio::local::stream_protocol::socket stream(executor_, asio::local::stream_protocol(),
                                                socket->release());
    peer_ = engine::Peer(executor_, std::move(stream), std::move(options), std::move(hooks));
    if (!command_input_) command_input_.emplace(child_->take_input());
  } else {
    peer_ = engine::Peer(executor_, child_->take_output(), child_->take_input(), std::move(options),
                         std::move(hooks));
  }
  peer_.start();
}

asio::awaitable<bool> Interpreter::async_ready(Deadline deadline,
                                               engine::Diagnostics& diagnostics) {
  co_await ready_or_ended_.async_wait(deadline);
  if (ready_ && alive_) co_return true;
  if (alive_) {
    diagnostics.message =
        std::string(plan_.runtime->name) +
        " started, but no interpreter was ready in time; the end of its stderr: " +
        last_lines(child_->stderr_tail());
    co_return false;
  }
  diagnostics.message = co_await async_why_ended();
  co_return false;
}

std::optional<int> Interpreter::exit_code() const noexcept {
  const std::optional<engine::ExitStatus> status = child_->exit_status();
  if (!status) return std::nullopt;
  return status->signal != 0 ? 128 + status->signal : status->code;
}

asio::awaitable<std::string> Interpreter::async_why_ended() {
  // A command that could not start a container tidies up before it says why.
  const auto patience = std::chrono::seconds(ready_ ? 1 : 10);
  const bool exited = co_await child_->async_wait(Deadline::after(patience));
  co_await child_->async_wait_stderr(Deadline::after(std::chrono::milliseconds(100)));
  const std::string words = last_lines(child_->stderr_tail());
  if (!exited) co_return "the interpreter closed its protocol channel";
  const engine::ExitStatus status = child_->exit_status().value_or(engine::ExitStatus{});
  const int code = exit_code().value_or(0);
  if (!ready_) co_return explain_failure(plan_.runtime->name, code, words);
  // Without last words somebody has ended the whole sandbox, with the process that says them.
  std::string text =
      end_ ? describe_end(*end_, plan_.request.spec.limits.memory)
           : "the interpreter and its sandbox were ended: " + std::string(plan_.runtime->name) +
                 ' ' + engine::describe(status);
  if (!words.empty()) text += "; the end of its stderr:\n" + words;
  co_return text;
}

asio::awaitable<void> Interpreter::async_stop(bool kill) {
  alive_ = false;
  hooks_ = {};
  remove_socket_directory();
  const Command removal = plan_.runtime->remove(plan_.facts, {&plan_.request.spec.name, 1});
  // A command that was killed by somebody has not seen to the end of its container.
  const std::optional<engine::ExitStatus> status = child_->exit_status();
  bool gone = status && (status->signal == 0 || removal.empty());
  if (!status && !kill) {
    // End of file tells the interpreter that nobody is there any more; its container goes with it.
    peer_.close();
    command_input_.reset();
    gone = co_await child_->async_wait(Deadline::after(polite_end));
  }
  if (!gone) {
    if (!removal.empty()) {
      // Killing the runtime's command alone would leave the container running.
      co_await run_command(executor_, removal, Deadline::after(removal_limit), guard_);
      // Nor may the command be killed before it knows of that: see ProcessGuard.
      co_await child_->async_wait(Deadline::after(polite_end));
    }
    child_->signal_group(SIGKILL);
    co_await child_->async_wait();
  }
  peer_.close();
  if (guarded_command_ && guard_) guard_->remove_command(guard_key());
  guarded_command_ = false;
}

std::string Interpreter::guard_key() const {
  std::string key = name();
  std::replace_if(
      key.begin(), key.end(),
      [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return key;
}

}  // namespace headrace::sandbox
