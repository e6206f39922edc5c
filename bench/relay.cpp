// What stands between a client and a server in the measurement of one hop: the engine, or a relay
// that moves bytes with Asio and looks at none of them.
//
//   headrace_bench_relay engine|copy COMMAND [ARGUMENT]…
#include <headrace/engine/mcp/downstream.hpp>
#include <headrace/engine/stdio.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_scanner.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>

#include <asio/write.hpp>

namespace {

namespace engine = headrace::engine;
namespace framing = headrace::framing;
using asio::posix::stream_descriptor;
using engine::mcp::Downstream;

std::vector<std::string> inherited_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry)
    all.emplace_back(*entry);
  return all;
}

// Answers each call with what the server answers, by the way that a call from sandboxed code takes.
class EngineRelay : public std::enable_shared_from_this<EngineRelay> {
 public:
  EngineRelay(asio::io_context& context, std::vector<std::string> command)
      : stdio_(context.get_executor()) {
    engine::mcp::LaunchSpec spec;
    spec.name = "echo";
    spec.argv = std::move(command);
    spec.environment = inherited_environment();
    engine::mcp::DownstreamOptions options;
    options.identity.implementation = {"headrace_bench_relay", "1", ""};
    server_ = Downstream::make(context.get_executor(), spec, options,
                               std::make_shared<engine::ProcessGuard>(), engine::Logger());
  }

  void start() {
    engine::PeerHooks hooks;
    hooks.on_request = [self = shared_from_this()](engine::Responder responder,
                                                   const engine::Message& message) {
      self->forward(std::move(responder), message);
    };
    hooks.on_end = [self = shared_from_this()](std::error_code) { self->end(); };
    peer_ = engine::Peer(server_->get_executor(), stdio_.take_input(), stdio_.take_output(), {},
                         std::move(hooks));
    peer_.start();
  }

 private:
  void forward(engine::Responder responder, const engine::Message& message) {
    std::array<framing::Member, 2> members{{{"name"}, {"arguments"}}};
    if (scanner_.scan_members(message.params, members) != framing::Fault::none) return;
    name_.clear();
    if (!framing::append_unescaped(name_, members[0].value)) return;
    const engine::RawJson arguments{members[1].value, message.frame.owner};
    auto done = [responder = std::move(responder)](engine::mcp::Outcome outcome) mutable {
      const engine::Answer& answer = outcome.answer;
      if (outcome.error) {
        responder.error(-32603, outcome.message);
      } else {
        responder.result(engine::Payload({}, {answer.body, answer.frame.owner}, {}));
      }
    };
    const engine::Deadline deadline = engine::Deadline::after(std::chrono::seconds(30));
    server_->call_tool(name_, arguments, deadline, std::move(done));
  }

  void end() {
    asio::awaitable<void> closing = server_->async_close();
    auto closed = [self = shared_from_this()](std::exception_ptr) { self->peer_.close(); };
    asio::co_spawn(server_->get_executor(), std::move(closing), std::move(closed));
  }

  engine::ProtocolStdio stdio_;
  std::shared_ptr<Downstream> server_;
  engine::Peer peer_;
  framing::ObjectScanner scanner_;
  std::string name_;
};

asio::awaitable<void> copy(stream_descriptor from, stream_descriptor to) {
  std::vector<char> buffer(64 << 10);
  for (;;) {
    auto [failure, size] = co_await from.async_read_some(asio::buffer(buffer), engine::use_tuple);
    if (failure) co_return;
    const asio::const_buffer bytes(buffer.data(), size);
    auto [error, written] = co_await asio::async_write(to, bytes, engine::use_tuple);
    if (error || written != size) co_return;
  }
}

asio::awaitable<void> copy_until_end(asio::io_context& context, stream_descriptor from,
                                     stream_descriptor to) {
  co_await copy(std::move(from), std::move(to));
  context.stop();
}

int run_copy(asio::io_context& context, std::vector<std::string> command) {
  engine::ProtocolStdio stdio(context.get_executor());
  engine::SpawnSpec spec;
  spec.argv = std::move(command);
  spec.environment = inherited_environment();
  engine::Diagnostics diagnostics;
  const auto child = engine::Child::start(context.get_executor(), spec, {}, nullptr, diagnostics);
  if (!child) {
    std::cerr << diagnostics.message << '\n';
    return EXIT_FAILURE;
  }
  asio::awaitable<void> requests = copy_until_end(context, stdio.take_input(), child->take_input());
  asio::awaitable<void> answers =
      copy_until_end(context, child->take_output(), stdio.take_output());
  asio::co_spawn(context, std::move(requests), asio::detached);
  asio::co_spawn(context, std::move(answers), asio::detached);
  context.run();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string_view how = argc > 2 ? argv[1] : "";
  if (how != "engine" && how != "copy") {
    std::cerr << "usage: headrace_bench_relay engine|copy COMMAND [ARGUMENT]...\n";
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context context(1);
  std::vector<std::string> command(argv + 2, argv + argc);
  if (how == "copy") return run_copy(context, std::move(command));
  std::make_shared<EngineRelay>(context, std::move(command))->start();
  context.run();
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::cerr << "headrace_bench_relay: " << error.what() << '\n';
  return EXIT_FAILURE;
}
