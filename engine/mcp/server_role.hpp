// The server's half of MCP, both eras, without I/O: knows what tools, resources and prompts are,
// not what ours do. Which era a request belongs to is decided by the request alone.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/deadline.hpp>
#include <headrace/engine/logger.hpp>
#include <headrace/engine/mcp/client_context.hpp>
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/engine/mcp/request.hpp>
#include <headrace/engine/mcp/server_messages.hpp>
#include <headrace/engine/mcp/subscriptions.hpp>
#include <headrace/engine/peer_core.hpp>
#include <headrace/engine/unique_function.hpp>
#include <headrace/framing/object_scanner.hpp>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace headrace::engine::mcp {

struct ToolSpec {
  std::string name;
  std::string definition;  ///< Its raw object in `tools/list`.
  /// Answers with a raw `CallToolResult`.
  std::function<void(std::shared_ptr<Request>)> handler;
};

/// Tools that come and go, or are somebody else's: listed and called raw. Either function may
/// answer at once or later, on the peer's executor; both are there, or neither.
struct ToolProvider {
  struct Page {
    std::vector<std::string> definitions;  ///< Raw objects as in `tools/list`.
    std::optional<std::size_t> next;       ///< Where the page behind it begins, if there is one.
    bool settled = true;                   ///< False: more will be known soon; no client keeps it.
  };
  using Listed = UniqueFunction<void(Page)>;
  /// At most `most` tools from `first` on, which is 0 or what a page before it had as `next`; fewer
  /// where these are enough for one message. Dropped uncalled, `Listed` answers with an error.
  std::function<void(std::size_t first, std::size_t most, Listed)> list;
  /// A call of what is none of ServerOptions::tools; one of no tool at all is to be answered too.
  /// Request::raw_arguments() and a Payload with an owner go through without a copy.
  std::function<void(std::shared_ptr<Request>)> call;
};

struct PromptSpec {
  std::string name;
  std::string definition;  ///< Its raw object in `prompts/list`.
  /// Answers with a raw `GetPromptResult`.
  std::function<void(std::shared_ptr<Request>)> handler;
};

struct ResourceSpec {
  std::string uri;
  std::string definition;  ///< Its raw object in `resources/list`.
  std::string mime_type;
  std::function<std::string()> text;  ///< Called for each `resources/read`.
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

/// What is being typed, and where (`completion/complete`).
struct CompletionQuery {
  bool is_prompt = false;  ///< Else a resource template.
  std::string ref;         ///< The prompt's name, or the URI template.
  std::string argument;
  std::string value;                           ///< As far as it has been typed.
  std::map<std::string, std::string> context;  ///< Arguments that are known already.
};

struct Completions {
  std::vector<std::string> values;  ///< The best first; the first hundred are sent.
  std::optional<std::uint64_t> total;
  bool has_more = false;
};

/// None of the functions may throw; those of make_tool(), make_prompt() and make_resources() see to
/// that for what they are made of.
struct ServerOptions {
  Implementation implementation;
  std::string instructions;  ///< For the model; empty for none.
  std::vector<ToolSpec> tools;
  ToolProvider tool_provider;  ///< Its tools are listed behind those.
  std::vector<PromptSpec> prompts;
  std::vector<ResourceSpec> resources;  ///< Listed before those of the provider.
  ResourceProvider provider;            ///< Its functions may be empty.
  /// Empty: this server completes nothing.
  std::function<Completions(const CompletionQuery&)> complete;
  /// Which of the role's `…_changed()` will be called; only these are offered to clients.
  Announcements announced;
  /// Log messages below this are not sent until the client sets another level.
  LogLevel log_level = LogLevel::warning;
  /// So long a client, and the user behind it, may take for a question.
  Clock::duration question_limit = std::chrono::minutes(10);
  /// What modern clients may keep for so long; what a provider lists or reads never is.
  std::chrono::milliseconds cache_ttl = std::chrono::minutes(5);
};

/// How the role speaks without having been asked; the peer's, or a test's. server.hpp connects one.
struct ServerOutput {
  /// What may be lost where the client reads too slowly: progress, log messages.
  std::function<bool(std::string_view method, const Payload& params)> notify;
  /// What the client is owed: acknowledgements and changes.
  std::function<void(std::string_view method, const Payload& params)> announce;
  std::function<void(std::string_view id, std::int64_t code, std::string_view message)> send_error;
  /// As Peer::call() and Peer::cancel(), for questions in the legacy era.
  std::function<std::uint64_t(std::string_view method, const Payload& params, const CallOptions&,
                              Completion)>
      call;
  std::function<void(std::uint64_t number, std::string_view reason)> cancel;
  /// Calls it soon, from the executor.
  std::function<void(UniqueFunction<void()>)> later;
  /// Where all this happens: coroutines that work on a request run there.
  Executor executor;
  /// next_deadline() may be earlier than it was.
  std::function<void()> rearm;
};

/// What the params of a request have that is the same in many, raw; found in one pass.
struct RequestParts {
  enum Name { meta, name, arguments, state, answers, count };
  std::array<framing::Member, count> members{
      {{"_meta"}, {"name"}, {"arguments"}, {"requestState"}, {"inputResponses"}}};
  /// Whether it is there more than once, or its key is written with escapes.
  std::array<bool, count> bad{};

  std::string_view operator[](Name part) const noexcept { return members[part].value; }
};

/// Feed it the hooks of a peer. Held by shared_ptr; end it with close().
class ServerRole : public std::enable_shared_from_this<ServerRole> {
 public:
  explicit ServerRole(ServerOptions options);
  ~ServerRole();
  ServerRole(const ServerRole&) = delete;
  ServerRole& operator=(const ServerRole&) = delete;

  void connect(ServerOutput output);

  void on_request(Responder&& responder, const Message& message);
  void on_notification(const Message& message);
  void on_invalid(const framing::Envelope& envelope);
  void on_oversize(const framing::LineSplitter::Oversize& line);
  /// When on_tick() is to be called: questions that nobody has answered.
  std::optional<Clock::time_point> next_deadline() const;
  void on_tick(Clock::time_point now);

  /// Replaces the tools, and tells.
  void set_tools(std::vector<ToolSpec> tools);
  void tools_changed() { subscriptions_.tools_changed(); }
  void prompts_changed() { subscriptions_.prompts_changed(); }
  void resources_changed() { subscriptions_.resources_changed(); }
  void resource_updated(std::string_view uri) { subscriptions_.resource_updated(uri); }

  /// Who asked last, and what they can do.
  const ClientContext& client() const noexcept { return *client_; }

  /// Asks a legacy client outside of any request, as Request::ask() does inside of one. Fails where
  /// the client is a modern one, which can't be asked there. Returns a number for withdraw().
  std::uint64_t ask(std::string_view method, std::string_view params, ReplyCallback done);
  /// Nobody waits for the answer any more: `done` is not called.
  void withdraw(std::uint64_t question);

  /// Sends a log message to a client that has said hello, from the level on that it asked for; and
  /// to a modern one that has a request under way with such a level.
  void log(LogLevel level, std::string_view source, std::string_view text);
  /// The same of what is not only text: `data` is raw JSON.
  void log_data(LogLevel level, std::string_view source, std::string_view data);

  /// A notification that has nothing to do with us, for a legacy client that has said hello.
  void pass_on(std::string_view method, std::string_view params);

  /// Requests that are not answered yet; open subscriptions are none.
  std::size_t calls_under_way() const noexcept { return requests_.size(); }
  /// As if the client had cancelled each, also those that wait for its next round.
  void cancel_all();
  /// Ends subscriptions in order, and cancels the rest.
  void close();
  /// Called with the client's notifications that have nothing to do with us.
  std::function<void(const Message&)> on_other_notification;
  /// Called when the last request under way has ended.
  std::function<void()> on_idle;
  /// Called when a legacy client has said that it is set up, or a modern one has asked for anything
  /// but what we are.
  std::function<void()> on_initialized;

 private:
  friend class Request;
  using Handler = void (ServerRole::*)(Responder&, const Message&, const ClientContext&);
  struct Route {
    std::string_view method;
    Handler handler;
    bool legacy;
    bool modern;
  };
  static const Route routes[];

  void initialize(Responder&, const Message&, const ClientContext&);
  void discover(Responder&, const Message&, const ClientContext&);
  void ping(Responder&, const Message&, const ClientContext&);
  void list_tools(Responder&, const Message&, const ClientContext&);
  void call_tool(Responder&, const Message&, const ClientContext&);
  void list_prompts(Responder&, const Message&, const ClientContext&);
  void get_prompt(Responder&, const Message&, const ClientContext&);
  void list_resources(Responder&, const Message&, const ClientContext&);
  void list_templates(Responder&, const Message&, const ClientContext&);
  void read_resource(Responder&, const Message&, const ClientContext&);
  void subscribe(Responder&, const Message&, const ClientContext&);
  void unsubscribe(Responder&, const Message&, const ClientContext&);
  void listen(Responder&, const Message&, const ClientContext&);
  void complete(Responder&, const Message&, const ClientContext&);
  void set_level(Responder&, const Message&, const ClientContext&);

  bool has_tools() const { return !options_.tools.empty() || options_.tool_provider.call; }
  bool has_resources() const { return !options_.resources.empty() || options_.provider.read; }
  std::string capabilities() const;
  void answer(Responder& responder, const ClientContext& client, const Payload& result,
              std::optional<CacheHint> hint = std::nullopt);
  void answer_page(Responder& responder, const Message& message, const ClientContext& client,
                   std::string_view key, const std::vector<std::string>& definitions);
  void provide_tools(Responder& responder, const Message& message);
  std::shared_ptr<Request> admit(Responder& responder, std::string_view method,
                                 std::string_view name = {}, RawJson arguments = {},
                                 std::string_view raw_meta = {});
  // A request that may be the next round of an earlier one: then that goes on, and this is null.
  std::shared_ptr<Request> admit_or_resume(Responder& responder, const Message& message);

  std::shared_ptr<const ClientContext> read_client(Responder& responder);
  void later(UniqueFunction<void()> task);
  void enter(Request& request);
  void finished(Request& request);
  bool cancel_request(std::string_view id);

  // A request that waits for the client's next round.
  struct Suspended {
    std::shared_ptr<Request> request;
    Clock::time_point expires;
  };
  // The key under which it is found again; empty when there are too many.
  std::string suspend(std::shared_ptr<Request> request);

  ServerOptions options_;
  ServerOutput output_;
  std::string server_info_;
  Subscriptions subscriptions_;
  // By raw id, which is the request's own; they go from here before they go.
  using Requests = std::unordered_map<std::string_view, Request*>;
  Requests requests_;
  // Some of those that have ended, so that the next need no memory.
  std::vector<Requests::node_type> spare_requests_;
  std::map<std::string, Suspended, std::less<>> suspended_;  // by requestState
  framing::ObjectScanner scanner_;
  framing::StructuralIndex meta_index_;
  RequestParts parts_;  // of the request that is being routed
  // Requests share them.
  std::shared_ptr<const ClientContext> legacy_client_ = std::make_shared<const ClientContext>();
  std::shared_ptr<const ClientContext> client_ = legacy_client_;
  // Of ask(), by the numbers of their calls.
  std::map<std::uint64_t, std::uint64_t> asked_;
  std::uint64_t last_asked_ = 0;
  bool greeted_ = false;  // the legacy client is set up
  bool awaited_ = false;  // a client of any era will use us: on_initialized was called
};

}  // namespace headrace::engine::mcp
