// The program: `headrace` on a client's stdio.
#include <headrace/engine/mcp/server.hpp>
#include <headrace/engine/open_files.hpp>
#include <headrace/server/bridge.hpp>
#include <headrace/server/capabilities.hpp>
#include <headrace/server/commands.hpp>
#include <headrace/server/options.hpp>
#include <headrace/server/program_options.hpp>
#include <headrace/server/run_all.hpp>
#include <headrace/server/run_python.hpp>
#include <headrace/server/session_resources.hpp>
#include <headrace/server/stdio_program.hpp>

#include <cstdlib>
#include <iostream>

#include <CLI/CLI.hpp>

namespace headrace::server {
namespace {

constexpr const char* version = HEADRACE_VERSION;

constexpr const char* terminal_hint =
    "headrace speaks the Model Context Protocol on stdin and stdout: put it into an MCP client's\n"
    "configuration as {\"command\": \"headrace\"}. `headrace --help` tells more; Ctrl-D ends it.\n";

// Everything that lives as long as the conversation.
class Program {
 public:
  Program(engine::Executor executor, const Options& options)
      : executor_(std::move(executor)),
        conversation_(executor_, options, version),
        bridge_(Bridge::make(executor_, bridge_options(options, version, conversation_.trace()),
                             conversation_.logger())) {
    RunLimits limits{options.timeout, options.max_timeout, options.output_mode,
                     options.structured_content};
    engine::mcp::ServerOptions server;
    server.implementation = {"headrace", version, "Headrace"};
    server.instructions = instructions();
    server.announced = {true, false, true, true};
    const auto resources_changed = [this](const std::vector<std::string>& uris) {
      conversation_.role().resources_changed();
      for (const std::string& uri : uris)
        conversation_.role().resource_updated(uri);
    };
    server.tools.push_back(run_python_tool(bridge_, executor_, limits, resources_changed));
    server.resources.push_back({std::string(capabilities_uri), capabilities_definition(),
                                "text/markdown", capabilities_text});
    server.resources.push_back({std::string(servers_uri), servers_definition(), "application/json",
                                [this] { return bridge_->describe_servers(); }});
    server.provider = session_resources(bridge_, executor_);
    conversation_.answer_with(std::move(server));
    // Whoever only looks at what we are does not get so far, or is gone in a moment.
    conversation_.role().on_initialized = [this] { bridge_->prepare(); };
    bridge_->on_servers_listed = [this] { conversation_.role().resource_updated(servers_uri); };
    bridge_->on_servers_changed = [this] {
      // Our own tool is the same, but what it can reach is not.
      conversation_.role().tools_changed();
      conversation_.role().resource_updated(servers_uri);
    };
  }

  asio::awaitable<void> serve() {
    engine::PeerOptions peer;
    // Answers are short: a client with so much unread is not going to read.
    peer.write_limit = std::size_t{64} << 20;
    auto begin = [this] { return begin_close(executor_, bridge_); };
    return conversation_.serve(std::move(peer), std::move(begin));
  }

 private:
  engine::Executor executor_;
  StdioConversation conversation_;
  std::shared_ptr<Bridge> bridge_;
};

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
    return commands.asked() ? commands.run(options)
                            : serve_on_stdio<Program>(terminal_hint, options);
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
