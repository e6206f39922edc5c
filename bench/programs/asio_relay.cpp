// A relay that moves bytes with Asio's coroutines and looks at none of them: what any proxy on Asio
// costs at least.
//
//   headrace_bench_asio_relay COMMAND [ARGUMENT]…
#include <headrace/engine/asio.hpp>
#include <headrace/engine/child.hpp>
#include <headrace/engine/stdio.hpp>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <asio/write.hpp>

namespace {

namespace engine = headrace::engine;
using asio::posix::stream_descriptor;

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

// The end of the server's output is the end of the relay; that of our input is passed on to the
// server, whose last answers still go out.
asio::awaitable<void> copy_and_stop(asio::io_context& context, stream_descriptor from,
                                    stream_descriptor to) {
  co_await copy(std::move(from), std::move(to));
  context.stop();
}

int run(asio::io_context& context, std::vector<std::string> command) {
  engine::ProtocolStdio stdio(context.get_executor());
  engine::SpawnSpec spec;
  spec.argv = std::move(command);
  spec.environment = engine::own_environment();
  engine::Diagnostics diagnostics;
  const auto child = engine::Child::start(context.get_executor(), spec, {}, nullptr, diagnostics);
  if (!child) {
    std::cerr << diagnostics.message << '\n';
    return EXIT_FAILURE;
  }
  asio::awaitable<void> requests = copy(stdio.take_input(), child->take_input());
  asio::awaitable<void> answers = copy_and_stop(context, child->take_output(), stdio.take_output());
  asio::co_spawn(context, std::move(requests), asio::detached);
  asio::co_spawn(context, std::move(answers), asio::detached);
  context.run();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::cerr << "usage: headrace_bench_asio_relay COMMAND [ARGUMENT]...\n";
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context context(1);
  return run(context, std::vector<std::string>(argv + 1, argv + argc));
} catch (const std::exception& error) {
  std::cerr << "headrace_bench_asio_relay: " << error.what() << '\n';
  return EXIT_FAILURE;
}
