// `headrace tools`, `headrace docs` and `headrace index`: what servers offer.
#pragma once

#include <headrace/server/command_run.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace headrace::server {

struct ToolsCommand {
  std::vector<std::string> query;  ///< words; none: all tools
  std::string server;              ///< only this one's; empty: all
  std::size_t limit = 10;
  bool no_start = false;
  bool json = false;
};

struct DocsCommand {
  std::string server;
  std::string tool;  ///< empty: all of them
  bool full = false;
  bool json = false;
};

struct IndexCommand {
  bool json = false;
};

// Each prints what it has found, says on stderr what it has not, and gives the exit code.

asio::awaitable<int> list_tools(CommandRun& run, ToolsCommand command);
asio::awaitable<int> show_docs(CommandRun& run, DocsCommand command);
/// Asks all servers anew. With `json`: `{"servers":[{"name","tools","error"}]}`, one of the last
/// two in each.
asio::awaitable<int> index_servers(CommandRun& run, IndexCommand command);

}  // namespace headrace::server
