// The server's half of MCP, without I/O: knows what tools and resources are, not what ours do.
#pragma once

#include <headrace/engine/logger.hpp>
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/engine/peer_core.hpp>
#include <headrace/engine/unique_function.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::engine::mcp {

class ServerRole;

/// One `tools/call` under way. Whoever runs it holds it until it is answered; dropped unanswered it
/// answers with an error.
class ToolCall {
 public:
  ToolCall(Responder responder, std::string_view tool, std::string_view arguments,
           std::string_view progress_token, std::weak_ptr<ServerRole> role);
  ~ToolCall();
  ToolCall(const ToolCall&) = delete;
  ToolCall& operator=(const ToolCall&) = delete;

  const std::string& tool() const noexcept { return tool_; }
  /// The raw JSON object; `{}` when the call had none.
  const std::string& arguments() const noexcept { return arguments_; }

  /// The version of MCP that the client speaks; empty when it has not said.
  std::string_view protocol_version() const noexcept;

  bool wants_progress() const noexcept { return !progress_token_.empty(); }
  /// Tells a client that asked for it that the call goes on. The number that goes out always grows,
  /// here by as little as leaves room for numbers that mean something. Nothing is sent once the
  /// call has ended, or while the client reads too slowly.
  void progress(std::string_view message);
  /// The same with how much is done, of how much in all, where that is known. A number that is not
  /// more than the last one goes out as the next above it.
  void progress(double done, std::optional<double> total, std::string_view message);

  /// The raw `CallToolResult`.
  void result(const Payload& json);
  void error(std::int64_t code, std::string_view message);

  /// The client gave up; nothing is answered any more. `on_cancel` is called at that moment.
  bool cancelled() const noexcept { return cancelled_; }
  std::function<void()> on_cancel;

 private:
  friend class ServerRole;
  void end();
  void send_progress(std::string_view message);

  Responder responder_;
  std::string key_;  // the request's raw id
  std::string tool_;
  std::string arguments_;
  std::string progress_token_;
  std::weak_ptr<ServerRole> role_;
  std::optional<double> progress_;  // the last number sent
  std::optional<double> total_;
  int small_steps_ = 0;
  bool measured_ = false;  // somebody has said how much is done
  bool cancelled_ = false;
};

struct ToolSpec {
  std::string name;
  std::string definition;  ///< Its raw object in `tools/list`.
  std::function<void(std::shared_ptr<ToolCall>)> handler;
};

struct ResourceSpec {
  std::string uri;
  std::string definition;  ///< Its raw object in `resources/list`.
  std::string mime_type;
  std::function<std::string()> text;
};

/// What a resource holds, or why it can't be read.
struct ResourceContent {
  std::string mime_type;
  bool is_text = true;
  std::string content;  ///< The text, or the base64 of the bytes.
  std::string error;    ///< A sentence for the client; then there is no content.
};

/// Resources that come and go. Both functions may answer at once or later, on the peer's executor;
/// dropped unanswered they answer with an error.
struct ResourceProvider {
  /// Raw objects as in `resources/list`.
  using Listed = UniqueFunction<void(std::vector<std::string> definitions)>;
  std::function<void(Listed)> list;
  /// Nothing: there is no such resource.
  using Read = UniqueFunction<void(std::optional<ResourceContent>)>;
  std::function<void(std::string uri, Read)> read;
  /// Raw objects of `resources/templates/list`.
  std::vector<std::string> templates;
};

struct ServerOptions {
  Implementation implementation;
  std::string instructions;
  std::vector<ToolSpec> tools;
  std::vector<ResourceSpec> resources;  ///< Listed before those of the provider.
  ResourceProvider provider;            ///< Its functions may be empty.
  /// Log messages below this are not sent until the client sets another level.
  LogLevel log_level = LogLevel::warning;
};

/// How the role speaks without having been asked; the peer's, or a test's.
struct ServerOutput {
  std::function<bool(std::string_view method, const Payload& params)> notify;
  std::function<void(std::string_view id, std::int64_t code, std::string_view message)> send_error;
};

/// Feed it the hooks of a peer. Every request is answered at once, but for tools and the resources
/// of a provider.
class ServerRole : public std::enable_shared_from_this<ServerRole> {
 public:
  explicit ServerRole(ServerOptions options) : options_(std::move(options)) {}

  void connect(ServerOutput output) { output_ = std::move(output); }

  void on_request(Responder responder, const Message& message);
  void on_notification(const Message& message);
  void on_invalid(const framing::Envelope& envelope);
  void on_oversize(const framing::LineSplitter::Oversize& line);

  /// Sends a log message to a client that has said hello, from the level on that it asked for.
  void log(LogLevel level, std::string_view source, std::string_view text);

  /// Requests that are not answered yet.
  std::size_t calls_under_way() const noexcept { return calls_.size() + lookups_.size(); }
  /// As if the client had cancelled each.
  void cancel_all();
  /// Called when the last request under way has ended.
  std::function<void()> on_idle;
  /// Called when a client has said that it is set up.
  std::function<void()> on_initialized;

 private:
  friend class ToolCall;
  using Handler = void (ServerRole::*)(Responder&, const Message&);
  struct Route {
    std::string_view method;
    Handler handler;
  };
  static const Route routes[];

  void initialize(Responder& responder, const Message& message);
  void ping(Responder& responder, const Message& message);
  void list_tools(Responder& responder, const Message& message);
  void call_tool(Responder& responder, const Message& message);
  void list_resources(Responder& responder, const Message& message);
  void list_templates(Responder& responder, const Message& message);
  void read_resource(Responder& responder, const Message& message);
  void set_level(Responder& responder, const Message& message);

  // A question to the provider that is under way.
  struct Lookup;
  std::shared_ptr<Lookup> begin_lookup(Responder& responder);

  void finished(const std::string& key);
  void settle();
  void cancel_call(const std::string& key);
  void cancel_lookup(const std::string& key);

  ServerOptions options_;
  ServerOutput output_;
  std::map<std::string, std::weak_ptr<ToolCall>, std::less<>> calls_;
  std::map<std::string, std::weak_ptr<Lookup>, std::less<>> lookups_;
  std::string version_;  // negotiated
  bool greeted_ = false;
};

}  // namespace headrace::engine::mcp
