// The client's half of MCP, without I/O: what to send to a server and what its answers mean.
#pragma once

#include <headrace/engine/error.hpp>
#include <headrace/engine/mcp/call_context.hpp>
#include <headrace/engine/mcp/client_context.hpp>
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/engine/mcp/question.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::engine::mcp {

/// What we tell a server about ourselves. Only what can be honoured is declared.
struct ClientIdentity {
  Implementation implementation;
  /// Declared when not empty; some servers let them override their own directories.
  std::vector<Root> roots;
};

/// The extension of the modern era that we declare.
inline constexpr std::string_view tasks_extension = "io.modelcontextprotocol/tasks";

/// What servers have lists of.
enum class ListKind { tools, prompts, resources, resource_templates };
/// `tools/list` and so on.
std::string_view list_method(ListKind kind) noexcept;

/// What a server offers of one kind.
struct Offer {
  bool exists = false;
  bool list_changes = false;  ///< It tells when its list changes.
};

/// What a server told us about itself.
struct ServerFacts {
  Era era = Era::legacy;
  std::string protocol_version;
  Implementation implementation;
  std::string instructions;
  Offer tools;
  Offer prompts;
  Offer resources;  ///< And their templates.
  bool resource_updates = false;
  bool tool_tasks = false;  ///< Legacy: tools can be called as tasks.
};

/// What is declared to a server: `offered` is a raw ClientCapabilities object, of which only what
/// we can pass on is taken; unreadable or empty declares nothing. Roots of ours go before others'.
ClientCapabilities declare(const ClientIdentity& identity, std::string_view offered, Era era);

std::string initialize_params(const ClientIdentity& identity, const ClientCapabilities& declared);

/// The members of the `_meta` that each request of the modern era carries, without braces.
std::string request_meta(const ClientIdentity& identity, const ClientCapabilities& declared,
                         std::string_view version);

/// False, with a sentence in `diagnostics`, when a server can't be spoken to after this answer.
bool read_initialize_result(std::string_view body, ServerFacts& facts, Diagnostics& diagnostics);

/// Of an answer to `server/discover`, without the choice of a version. False if it is none.
bool read_discover_result(std::string_view body, ServerFacts& facts,
                          std::vector<std::string>& versions);

/// `supported` in the data of -32022; nothing if it is not there.
std::vector<std::string> read_supported_versions(std::string_view data);

/// The params of `tools/call` around its raw arguments.
struct CallFrame {
  std::string prefix;
  std::string_view suffix;
};
CallFrame call_tool_params(std::string_view tool);
/// The same prefix in place of what `prefix` holds, whose memory is used again.
void write_call_tool_prefix(std::string& prefix, std::string_view tool);

/// `arguments` is a raw JSON object, empty for none.
std::string get_prompt_params(std::string_view name, std::string_view arguments);
std::string read_resource_params(std::string_view uri);

/// `params`, a raw JSON object or nothing, up to its closing brace.
std::string open_object(std::string_view params);
/// `params`, a raw JSON object or nothing, with one more member: `extra` is raw, with its key.
std::string with_member(std::string_view params, std::string_view extra);

/// The params of a list's page; empty for the first one. A null cursor is the first page.
std::string list_params(std::string_view cursor);

/// The cursor of the page after this one, or nothing; an empty one is valid.
std::optional<std::string> next_cursor(std::string_view page);
/// How long a result is good for, where it says so (`ttlMs`).
std::optional<std::chrono::milliseconds> time_to_live(std::string_view result);

/// The params of `subscriptions/listen` for what the server offers; empty if that is nothing.
std::string listen_params(const ServerFacts& facts);
/// The list that a notification says has changed.
std::optional<ListKind> changed_list(std::string_view method) noexcept;

/// What is answered to a server's own request without asking anybody: every one is answered, or
/// some servers never exit. Nothing if it is a question that was declared to be welcome.
std::optional<QuestionReply> answer_server_request(const ClientIdentity& identity,
                                                   const ClientCapabilities& declared,
                                                   std::string_view method,
                                                   std::string_view params);

/// A `notifications/message` of a server, for the log.
struct ServerLog {
  std::string level;
  std::string text;
  std::string logger;
  std::string data;  ///< The same as the text, as raw JSON.
};
ServerLog read_log_message(std::string_view params);

/// The task that a legacy server's request belongs to; empty for none.
std::string related_task(std::string_view params);
/// `uri` of a notification; empty if it is not there.
std::string read_uri(std::string_view params);

/// Nothing when it is no progress at all. `token` is raw.
std::optional<ProgressUpdate> read_progress(std::string_view params, std::string& token);

}  // namespace headrace::engine::mcp
