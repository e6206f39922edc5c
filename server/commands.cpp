// The subcommands for people: which servers and tools there are, and calling one.
#include <headrace/discovery/docs.hpp>
#include <headrace/discovery/workspace_trust.hpp>
#include <headrace/server/call_command.hpp>
#include <headrace/server/commands.hpp>
#include <headrace/server/list_servers.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/program_options.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include <CLI/CLI.hpp>

namespace headrace::server {
namespace {

using discovery::CatalogueServer;
using discovery::ListState;

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

struct ToolsCommand {
  std::vector<std::string> query;
  std::string server;
  std::size_t limit = 10;
  bool no_start = false;
  bool json = false;
};

struct DocsCommand {
  std::string server;
  std::string tool;
  bool full = false;
  bool json = false;
};

int show(std::string_view text) {
  return print(text) ? EXIT_SUCCESS : exit_failed;
}

int list_servers(const Options& options, std::string_view version, const ServersCommand& command) {
  const discovery::SourceOptions sources =
      bridge_options(options, version, nullptr).registry.sources;
  const auto environment = discovery::process_environment();
  if (command.trust || command.distrust) {
    const std::string file = discovery::trust_file(environment("HOME").value_or(""), environment);
    const auto change = command.trust ? discovery::trust_workspace : discovery::distrust_workspace;
    std::string error;
    if (!change(file, sources.workspace.string(), error)) throw std::runtime_error(error);
  }
  const discovery::Discovery found = discovery::discover(sources);
  return show(command.json ? servers_json(found) : describe_servers(found));
}

// What is done, on the terminal's last line; nothing where stderr is no terminal.
class Progress {
 public:
  explicit Progress(std::size_t total) : total_(total) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show() {
    if (!shown_) return;
    std::fprintf(stderr, "\r\033[Kasking servers for their tools: %zu of %zu", done_, total_);
    std::fflush(stderr);
  }
  void step() {
    ++done_;
    show();
  }
  void clear() const {
    if (shown_) std::fputs("\r\033[K", stderr);
  }

 private:
  const bool shown_ = ::isatty(STDERR_FILENO) == 1;
  std::size_t total_;
  std::size_t done_ = 0;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text.append(text.empty() ? "" : " ").append(word);
  return text;
}

// What could not be asked does not keep the others from being shown.
void complain_of(const Failures& failed, const std::vector<std::string>& unknown) {
  for (const auto& [server, error] : failed)
    complain("the tools of '" + server + "' are not known: " + error);
  if (!unknown.empty())
    complain("the tools of these servers are not known yet: " + joined(unknown));
}

asio::awaitable<int> list_tools(CommandRun& run, ToolsCommand command) {
  std::string only;
  if (!command.server.empty()) {
    const CatalogueServer* server = find_server(run, command.server);
    if (server == nullptr) co_return exit_failed;
    only = server->spec().name;
  }
  const auto wanted = [&only](const CatalogueServer& server) {
    return only.empty() || server.spec().name == only;
  };
  std::vector<std::string> unknown;
  for (const CatalogueServer& server : run.registry().catalogue().servers()) {
    if (wanted(server) && server.state() != ListState::listed)
      unknown.push_back(server.spec().name);
  }
  Failures failed;
  if (!command.no_start && !unknown.empty()) {
    Progress progress(unknown.size());
    progress.show();
    CommandRun::OnListed on_listed = [&](const std::string& server, const std::string& error) {
      if (!error.empty()) failed.emplace_back(server, error);
      progress.step();
    };
    co_await run.list_all(std::move(unknown), std::move(on_listed));
    unknown.clear();
  }
  complain_of(failed, unknown);
  const discovery::Catalogue& catalogue = run.registry().catalogue();
  if (catalogue.servers().empty()) complain("no servers are configured");
  const std::string query = joined(command.query);
  if (query.empty()) {
    std::vector<const CatalogueServer*> servers;
    std::size_t tools = 0;
    for (const CatalogueServer& server : catalogue.servers()) {
      if (!wanted(server)) continue;
      servers.push_back(&server);
      tools += server.tools().size();
    }
    const int code =
        show(command.json ? tools_json(servers, failed, unknown) : describe_tools(servers));
    co_return tools > 0 || failed.empty() ? code : exit_failed;
  }
  const auto hits = discovery::search(catalogue, query, command.limit, wanted);
  const int code = show(command.json ? hits_json(hits, failed, unknown) : describe_hits(hits));
  if (hits.empty()) complain("no tool fits '" + query + "'");
  co_return hits.empty() ? exit_failed : code;
}

asio::awaitable<int> show_docs(CommandRun& run, DocsCommand command) {
  const CatalogueServer* server = find_server(run, command.server);
  if (server == nullptr) co_return exit_failed;
  const std::string name = server->spec().name;
  const std::string failure = co_await run.list(name);
  server = run.registry().catalogue().find_server(name);
  if (!failure.empty() || server == nullptr) {
    complain(failure.empty() ? run.registry().why_unavailable(name) : failure);
    co_return exit_failed;
  }
  const discovery::Detail detail =
      command.full ? discovery::Detail::full : discovery::Detail::signature;
  std::string json;
  if (command.tool.empty()) {
    if (!command.json) co_return show(describe_server_tools(*server, command.full));
    discovery::append_docs(json, *server, detail);
    co_return show(json + "\n");
  }
  const discovery::ToolDoc* tool = server->find_tool_any_case(command.tool);
  if (tool == nullptr) {
    complain_of_tool(*server, command.tool);
    co_return exit_failed;
  }
  if (!command.json) co_return show(describe_tool(*server, *tool, command.full));
  discovery::append_docs(json, *server, *tool, detail);
  co_return show(json + "\n");
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

void add_call(CLI::App& app, CLI::App*& command, CallCommand& words) {
  command = app.add_subcommand("call", "Call a tool and print what it answers");
  command->add_option("server", words.server, "Its name")->required();
  command->add_option("tool", words.tool, "The tool's name")->required();
  command->add_option("arguments", words.words,
                      "A JSON object, or name=value for each, or - for a JSON object on stdin");
  command
      ->add_option_function<std::string>(
          "--timeout",
          [&words](const std::string& text) {
            const std::string error = parse_timeout(words.timeout, text);
            if (!error.empty()) throw CLI::ValidationError("--timeout", error);
          },
          "How long the call may take, such as 30s or 2m; its server's start not counted")
      ->type_name("TIME");
  command->add_flag("--json", words.json, "The result as the server sent it");
  command->footer(
      "Examples: headrace call files read_text_file path=/tmp/notes.txt\n"
      "          headrace call files read_text_file '{\"path\": \"/tmp/notes.txt\"}'\n"
      "It exits with 1 where the tool says that it failed.");
}

}  // namespace

Commands::Commands(CLI::App& app, std::string_view version)
    : words_(std::make_unique<Words>()), version_(version) {
  add_servers(app, words_->servers, words_->servers_words);
  add_tools(app, words_->tools, words_->tools_words);
  add_docs(app, words_->docs, words_->docs_words);
  add_call(app, words_->call, words_->call_words);
}

Commands::~Commands() = default;

bool Commands::asked() const {
  return words_->servers->parsed() || words_->tools->parsed() || words_->docs->parsed() ||
         words_->call->parsed();
}

int Commands::run(const Options& options) {
  // Who no longer reads is an error to handle, not a death.
  std::signal(SIGPIPE, SIG_IGN);
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
    return call_tool(self, words_->call_words);
  });
}

}  // namespace headrace::server
