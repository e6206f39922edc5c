// The smallest client: starts an MCP server, calls one of its tools, ends it.
//
//   call_a_tool TOOL ARGUMENTS COMMAND [ARGUMENT]…
//   call_a_tool add_task '{"title": "write"}' ./tasks_server
#include <headrace/engine/mcp/downstream.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>

namespace engine = headrace::engine;
using engine::mcp::Downstream;

asio::awaitable<int> call(std::shared_ptr<Downstream> server, std::string tool,
                          std::string arguments) {
  const auto deadline = engine::Deadline::after(std::chrono::seconds(30));
  const engine::RawJson raw{arguments, {}};
  auto [error, outcome] = co_await server->async_call_tool(tool, raw, deadline, engine::use_tuple);
  // A server keeps its Downstream alive, and the io_context busy, until it is closed.
  co_await server->async_close();
  if (error) {
    std::cerr << error.message() << ": " << outcome.message << '\n';
    co_return EXIT_FAILURE;
  }
  // The raw CallToolResult, valid as long as `outcome`.
  std::cout << outcome.answer.body << '\n';
  co_return EXIT_SUCCESS;
}

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: call_a_tool TOOL ARGUMENTS COMMAND [ARGUMENT]...\n";
    return 2;
  }
  // The library leaves signals alone: without this, a server that dies while it is written to
  // would end the program.
  std::signal(SIGPIPE, SIG_IGN);

  asio::io_context context(1);
  engine::mcp::LaunchSpec spec;
  spec.name = "example";
  spec.argv.assign(argv + 3, argv + argc);
  spec.environment = {"PATH=/usr/local/bin:/usr/bin:/bin"};
  engine::mcp::DownstreamOptions options;
  options.identity.implementation = {"call_a_tool", "1.0", ""};
  const auto guard = std::make_shared<engine::ProcessGuard>();
  std::shared_ptr<Downstream> server =
      Downstream::make(context.get_executor(), spec, options, guard, engine::Logger());

  int status = EXIT_FAILURE;
  asio::co_spawn(context, call(std::move(server), argv[1], argv[2]),
                 [&status](std::exception_ptr, int result) { status = result; });
  context.run();
  return status;
}
