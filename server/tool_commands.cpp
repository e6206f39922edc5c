// `headrace tools`, `headrace docs` and `headrace index`: what servers offer.
#include <headrace/discovery/docs.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/commands.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/tool_commands.hpp>
#include <headrace/server/typed_names.hpp>

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace headrace::server {
namespace {

using discovery::Catalogue;
using discovery::CatalogueServer;

int show(std::string_view text) {
  return print(text) ? EXIT_SUCCESS : exit_failed;
}

// How many servers have been asked, on the terminal's last line; nothing where stderr is none.
class Progress {
 public:
  explicit Progress(std::size_t total) : total_(total) { draw(); }
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void step() {
    ++done_;
    draw();
  }
  void clear() const {
    if (shown_) std::fputs("\r\033[K", stderr);
  }

 private:
  void draw() const {
    if (!shown_) return;
    std::fprintf(stderr, "\r\033[Kasking servers for their tools: %zu of %zu", done_, total_);
    std::fflush(stderr);
  }

  const bool shown_ = ::isatty(STDERR_FILENO) == 1;
  std::size_t total_;
  std::size_t done_ = 0;
};

// What could not be asked does not keep the others from being shown.
void complain_of(const Failures& failed, const std::vector<std::string>& unknown) {
  for (const auto& [server, error] : failed)
    complain("the tools of '" + server + "' are not known: " + error);
  if (!unknown.empty())
    complain("the tools of these servers are not known yet: " + joined(unknown, ", "));
}

asio::awaitable<void> ask(CommandRun& run, std::vector<std::string> servers, Failures& failed) {
  if (servers.empty()) co_return;
  Progress progress(servers.size());
  CommandRun::OnListed on_listed = [&](const std::string& server, const std::string& error) {
    if (!error.empty()) failed.emplace_back(server, error);
    progress.step();
  };
  co_await run.list_all(std::move(servers), Freshness::known, std::move(on_listed));
}

std::string count_of_tools(const Catalogue& catalogue, const std::string& server) {
  const CatalogueServer* known = catalogue.find_server(server);
  const std::size_t count = known == nullptr ? 0 : known->tools().size();
  return std::to_string(count) + (count == 1 ? " tool" : " tools");
}

}  // namespace

asio::awaitable<int> list_tools(CommandRun& run, ToolsCommand command) {
  Registry& registry = run.registry();
  std::string only;
  if (!command.server.empty()) {
    const CatalogueServer* server = find_server(run, command.server);
    if (server == nullptr) co_return exit_failed;
    only = server->spec().name;
  }
  const auto wanted = [&only](const CatalogueServer& server) {
    return only.empty() || server.spec().name == only;
  };
  registry.load_kept_lists();
  std::vector<std::string> unknown;
  for (const CatalogueServer& server : registry.catalogue().servers()) {
    if (wanted(server) && !server.has_list()) unknown.push_back(server.spec().name);
  }
  Failures failed;
  if (!command.no_start) {
    std::vector<std::string> asked;
    asked.swap(unknown);
    co_await ask(run, std::move(asked), failed);
  }
  if (run.interrupted()) co_return exit_failed;
  complain_of(failed, unknown);
  const Catalogue& catalogue = registry.catalogue();
  if (catalogue.servers().empty()) complain("no servers are configured");
  const std::string query = joined(command.query, " ");
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
  std::string failure = co_await run.list(name, Freshness::known);
  server = run.registry().catalogue().find_server(name);
  const bool missing = failure.empty() && server != nullptr && !command.tool.empty() &&
                       server->find_tool_any_case(command.tool) == nullptr;
  if (missing) {
    // It may be new.
    failure = co_await run.list(name, Freshness::confirmed);
    server = run.registry().catalogue().find_server(name);
  }
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

asio::awaitable<int> index_servers(CommandRun& run, IndexCommand command) {
  const Catalogue& catalogue = run.registry().catalogue();
  std::vector<std::string> servers;
  for (const CatalogueServer& server : catalogue.servers())
    servers.push_back(server.spec().name);
  if (servers.empty()) complain("no servers are configured");
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_object().key("servers").begin_array();
  bool all = true;
  CommandRun::OnListed on_listed = [&](const std::string& server, const std::string& error) {
    if (run.interrupted()) return;
    all = all && error.empty();
    writer.begin_object().member("name", server);
    const CatalogueServer* known = catalogue.find_server(server);
    if (!error.empty()) {
      writer.member("error", error);
    } else {
      writer.member("tools", known == nullptr ? 0 : known->tools().size());
    }
    writer.end_object();
    if (command.json) return;
    const std::string outcome = error.empty() ? count_of_tools(catalogue, server) : error;
    print(one_line(server + ": " + outcome, std::string::npos) + "\n");
  };
  co_await run.list_all(std::move(servers), Freshness::confirmed, std::move(on_listed));
  writer.end_array().end_object();
  if (!run.interrupted() && !run.registry().why_not_kept().empty())
    complain("not all that they answered can be kept: " + run.registry().why_not_kept());
  if (command.json && !run.interrupted()) all = print(json + "\n") && all;
  co_return all ? EXIT_SUCCESS : exit_failed;
}

}  // namespace headrace::server
