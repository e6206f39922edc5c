// The subcommands: which servers and tools there are, calling one, and standing before one.
#include <headrace/discovery/workspace_trust.hpp>
#include <headrace/server/call_command.hpp>
#include <headrace/server/commands.hpp>
#include <headrace/server/gateway_command.hpp>
#include <headrace/server/list_servers.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/program_options.hpp>
#include <headrace/server/proxy.hpp>
#include <headrace/server/tool_commands.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include <CLI/CLI.hpp>

namespace headrace::server {
namespace {

constexpr std::size_t longest_input = std::size_t{64} << 20;

std::string read_input(std::string& error) {
  std::string text;
  std::string block(std::size_t{64} << 10, '\0');
  for (;;) {
    const ssize_t size = ::read(STDIN_FILENO, block.data(), block.size());
    if (size == 0) return text;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      error = std::string("stdin can't be read: ") + std::strerror(errno);
      return {};
    }
    text.append(block, 0, static_cast<std::size_t>(size));
    if (text.size() > longest_input) {
      error = "there are more than " + readable_size(longest_input) + " on stdin";
      return {};
    }
  }
}

struct ServersCommand {
  bool json = false;
  bool trust = false;
  bool distrust = false;
};

int list_servers(const Options& options, std::string_view version, const ServersCommand& command) {
  const auto environment = discovery::process_environment();
  if (command.trust || command.distrust) {
    const discovery::SourceOptions sources =
        bridge_options(options, version, nullptr).registry.sources;
    const std::string file = discovery::trust_file(environment("HOME").value_or(""), environment);
    const auto change = command.trust ? discovery::trust_workspace : discovery::distrust_workspace;
    std::string error;
    if (!change(file, sources.workspace.string(), error)) throw std::runtime_error(error);
  }
  CommandRun run(options, version);
  Registry& registry = run.registry();
  registry.load_kept_lists();
  const auto list = command.json ? servers_json : describe_servers;
  return print(list(registry.configuration(), registry.catalogue())) ? EXIT_SUCCESS : exit_failed;
}

std::string parse_timeout(std::optional<std::chrono::seconds>& timeout, const std::string& text) {
  timeout = parse_seconds(text);
  if (timeout && timeout->count() > 0) return {};
  return "'" + text + "' is not a time such as 30s or 2m";
}

}  // namespace

struct Commands::Words {
  CLI::App* servers = nullptr;
  CLI::App* tools = nullptr;
  CLI::App* docs = nullptr;
  CLI::App* call = nullptr;
  ServersCommand servers_words;
  ToolsCommand tools_words;
  DocsCommand docs_words;
  CallCommand call_words;
  CLI::App* index = nullptr;
  IndexCommand index_words;
  CLI::App* proxy = nullptr;
  ProxyCommand proxy_words;
  CLI::App* gateway = nullptr;
  GatewayCommand gateway_words;
};

namespace {

constexpr const char* json_help = "For programs";

void add_servers(CLI::App& app, CLI::App*& command, ServersCommand& words) {
  command = app.add_subcommand(
      "servers", "Show the servers that are configured, where each came from, and what is wrong");
  command->add_flag("--json", words.json, json_help);
  command->add_flag("--trust-workspace", words.trust,
                    "From now on, read also what the folder you are in says of servers");
  command->add_flag("--distrust-workspace", words.distrust, "No longer")
      ->excludes("--trust-workspace");
}

void add_tools(CLI::App& app, CLI::App*& command, ToolsCommand& words) {
  command = app.add_subcommand(
      "tools", "Show the tools of all servers, or those that fit some words, the best first");
  CLI::Option* query = command->add_option("query", words.query, "What it should do or be called");
  command->add_option("--server", words.server, "Only those of this server");
  command->add_option("--limit", words.limit, "At most so many of those that fit (10)")
      ->check(CLI::Range(std::size_t{1}, discovery::kMaxSearchLimit))
      ->needs(query);
  command->add_flag("--no-start", words.no_start,
                    "Start no server: only what is known without asking");
  command->add_flag("--json", words.json, json_help);
  command->footer("Example: headrace tools create issue --server github");
}

void add_docs(CLI::App& app, CLI::App*& command, DocsCommand& words) {
  command = app.add_subcommand("docs", "Show how a server's tools are called, or one of them");
  command->add_option("server", words.server, "Its name")->required();
  command->add_option("tool", words.tool, "The name of one of its tools");
  command->add_flag("--full", words.full, "With the JSON schemas");
  command->add_flag("--json", words.json, json_help);
  command->footer("Example: headrace docs files read_text_file");
}

void add_timeout(CLI::App& command, std::optional<std::chrono::seconds>& timeout,
                 const char* help) {
  command
      .add_option_function<std::string>(
          "--timeout",
          [&timeout](const std::string& text) {
            const std::string error = parse_timeout(timeout, text);
            if (!error.empty()) throw CLI::ValidationError("--timeout", error);
          },
          help)
      ->type_name("TIME");
}

void add_call(CLI::App& app, CLI::App*& command, CallCommand& words) {
  command = app.add_subcommand("call", "Call a tool and print what it answers");
  command->add_option("server", words.server, "Its name")->required();
  command->add_option("tool", words.tool, "The tool's name")->required();
  command->add_option("arguments", words.words,
                      "A JSON object, or name=value for each, or - for a JSON object on stdin");
  add_timeout(*command, words.timeout,
              "How long the call may take, such as 30s or 2m; its server's start not counted");
  command->add_flag("--json", words.json, "The result as the server sent it");
  command->footer(
      "Examples: headrace call files read_text_file path=/tmp/notes.txt\n"
      "          headrace call files read_text_file '{\"path\": \"/tmp/notes.txt\"}'\n"
      "It exits with 1 where the tool says that it failed.");
}

void add_index(CLI::App& app, CLI::App*& command, IndexCommand& words) {
  command = app.add_subcommand(
      "index", "Ask all servers for their tools, so that these are known without them");
  command->add_flag("--json", words.json, json_help);
  command->footer(
      "What they answer is kept for this user. Example: headrace index && headrace servers");
}

void add_proxy(CLI::App& app, CLI::App*& command, ProxyCommand& words) {
  command = app.add_subcommand(
      "proxy", "Start one server and pass on all that it and the client on stdin and stdout say");
  command->add_option("--name", words.name, "What messages call it (the name of its program)");
  command->add_option("command", words.command, "The server's command and its arguments, behind --")
      ->required();
  command->footer(
      "Lines go through as they came, in both directions and in any version of MCP. A line\n"
      "that is not JSON or over 64 MiB goes no further; requests that the server leaves\n"
      "behind when it ends are answered with an error that says why; its process group ends\n"
      "with the client. MCP_BRIDGE_TRACE=FOLDER writes down all that is said.\n"
      "Examples: headrace proxy -- npx -y @modelcontextprotocol/server-everything\n"
      "          headrace proxy --name files -- /opt/files/server --root /srv\n"
      "          {\"command\": \"headrace\", \"args\": [\"proxy\", \"--\", \"uvx\", "
      "\"mcp-server-git\"]}\n"
      "It exits with 0 when the client has ended it, with what the server exited with when\n"
      "that was first (1 for 0), and with 127 when the server can't be started.");
}

void add_gateway(CLI::App& app, CLI::App*& command, GatewayCommand& words) {
  command = app.add_subcommand(
      "gateway", "Serve the tools of all servers on stdin and stdout, each as server__tool");
  command
      ->add_option("--server", words.servers,
                   "Only those of this server; * and ? stand for any letters (can be repeated)")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command
      ->add_option("--tool", words.tools,
                   "Only tools of such names, as in 'github__*' (can be repeated)")
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  add_timeout(*command, words.timeout,
              "How long a call may take, such as 30s or 2m; else as long as the client waits");
  command->footer("Example: headrace gateway --server github --tool '*issue*'");
}

}  // namespace

Commands::Commands(CLI::App& app, std::string_view version)
    : words_(std::make_unique<Words>()), version_(version) {
  add_servers(app, words_->servers, words_->servers_words);
  add_tools(app, words_->tools, words_->tools_words);
  add_docs(app, words_->docs, words_->docs_words);
  add_call(app, words_->call, words_->call_words);
  add_index(app, words_->index, words_->index_words);
  add_proxy(app, words_->proxy, words_->proxy_words);
  add_gateway(app, words_->gateway, words_->gateway_words);
}

Commands::~Commands() = default;

bool Commands::asked() const {
  return words_->servers->parsed() || words_->tools->parsed() || words_->docs->parsed() ||
         words_->call->parsed() || words_->index->parsed() || words_->proxy->parsed() ||
         words_->gateway->parsed();
}

int Commands::run(const Options& options) {
  // Who no longer reads is an error to handle, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  if (words_->proxy->parsed()) return run_proxy(options, version_, words_->proxy_words);
  if (words_->gateway->parsed()) return run_gateway(options, version_, words_->gateway_words);
  fill_closed_streams();
  if (words_->servers->parsed()) return list_servers(options, version_, words_->servers_words);
  CallCommand& call = words_->call_words;
  if (call.words.size() == 1 && call.words[0] == "-") {
    // Before signals are ours: one ends the reading.
    std::string error;
    call.input = read_input(error);
    if (!error.empty()) {
      complain(error);
      return exit_usage;
    }
  }
  CommandRun run(options, version_);
  return run.run([this](CommandRun& self) -> asio::awaitable<int> {
    if (words_->tools->parsed()) return list_tools(self, words_->tools_words);
    if (words_->docs->parsed()) return show_docs(self, words_->docs_words);
    if (words_->index->parsed()) return index_servers(self, words_->index_words);
    return call_tool(self, words_->call_words);
  });
}

}  // namespace headrace::server
