// The client's half of MCP, without I/O: what to send to a server and what its answers mean.
#pragma once

#include <headrace/engine/error.hpp>
#include <headrace/engine/mcp/protocol.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::engine::mcp {

struct Root {
  std::string uri;
  std::string name;
};

/// What we tell a server about ourselves. Only what can be honoured is declared.
struct ClientIdentity {
  Implementation implementation;
  /// Declared when not empty; some servers let them override their own directories.
  std::vector<Root> roots;
};

/// What a server told us about itself.
struct ServerFacts {
  Era era = Era::legacy;
  std::string protocol_version;
  Implementation implementation;
  std::string instructions;
  bool has_tools = false;
  bool tools_list_changes = false;
};

std::string initialize_params(const ClientIdentity& identity);

/// False, with a sentence in `diagnostics`, when a server can't be spoken to after this answer.
bool read_initialize_result(std::string_view body, ServerFacts& facts, Diagnostics& diagnostics);

/// The params of `tools/call` around its raw arguments.
struct CallFrame {
  std::string prefix;
  std::string_view suffix;
};
CallFrame call_tool_params(const ServerFacts& facts, std::string_view tool);

/// The params of `tools/list`; empty for the first page of the legacy era.
std::string list_params(const ServerFacts& facts, std::string_view cursor);

/// The cursor of the page after this one, or nothing; an empty one is valid.
std::optional<std::string> next_cursor(std::string_view page);

/// How a server's own request is answered: every one is, or some servers never exit.
struct Reply {
  std::string result;  ///< Raw JSON; empty for an error.
  std::int64_t code = 0;
  std::string message;
};
Reply answer_server_request(const ClientIdentity& identity, std::string_view method);

/// A `notifications/message` of a server, for the log.
struct ServerLog {
  std::string level;
  std::string text;
};
ServerLog read_log_message(std::string_view params);

}  // namespace headrace::engine::mcp
