// What code asks to have changed about its servers: to look again, to add one, to remove one.
#include <headrace/discovery/docs.hpp>
#include <headrace/discovery/given_entry.hpp>
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/code_requests.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/request_parts.hpp>

#include <array>

namespace headrace::server {
namespace {

using discovery::CatalogueServer;
using engine::Message;
using engine::Responder;
using framing::Member;

constexpr std::size_t shown_name = 100;

}  // namespace

std::string CodeRequests::describe_change(const std::vector<std::string>& notes) const {
  const std::vector<const CatalogueServer*> servers = reachable();
  std::string list;
  discovery::append_run_servers(list, servers);
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_object().member("servers", servers.size()).raw_member("run_servers", list);
  if (!notes.empty()) {
    writer.key("notes").begin_array();
    for (const std::string& note : notes)
      writer.value(note);
    writer.end_array();
  }
  writer.end_object();
  return json;
}

void CodeRequests::reload(Responder& responder, const Message&) {
  registry_->refresh();
  responder.result(std::string_view(describe_change()));
}

bool CodeRequests::may_change_servers(Responder& responder) const {
  if (allow_adding) return true;
  responder.error(engine::mcp::invalid_request,
                  "code may not add or remove servers here, since they run on the host: the user "
                  "allows it with MCP_BRIDGE_ALLOW_ADD_SERVERS=1, or writes them into a file in "
                  "~/MCPs, after which runtime.reload() finds them");
  return false;
}

void CodeRequests::add_server(Responder& responder, const Message& message) {
  if (!may_change_servers(responder)) return;
  std::array<Member, 2> members{{{"name"}, {"config"}}};
  if (!read_strings(responder, message, members)) return;
  const std::string name = text_of(members[0].value);
  const std::string_view config = members[1].value;
  if (!is_string(members[0].value) || !config.starts_with('{')) {
    responder.error(engine::mcp::invalid_params, "'name' must be a string, 'config' an object");
    return;
  }
  registry_->refresh();
  discovery::GivenEntry given = discovery::read_given_entry(name, config, registry_->home());
  std::string why = joined(given.messages, "; ");
  if (given.spec) {
    given.spec->owner = tag_;
    why = registry_->add(std::move(*given.spec));
  }
  if (!why.empty()) {
    responder.error(engine::mcp::invalid_params,
                    "server '" + one_line(name, shown_name) + "' can't be added: " + why);
    return;
  }
  const auto waiting = keep_waiting(std::move(responder));
  auto done = [self = shared_from_this(), waiting, name,
               notes = std::move(given.messages)](const std::string& error) mutable {
    const CatalogueServer* added = self->registry_->catalogue().find_server(name);
    const bool is_there = added != nullptr && added->spec().owner == self->tag_;
    if (!error.empty()) {
      // One that runs, but has no list of tools to give, may have something else.
      const auto downstream = is_there ? self->registry_->downstream(name) : nullptr;
      if (!downstream || downstream->phase() != engine::mcp::Phase::ready) {
        self->registry_->remove(name, self->tag_);
        if (*waiting) waiting->error(server_failed_code, error);
        return;
      }
      notes.push_back(error);
    }
    if (!*waiting) return;
    if (is_there && self->reach_.only) self->reach_.only->insert(name);
    waiting->result(std::string_view(self->describe_change(notes)));
  };
  registry_->with_tools(name, Freshness::confirmed, deadline(), std::move(done));
}

void CodeRequests::remove_server(Responder& responder, const Message& message) {
  if (!may_change_servers(responder)) return;
  std::array<Member, 1> members{{{"name"}}};
  if (!read_strings(responder, message, members)) return;
  const CatalogueServer* server = find_server(responder, members[0].value);
  if (server == nullptr) return;
  const discovery::ServerSpec spec = server->spec();
  if (!registry_->remove(spec.name, tag_)) {
    responder.error(engine::mcp::invalid_params,
                    "server '" + spec.name + "' was not added by this session: " +
                        spec.source.file + " defines it, and is to be changed");
    return;
  }
  if (reach_.only) reach_.only->erase(spec.name);
  responder.result(std::string_view(describe_change()));
}

}  // namespace headrace::server
