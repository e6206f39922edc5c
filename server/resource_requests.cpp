// What code asks of servers apart from tools: their resources and their prompts.
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/framing/block.hpp>
#include <headrace/server/code_requests.hpp>
#include <headrace/server/request_parts.hpp>

#include <array>

namespace headrace::server {
namespace {

using discovery::CatalogueServer;
using engine::Errc;
using engine::Message;
using engine::Payload;
using engine::RawJson;
using engine::Responder;
using engine::mcp::Downstream;
using engine::mcp::ListKind;
using engine::mcp::Offer;
using engine::mcp::Phase;
using engine::mcp::ServerFacts;
using framing::Member;

// The entries of a raw array, without the brackets; nothing if it is none.
std::string_view entries_of(std::string_view array) {
  if (array.size() < 2 || array.front() != '[') return {};
  std::string_view inside = array.substr(1, array.size() - 2);
  const std::size_t first = inside.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : inside.substr(first);
}

// The lists of all pages as one result.
std::string joined(std::vector<std::string>& pages, std::string_view member) {
  framing::ObjectScanner scanner;
  std::string json = "{\"" + std::string(member) + "\":[";
  bool first = true;
  for (std::string& page : pages) {
    page.reserve(page.size() + framing::block_padding);  // what the scanner reads past the end
    std::array<Member, 1> members{{{member}}};
    // Nothing is found in a page that is no object.
    scanner.scan_members(page, members);
    const std::string_view entries = entries_of(members[0].value);
    if (entries.empty()) continue;
    if (!first) json.push_back(',');
    first = false;
    json.append(entries);
  }
  return json += "]}";
}

}  // namespace

struct CodeRequests::Listing {
  ListKind kind;
  std::string_view member;  // of the result
  const Offer ServerFacts::*offer;
  std::string_view what;  // the server then offers

  bool known_to_lack(const Downstream& downstream) const {
    return downstream.phase() == Phase::ready && !(downstream.facts().*offer).exists;
  }
  std::string refusal(const Downstream& downstream) const {
    return "server '" + downstream.spec().name + "' offers no " + std::string(what);
  }

  static const Listing resources;
  static const Listing templates;
  static const Listing prompts;
};

constexpr CodeRequests::Listing CodeRequests::Listing::resources{
    ListKind::resources, "resources", &ServerFacts::resources, "resources"};
constexpr CodeRequests::Listing CodeRequests::Listing::templates{
    ListKind::resource_templates, "resourceTemplates", &ServerFacts::resources, "resources"};
constexpr CodeRequests::Listing CodeRequests::Listing::prompts{ListKind::prompts, "prompts",
                                                               &ServerFacts::prompts, "prompts"};

void CodeRequests::list_resources(Responder& responder, const Message& message) {
  list_offered(responder, message, Listing::resources);
}

void CodeRequests::list_resource_templates(Responder& responder, const Message& message) {
  list_offered(responder, message, Listing::templates);
}

void CodeRequests::list_prompts(Responder& responder, const Message& message) {
  list_offered(responder, message, Listing::prompts);
}

void CodeRequests::list_offered(Responder& responder, const Message& message,
                                const Listing& listing) {
  std::array<Member, 1> members{{{"server"}}};
  if (!read_strings(responder, message, members)) return;
  const CatalogueServer* server = find_server(responder, members[0].value);
  if (server == nullptr) return;
  const std::shared_ptr<Downstream> downstream = find_downstream(responder, *server);
  if (!downstream) return;
  auto done = [downstream, &listing,
               waiting = keep_waiting(std::move(responder))](engine::mcp::ListPages pages) {
    if (!*waiting) return;
    if (listing.known_to_lack(*downstream)) {
      waiting->error(engine::mcp::method_not_found, listing.refusal(*downstream));
    } else if (pages.error) {
      const bool late = pages.error == Errc::timed_out || pages.error == Errc::cancelled;
      waiting->error(late ? timed_out_code : server_failed_code, pages.message);
    } else {
      waiting->result(std::string_view(joined(pages.pages, listing.member)));
    }
  };
  downstream->list(listing.kind, deadline_of(*server), std::move(done));
}

void CodeRequests::read_resource(Responder& responder, const Message& message) {
  std::array<Member, 2> members{{{"server"}, {"uri"}}};
  if (!read_strings(responder, message, members)) return;
  const CatalogueServer* server = find_server(responder, members[0].value);
  if (server == nullptr) return;
  if (!is_string(members[1].value)) {
    responder.error(engine::mcp::invalid_params, "'uri' must be a string");
    return;
  }
  const RawJson uri{members[1].value, message.frame.owner};
  ask_server(std::move(responder), *server, "resources/read", Payload(R"({"uri":)", uri, "}"),
             Listing::resources);
}

void CodeRequests::get_prompt(Responder& responder, const Message& message) {
  std::array<Member, 3> members{{{"server"}, {"name"}, {"arguments"}}};
  if (!read_strings(responder, message, members)) return;
  const CatalogueServer* server = find_server(responder, members[0].value);
  if (server == nullptr) return;
  if (!is_string(members[1].value)) {
    responder.error(engine::mcp::invalid_params, "'name' must be a string");
    return;
  }
  const auto arguments = read_arguments(responder, message, members[2].value);
  if (!arguments) return;
  const std::string head = R"({"name":)" + std::string(members[1].value) + R"(,"arguments":)";
  ask_server(std::move(responder), *server, "prompts/get", Payload(head, *arguments, "}"),
             Listing::prompts);
}

void CodeRequests::ask_server(Responder responder, const CatalogueServer& server,
                              std::string_view method, const Payload& params,
                              const Listing& listing) {
  const std::shared_ptr<Downstream> downstream = find_downstream(responder, server);
  if (!downstream) return;
  if (listing.known_to_lack(*downstream)) {
    responder.error(engine::mcp::method_not_found, listing.refusal(*downstream));
    return;
  }
  const Place place = enter_call(std::move(responder), downstream);
  auto callback = [self = shared_from_this(), place, &listing](engine::mcp::Outcome outcome) {
    const Downstream* asked = self->calls_[place.index].downstream.get();
    // It may have been started only for this, and may answer anything to what it does not know.
    if (outcome.error == Errc::remote_error && asked != nullptr && listing.known_to_lack(*asked)) {
      self->finish_call(place, engine::mcp::method_not_found, listing.refusal(*asked));
    } else {
      self->finish_call(place, outcome);
    }
  };
  engine::mcp::CallContext context;
  context.tag = tag_;
  calls_[place.index].ticket = downstream->call(method, params, deadline_of(server),
                                                std::move(context), std::move(callback));
}

}  // namespace headrace::server
