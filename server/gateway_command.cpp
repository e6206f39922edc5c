// `headrace gateway`: the tools of all servers, on a client's stdio.
#include <headrace/engine/mcp/server.hpp>
#include <headrace/engine/trace.hpp>
#include <headrace/server/gateway.hpp>
#include <headrace/server/gateway_command.hpp>
#include <headrace/server/program_options.hpp>
#include <headrace/server/run_all.hpp>
#include <headrace/server/stdio_program.hpp>

namespace headrace::server {
namespace {

constexpr const char* hint =
    "headrace gateway speaks the Model Context Protocol on stdin and stdout: put it into an MCP\n"
    "client's configuration as {\"command\": \"headrace\", \"args\": [\"gateway\"]}. Ctrl-D ends "
    "it.\n";

constexpr const char* instructions =
    "The tools of several MCP servers. The name of each begins with that of its server: "
    "`github__create_issue` is `create_issue` of the server `github`.";

GatewayOptions gateway_options(const Options& options, std::string_view version,
                               const GatewayCommand& command,
                               std::shared_ptr<engine::Trace> trace) {
  GatewayOptions gateway;
  gateway.registry = bridge_options(options, version, std::move(trace)).registry;
  gateway.registry.only = command.servers;
  gateway.tools = command.tools;
  gateway.call_timeout = command.timeout.value_or(std::chrono::seconds(0));
  gateway.background_lists = options.background_lists;
  return gateway;
}

class Program {
 public:
  Program(engine::Executor executor, const Options& options, std::string_view version,
          const GatewayCommand& command)
      : executor_(std::move(executor)),
        conversation_(executor_, options, version),
        gateway_(Gateway::make(executor_,
                               gateway_options(options, version, command, conversation_.trace()),
                               conversation_.logger())) {
    engine::mcp::ServerOptions server;
    server.implementation = {"headrace-gateway", std::string(version), "Headrace gateway"};
    server.instructions = instructions;
    server.announced.tools = true;
    server.tool_provider = gateway_->tools();
    conversation_.answer_with(std::move(server));
    gateway_->connect(conversation_.role());
  }

  asio::awaitable<void> serve() {
    auto begin = [this] { return begin_close(executor_, gateway_); };
    return conversation_.serve({}, std::move(begin));
  }

 private:
  engine::Executor executor_;
  StdioConversation conversation_;
  std::shared_ptr<Gateway> gateway_;
};

}  // namespace

int run_gateway(const Options& options, std::string_view version, const GatewayCommand& command) {
  return serve_on_stdio<Program>(hint, options, version, command);
}

}  // namespace headrace::server
