// Answers what code in the sandbox asks for: tool calls, and questions about servers and tools.
#pragma once

#include <headrace/engine/peer_core.hpp>
#include <headrace/framing/object_scanner.hpp>
#include <headrace/server/call_progress.hpp>
#include <headrace/server/registry.hpp>
#include <headrace/server/saved_tools.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::server {

/// What the current run may reach.
struct Reach {
  /// Names; nothing: every configured server.
  std::optional<std::set<std::string, std::less<>>> only;

  /// The CodeRequests::tag of the session, which alone reaches the servers that it has added.
  std::uint64_t session = 0;

  bool allows(const discovery::ServerSpec& server) const {
    return (!only || only->contains(server.name)) && (server.owner == 0 || server.owner == session);
  }
};

/// Calls to servers that have ended, and the time they took together.
struct CallTally {
  std::uint64_t calls = 0;
  engine::Clock::duration time{};
};

/// The requests of one interpreter (docs/session-protocol.md). Nothing in them is believed. Held by
/// shared_ptr: calls under way keep it alive.
class CodeRequests : public std::enable_shared_from_this<CodeRequests> {
 public:
  CodeRequests(engine::Executor executor, std::shared_ptr<Registry> registry,
               std::shared_ptr<SavedTools> saved_tools, std::uint64_t tag = 0)
      : executor_(std::move(executor)),
        registry_(std::move(registry)),
        saved_tools_(std::move(saved_tools)),
        tag_(tag) {}

  void set_reach(Reach reach) {
    reach_ = std::move(reach);
    reach_.session = tag_;
  }
  /// Whether the code may start servers of its own, on the host.
  bool allow_adding = false;
  /// When a call that begins now has to be over.
  std::function<engine::Deadline()> deadline;

  void on_request(engine::Responder responder, const engine::Message& message);
  /// The code no longer waits for its request with this raw id.
  void on_cancelled(std::string_view id);
  /// The interpreter is gone: everything under way is cancelled downstream.
  void cancel_all();

  /// Hears how far calls are; may be empty, and then servers are asked only where the code wants to
  /// know.
  std::function<void(const std::string& server, const std::string& tool,
                     const engine::mcp::ProgressUpdate&)>
      on_progress;

  /// The CallContext::tag of its calls, and the owner of the servers that the code adds.
  std::uint64_t tag() const noexcept { return tag_; }
  /// When the youngest call under way to this server began; nothing when there is none.
  std::optional<engine::Clock::time_point> latest_call_to(
      const engine::mcp::Downstream& server) const;

  /// What has ended since it was asked last.
  CallTally take_tally() noexcept { return std::exchange(tally_, {}); }

  /// The servers within reach, in the catalogue's order.
  std::vector<const discovery::CatalogueServer*> reachable() const;

 private:
  using Handler = void (CodeRequests::*)(engine::Responder&, const engine::Message&);
  struct Route {
    std::string_view method;
    Handler handler;
  };
  static const Route routes[];

  // A call on its way to a server; the place in calls_ is reused.
  struct Call {
    engine::Responder responder;
    std::shared_ptr<engine::mcp::Downstream> downstream;
    std::shared_ptr<CallProgress> progress;  // null where nobody wants to know
    engine::mcp::Downstream::Ticket ticket = 0;
    engine::Clock::time_point began;
    std::uint32_t generation = 0;
    bool active = false;
  };

  void call_tool(engine::Responder& responder, const engine::Message& message);
  // In docs_requests.cpp.
  void list_servers(engine::Responder& responder, const engine::Message& message);
  void list_tools(engine::Responder& responder, const engine::Message& message);
  void query_tool_docs(engine::Responder& responder, const engine::Message& message);
  void search_tool_docs(engine::Responder& responder, const engine::Message& message);
  struct Search;
  void finish_search(const std::shared_ptr<Search>& search);
  // In server_requests.cpp.
  void reload(engine::Responder& responder, const engine::Message& message);
  void add_server(engine::Responder& responder, const engine::Message& message);
  void remove_server(engine::Responder& responder, const engine::Message& message);
  bool may_change_servers(engine::Responder& responder) const;
  std::string describe_change(const std::vector<std::string>& notes = {}) const;
  // In saved_tool_requests.cpp.
  void save_tool(engine::Responder& responder, const engine::Message& message);
  void delete_tool(engine::Responder& responder, const engine::Message& message);
  void saved_tools(engine::Responder& responder, const engine::Message& message);
  // In resource_requests.cpp.
  struct Listing;
  void list_offered(engine::Responder& responder, const engine::Message& message,
                    const Listing& listing);
  void ask_server(engine::Responder responder, const discovery::CatalogueServer& server,
                  std::string_view method, const engine::Payload& params, const Listing& listing);
  void list_resources(engine::Responder& responder, const engine::Message& message);
  void list_resource_templates(engine::Responder& responder, const engine::Message& message);
  void list_prompts(engine::Responder& responder, const engine::Message& message);
  void read_resource(engine::Responder& responder, const engine::Message& message);
  void get_prompt(engine::Responder& responder, const engine::Message& message);

  // A change of the saved tools, tried until nobody else is at it.
  struct ToolChange;
  void try_change(const std::shared_ptr<ToolChange>& change);
  std::shared_ptr<engine::Responder> keep_waiting(engine::Responder responder);

  bool read_strings(engine::Responder& responder, const engine::Message& message,
                    std::span<framing::Member> members);
  const discovery::CatalogueServer* find_server(engine::Responder& responder,
                                                std::string_view raw_name);
  // Where a call to a server waits for its answer.
  struct Place {
    std::uint32_t index;
    std::uint32_t generation;
  };
  Place enter_call(engine::Responder responder,
                   const std::shared_ptr<engine::mcp::Downstream>& downstream);
  std::shared_ptr<engine::mcp::Downstream> find_downstream(
      engine::Responder& responder, const discovery::CatalogueServer& server);
  engine::Deadline deadline_of(const discovery::CatalogueServer& server) const;
  std::function<void(const engine::mcp::ProgressUpdate&)> progress_hook(Call& call, Place place,
                                                                        const std::string& server,
                                                                        const std::string& tool,
                                                                        bool for_the_code);
  void start_call(engine::Responder responder, const discovery::CatalogueServer& server,
                  const discovery::ToolDoc& tool, const engine::RawJson& arguments,
                  const discovery::ArgumentCheck& check, bool wants_progress);
  void finish_call(Place place, const engine::mcp::Outcome& outcome);
  void finish_call(Place place, std::int64_t code, std::string_view error);
  std::optional<engine::Responder> leave_call(Place place);
  void with_tools_of(
      engine::Responder responder, const discovery::CatalogueServer& server, Freshness freshness,
      std::function<void(engine::Responder, const discovery::CatalogueServer&)> then);
  struct ToolWanted {
    const discovery::ToolDoc* (discovery::CatalogueServer::*find)(std::string_view) const noexcept;
    std::string name;
    /// Whether it is what is meant; empty: it is.
    std::function<bool(const discovery::CatalogueServer&, const discovery::ToolDoc&)> suits;
  };
  using ToolFound = std::function<void(engine::Responder, const discovery::CatalogueServer&,
                                       const discovery::ToolDoc&)>;
  void with_tool(engine::Responder responder, const discovery::CatalogueServer& server,
                 const ToolWanted& wanted, ToolFound found);

  engine::Executor executor_;
  std::shared_ptr<Registry> registry_;
  std::shared_ptr<SavedTools> saved_tools_;
  std::uint64_t tag_;
  Reach reach_;
  CallTally tally_;
  framing::ObjectScanner scanner_;
  framing::StructuralIndex argument_index_;  // scratch
  std::vector<Call> calls_;
  std::vector<std::uint32_t> free_;
  // Requests that wait for a server's tools, or to change a saved one.
  std::vector<std::weak_ptr<engine::Responder>> waiting_;
  std::string server_name_;  // scratch
  std::string tool_name_;
};

}  // namespace headrace::server
