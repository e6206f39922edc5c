// The program: `headrace` on a client's stdio.
#include <headrace/engine/mcp/server.hpp>
#include <headrace/engine/open_files.hpp>
#include <headrace/engine/stdio.hpp>
#include <headrace/engine/trace.hpp>
#include <headrace/server/bridge.hpp>
#include <headrace/server/capabilities.hpp>
#include <headrace/server/commands.hpp>
#include <headrace/server/options.hpp>
#include <headrace/server/program_options.hpp>
#include <headrace/server/run_all.hpp>
#include <headrace/server/run_python.hpp>
#include <headrace/server/session_resources.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <asio/signal_set.hpp>

namespace headrace::server {
namespace {

using engine::LogLevel;
using engine::mcp::Server;

constexpr const char* version = HEADRACE_VERSION;

// After the client's end of file: what is in flight may still end, but hosts kill after two
// seconds.
constexpr auto last_answers = std::chrono::milliseconds(800);

// What has not ended by then is left to the guard, which kills it once we are gone.
constexpr auto orderly_end = std::chrono::milliseconds(1200);

// A client that is still there may need a moment to read them.
constexpr auto last_write = std::chrono::milliseconds(200);

constexpr const char* terminal_hint =
    "headrace speaks the Model Context Protocol on stdin and stdout: put it into an MCP client's\n"
    "configuration as {\"command\": \"headrace\"}. `headrace --help` tells more; Ctrl-D ends it.\n";

// Never waits: a host that does not read our stderr must not stop us. What finds no room is lost.
void write_stderr(std::string line) {
  // A pipe that has room at all has room for so much.
  constexpr std::size_t longest = 4096;
  if (line.size() > longest) {
    line.resize(longest - 5);
    line += " …\n";
  }
  pollfd room{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0) return;
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

// Everything that lives as long as the conversation.
class Program {
 public:
  Program(asio::io_context& context, const Options& options)
      : executor_(context.get_executor()),
        stdio_(executor_),
        signals_(executor_, SIGTERM, SIGHUP, SIGINT),
        over_(executor_),
        logger_(options.log_level,
                [this](LogLevel level, std::string_view source, std::string_view message) {
                  log(level, source, message);
                }),
        trace_(options.trace ? engine::Trace::open(expanded(*options.trace), version, logger_)
                             : nullptr),
        bridge_(Bridge::make(executor_, bridge_options(options, version, trace_), logger_)) {
    RunLimits limits{options.timeout, options.max_timeout, options.output_mode,
                     options.structured_content};
    engine::mcp::ServerOptions server;
    server.implementation = {"headrace", version, "Headrace"};
    server.instructions = instructions();
    server.announced = {true, false, true, true};
    const auto resources_changed = [this](const std::vector<std::string>& uris) {
      server_->role().resources_changed();
      for (const std::string& uri : uris)
        server_->role().resource_updated(uri);
    };
    server.tools.push_back(run_python_tool(bridge_, executor_, limits, resources_changed));
    server.resources.push_back({std::string(capabilities_uri), capabilities_definition(),
                                "text/markdown", capabilities_text});
    server.resources.push_back({std::string(servers_uri), servers_definition(), "application/json",
                                [this] { return bridge_->describe_servers(); }});
    server.provider = session_resources(bridge_, executor_);
    server_ = Server::make(executor_, std::move(server));
    // Whoever only looks at what we are does not get so far, or is gone in a moment.
    server_->role().on_initialized = [this] { bridge_->prepare(); };
    server_->on_end = [this] { over_.set(); };
    bridge_->on_servers_listed = [this] { server_->role().resource_updated(servers_uri); };
    bridge_->on_servers_changed = [this] {
      // Our own tool is the same, but what it can reach is not.
      server_->role().tools_changed();
      server_->role().resource_updated(servers_uri);
    };
  }

  asio::awaitable<void> serve() {
    engine::PeerOptions peer;
    peer.name = "the client";
    peer.trace = trace_;
    // Answers are short: a client with so much unread is not going to read.
    peer.write_limit = std::size_t{64} << 20;
    server_->start(stdio_.take_input(), stdio_.take_output(), std::move(peer));
    signals_.async_wait([this](std::error_code error, int) {
      if (error) return;
      hurry_ = true;
      over_.set();
    });
    co_await over_.async_wait();
    if (!hurry_) co_await server_->async_wait_idle(engine::Deadline::after(last_answers));
    server_->role().cancel_all();
    const auto closed = begin_close(executor_, bridge_);
    co_await closed->async_wait(engine::Deadline::after(orderly_end));
    co_await server_->async_close(engine::Deadline::after(last_write));
    signals_.cancel();
  }

 private:
  void log(LogLevel level, std::string_view source, std::string_view message) {
    std::string line = "headrace: ";
    line.append(engine::to_string(level)).append(": ").append(source).append(": ");
    write_stderr(line.append(message).append("\n"));
    if (server_) server_->role().log(level, source, message);
  }

  engine::Executor executor_;
  engine::ProtocolStdio stdio_;
  asio::signal_set signals_;
  engine::Event over_;
  std::shared_ptr<Server> server_;  // before all that logs: it is told
  engine::Logger logger_;
  std::shared_ptr<engine::Trace> trace_;
  std::shared_ptr<Bridge> bridge_;
  bool hurry_ = false;
};

int serve(const Options& options) {
  // Writing to a client that is gone is an error to handle, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  if (::isatty(STDIN_FILENO) == 1) std::fputs(terminal_hint, stderr);
  // One thread: a hint that lets Asio do without locks.
  asio::io_context context(1);
  Program program(context, options);
  asio::awaitable<void> serving = program.serve();
  std::exception_ptr failure;
  asio::co_spawn(context, std::move(serving), [&failure, &context](std::exception_ptr error) {
    failure = std::move(error);
    // A sandbox that is still being started must not keep us: the guard removes it.
    context.stop();
  });
  context.run();
  if (failure) std::rethrow_exception(failure);
  return EXIT_SUCCESS;
}

int main(int argc, char** argv) {
  // Two hundred servers would not fit into the thousand that is usual.
  engine::raise_open_files();
  CLI::App app(
      "Headrace: an MCP server that runs model-written Python, which can call the tools of "
      "any number of other MCP servers.\nIt speaks MCP on stdin and stdout.",
      "headrace");
  app.set_version_flag("--version", std::string("headrace ") + version);
  app.footer(
      "Settings are environment variables: MCP_BRIDGE_RUNTIME, MCP_BRIDGE_IMAGE, "
      "MCP_BRIDGE_TIMEOUT, MCP_BRIDGE_MAX_SESSIONS, MCP_BRIDGE_WARM, MCP_SERVERS_CONFIG and "
      "others; see docs/configuration.md.\n"
      "Servers are read from ~/MCPs/*.json and from the files of other agents: see `headrace "
      "servers`.");
  app.require_subcommand(0, 1);
  app.add_subcommand("run", "Serve on stdin and stdout (the default)");
  Commands commands(app, version);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == EXIT_SUCCESS ? EXIT_SUCCESS : exit_usage;
  }
  try {
    const Options options = read_options(discovery::process_environment());
    return commands.asked() ? commands.run(options) : serve(options);
  } catch (const std::exception& error) {
    std::cerr << "headrace: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
}

}  // namespace
}  // namespace headrace::server

int main(int argc, char** argv) {
  return headrace::server::main(argc, argv);
}
