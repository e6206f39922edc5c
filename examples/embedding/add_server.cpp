// A whole MCP server with one tool, on stdin and stdout.
#include <headrace/engine/mcp/server.hpp>
#include <headrace/engine/mcp/tool.hpp>
#include <headrace/engine/stdio.hpp>

#include <csignal>

namespace {

namespace engine = headrace::engine;
namespace mcp = headrace::engine::mcp;

struct Sum {
  double a = 0;
  std::optional<double> b;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("a", &Sum::a, "the first"), mcp::field("b", &Sum::b));
  }
};

double add(const Sum& in) {
  return in.a + in.b.value_or(0);
}

struct Consent {
  bool sure = false;
  static constexpr auto fields() { return mcp::fields(mcp::field("sure", &Consent::sure)); }
};

asio::awaitable<std::string> forget(mcp::NoArguments, mcp::ToolContext context) {
  std::string question = "Forget everything?";
  const mcp::Reply<Consent> reply = co_await context.elicit<Consent>(question);
  if (reply && reply.value->sure) co_return "Forgotten.";
  co_return "Kept. " + reply.message;
}

asio::awaitable<void> serve(std::shared_ptr<mcp::Server> server) {
  co_await server->async_wait_end();
  const auto deadline = engine::Deadline::after(std::chrono::seconds(1));
  co_await server->async_close(deadline);
}

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context context(1);
  mcp::ServerOptions options;
  options.implementation = {"add_server", "1.0", ""};
  options.tools.push_back(mcp::make_tool<Sum>("add", "Adds two numbers", add));
  options.tools.push_back(mcp::make_tool<mcp::NoArguments>("forget", "Forgets", forget));
  engine::ProtocolStdio stdio(context.get_executor());
  const auto server = mcp::Server::make(context.get_executor(), std::move(options));
  server->start(stdio.take_input(), stdio.take_output());
  asio::co_spawn(context, serve(server), asio::detached);
  context.run();
}
