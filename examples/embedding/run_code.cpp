// The smallest host: runs Python in a sandbox, twice in one session, with the servers of a folder.
//
//   run_code [FOLDER]      FOLDER holds *.json files as ~/MCPs does, which is the default
#include <headrace/server/bridge.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>

namespace engine = headrace::engine;
namespace server = headrace::server;

asio::awaitable<bool> run_one(std::shared_ptr<server::Bridge> bridge, std::string code) {
  server::CodeRun request;
  request.code = std::move(code);
  request.timeout = std::chrono::seconds(10);
  const std::shared_ptr<server::BridgeRun> run = bridge->make_run(std::move(request));
  const server::CodeResult result = co_await bridge->async_run(run);
  std::cout << result.run.out << result.run.err << std::flush;
  if (!result.rejected.empty()) std::cerr << result.rejected << '\n';
  if (!result.run.error.empty()) std::cerr << result.run.error << '\n';
  co_return result.rejected.empty() && result.run.status == headrace::sandbox::RunStatus::success;
}

asio::awaitable<int> session(std::shared_ptr<server::Bridge> bridge) {
  const std::string remember = "squares = [n * n for n in range(10)]";
  const std::string use =
      "print(sum(squares))\n"
      "print('servers:', runtime.discovered_servers())\n";
  const bool first = co_await run_one(bridge, remember);
  const bool second = co_await run_one(bridge, use);
  // Ends the sandbox and every server that was started.
  co_await bridge->async_close();
  co_return first&& second ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context context(1);
  server::BridgeOptions options;
  options.registry.sources.state_dir = argc > 1 ? argv[1] : "~/MCPs";
  options.registry.downstream.identity.implementation = {"run_code", "1.0", ""};
  const engine::Logger logger(engine::LogLevel::warning,
                              [](engine::LogLevel, std::string_view source, std::string_view text) {
                                std::cerr << source << ": " << text << '\n';
                              });
  const auto bridge = server::Bridge::make(context.get_executor(), options, logger);

  int status = EXIT_FAILURE;
  asio::co_spawn(context, session(bridge),
                 [&status](std::exception_ptr, int result) { status = result; });
  context.run();
  return status;
}
