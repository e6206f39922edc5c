// `headrace call`: one call of one tool.
#pragma once

#include <headrace/server/command_run.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace headrace::server {

struct CallCommand {
  std::string server;
  std::string tool;
  std::vector<std::string> words;    ///< as arguments_from_words() has them
  std::optional<std::string> input;  ///< in their place: a JSON object
  std::optional<std::chrono::seconds> timeout;
  bool json = false;
};

/// Prints the result, or says why there is none.
asio::awaitable<int> call_tool(CommandRun& run, CallCommand command);

}  // namespace headrace::server
