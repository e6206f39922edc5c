// What code asks about servers and tools: which there are, how they are called, which fit some
// words.
#include <headrace/discovery/docs.hpp>
#include <headrace/discovery/search.hpp>
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/framing/request_id.hpp>
#include <headrace/server/code_requests.hpp>
#include <headrace/server/request_parts.hpp>

#include <algorithm>
#include <array>

namespace headrace::server {
namespace {

using discovery::CatalogueServer;
using discovery::Detail;
using discovery::ToolDoc;
using engine::Message;
using engine::Responder;
using framing::Member;

// A search goes on without the servers that take longer to say what their tools are.
constexpr auto search_patience = std::chrono::seconds(10);

// What a run needs to read an answer and to end.
constexpr auto last_moment = std::chrono::seconds(1);

}  // namespace

void CodeRequests::list_servers(Responder& responder, const Message&) {
  registry_->load_kept_lists();
  std::string json;
  const std::vector<const CatalogueServer*> servers = reachable();
  discovery::append_server_list(json, servers);
  responder.result(std::string_view(json));
}

void CodeRequests::list_tools(Responder& responder, const Message& message) {
  std::array<Member, 1> members{{{"server"}}};
  if (!read_strings(responder, message, members)) return;
  const CatalogueServer* server = find_server(responder, members[0].value);
  if (server == nullptr) return;
  with_tools_of(std::move(responder), *server, Freshness::known,
                [](Responder waiting, const CatalogueServer& listed) {
                  std::string json;
                  discovery::append_tool_list(json, listed);
                  waiting.result(std::string_view(json));
                });
}

void CodeRequests::query_tool_docs(Responder& responder, const Message& message) {
  std::array<Member, 3> members{{{"server"}, {"tool"}, {"detail"}}};
  if (!read_strings(responder, message, members)) return;
  const CatalogueServer* server = find_server(responder, members[0].value);
  if (server == nullptr) return;
  const Detail detail = discovery::parse_detail(text_of(members[2].value));
  if (is_string(members[1].value)) {
    auto found = [detail](Responder waiting, const CatalogueServer& listed, const ToolDoc& tool) {
      std::string json;
      discovery::append_docs(json, listed, tool, detail);
      waiting.result(std::string_view(json));
    };
    with_tool(std::move(responder), *server,
              {&CatalogueServer::find_tool_any_case, text_of(members[1].value), {}},
              std::move(found));
    return;
  }
  auto then = [detail](Responder waiting, const CatalogueServer& listed) {
    std::string json;
    discovery::append_docs(json, listed, detail);
    waiting.result(std::string_view(json));
  };
  with_tools_of(std::move(responder), *server, Freshness::known, std::move(then));
}

// Under way while servers are asked for their tools that nothing is known of.
struct CodeRequests::Search {
  std::shared_ptr<Responder> responder;
  std::string query;
  std::size_t limit;
  Detail detail;
  std::size_t left = 1;
  std::optional<asio::steady_timer> patience = {};
};

void CodeRequests::search_tool_docs(Responder& responder, const Message& message) {
  std::array<Member, 3> members{{{"query"}, {"limit"}, {"detail"}}};
  if (!read_strings(responder, message, members)) return;
  const std::string query = text_of(members[0].value);
  if (query.find_first_not_of(" \t\r\n") == std::string::npos) {
    responder.error(engine::mcp::invalid_params, "Missing 'query' value");
    return;
  }
  std::int64_t limit = 5;
  if (!members[1].value.empty() && members[1].value != "null") {
    const auto number = framing::integer_id(members[1].value);
    if (!number) {
      responder.error(engine::mcp::invalid_params, "'limit' must be an integer");
      return;
    }
    limit = std::clamp<std::int64_t>(*number, 1, discovery::kMaxSearchLimit);
  }
  const Detail detail = discovery::parse_detail(text_of(members[2].value));
  registry_->load_kept_lists();
  std::vector<std::string> unknown;
  for (const CatalogueServer* server : reachable()) {
    // One that has just failed, or hangs, is not waited for again and again.
    const std::string& name = server->spec().name;
    if (server->state() == discovery::ListState::not_listed && !registry_->is_slow_to_list(name))
      unknown.push_back(name);
  }
  const auto search = std::make_shared<Search>(
      Search{nullptr, query, static_cast<std::size_t>(limit), detail, unknown.size() + 1});
  search->responder = keep_waiting(std::move(responder));
  if (!unknown.empty()) {
    search->patience.emplace(executor_, std::min<engine::Clock::duration>(
                                            search_patience, deadline().left() - last_moment));
    search->patience->async_wait([self = shared_from_this(), search](std::error_code error) {
      if (error) return;
      search->left = 1;
      self->finish_search(search);
    });
  }
  registry_->list_each(unknown, Freshness::known,
                       [self = shared_from_this(), search](const std::string&, const std::string&) {
                         self->finish_search(search);
                       });
  finish_search(search);
}

// Called for each server that was waited for, and once more.
void CodeRequests::finish_search(const std::shared_ptr<Search>& search) {
  if (search->left == 0 || --search->left > 0) return;
  search->patience.reset();
  if (!*search->responder) return;
  const auto within_reach = [this](const CatalogueServer& server) {
    return reach_.allows(server.spec());
  };
  std::string json;
  const auto hits =
      discovery::search(registry_->catalogue(), search->query, search->limit, within_reach);
  std::vector<const CatalogueServer*> unlisted;
  for (const CatalogueServer* server : reachable()) {
    if (!server->has_list()) unlisted.push_back(server);
  }
  const auto is_running = [this](const CatalogueServer& server) {
    return registry_->is_running(server.spec().name);
  };
  discovery::append_docs(json, hits, search->detail, is_running, unlisted);
  search->responder->result(std::string_view(json));
}

}  // namespace headrace::server
