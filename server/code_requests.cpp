// Which request of the interpreter is answered by what; the calls of tools.
#include <headrace/discovery/nearest_name.hpp>
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/code_requests.hpp>
#include <headrace/server/request_parts.hpp>

#include <algorithm>
#include <array>

namespace headrace::server {
namespace {

using discovery::ArgumentCheck;
using discovery::CatalogueServer;
using discovery::ToolDoc;
using engine::Errc;
using engine::Message;
using engine::Payload;
using engine::RawJson;
using engine::Responder;
using engine::mcp::Downstream;
using framing::Member;

std::string not_found(std::string_view tool, const CatalogueServer& server) {
  std::string text = "Tool '" + std::string(tool) + "' not found for server " + server.spec().name;
  std::vector<std::string_view> names;
  for (const ToolDoc& other : server.tools())
    names.push_back(other.name);
  const std::size_t nearest = discovery::nearest_name(tool, names);
  if (nearest < names.size()) text.append("; did you mean '").append(names[nearest]).append("'?");
  return text;
}

}  // namespace

const CodeRequests::Route CodeRequests::routes[] = {
    {"call_tool", &CodeRequests::call_tool},
    {"list_servers", &CodeRequests::list_servers},
    {"list_tools", &CodeRequests::list_tools},
    {"query_tool_docs", &CodeRequests::query_tool_docs},
    {"search_tool_docs", &CodeRequests::search_tool_docs},
    {"reload", &CodeRequests::reload},
    {"add_server", &CodeRequests::add_server},
    {"remove_server", &CodeRequests::remove_server},
    {"save_tool", &CodeRequests::save_tool},
    {"delete_tool", &CodeRequests::delete_tool},
    {"saved_tools", &CodeRequests::saved_tools},
    {"list_resources", &CodeRequests::list_resources},
    {"list_resource_templates", &CodeRequests::list_resource_templates},
    {"read_resource", &CodeRequests::read_resource},
    {"list_prompts", &CodeRequests::list_prompts},
    {"get_prompt", &CodeRequests::get_prompt},
};

void CodeRequests::on_request(Responder responder, const Message& message) {
  for (const Route& route : routes) {
    if (route.method == message.method) {
      (this->*route.handler)(responder, message);
      return;
    }
  }
  responder.error(engine::mcp::method_not_found,
                  "Method not found: " + std::string(message.method));
}

bool CodeRequests::read_strings(Responder& responder, const Message& message,
                                std::span<Member> members) {
  if (message.params.empty() ||
      scanner_.scan_members(message.params, members, message.tokens) != framing::Fault::none) {
    responder.error(engine::mcp::invalid_params, "the parameters are not an object");
    return false;
  }
  return true;
}

const CatalogueServer* CodeRequests::find_server(Responder& responder, std::string_view raw_name) {
  server_name_.clear();
  if (!is_string(raw_name) || !framing::append_unescaped(server_name_, raw_name)) {
    responder.error(engine::mcp::invalid_params, "'server' must be a string");
    return nullptr;
  }
  const CatalogueServer* server = registry_->catalogue().find_server(server_name_);
  if (server == nullptr || !reach_.allows(server->spec())) {
    responder.error(not_available_code, registry_->why_unavailable(server_name_));
    return nullptr;
  }
  return server;
}

void CodeRequests::call_tool(Responder& responder, const Message& message) {
  std::array<Member, 4> members{{{"server"}, {"tool"}, {"arguments"}, {"progress"}}};
  if (!read_strings(responder, message, members)) return;
  const CatalogueServer* server = find_server(responder, members[0].value);
  if (server == nullptr) return;
  tool_name_.clear();
  if (!is_string(members[1].value) || !framing::append_unescaped(tool_name_, members[1].value)) {
    responder.error(engine::mcp::invalid_params, "'tool' must be a string");
    return;
  }
  const auto arguments = read_arguments(responder, message, members[2].value);
  if (!arguments) return;
  const bool wants_progress = members[3].value == "true";
  const ToolDoc* tool = server->find_tool(tool_name_);
  if (tool != nullptr) {
    const ArgumentCheck check =
        server->argument_rules(*tool).check(arguments->text, argument_index_);
    if (check.error.empty() || server->is_confirmed()) {
      start_call(std::move(responder), *server, *tool, *arguments, check, wants_progress);
      return;
    }
  }
  // The name may be an alias, and the server may have changed: its tools have to be known first.
  // The arguments are kept meanwhile.
  auto suits = [this, frame = message.frame, text = arguments->text](const CatalogueServer& listed,
                                                                     const ToolDoc& known) {
    return listed.argument_rules(known).check(text, argument_index_).error.empty();
  };
  auto found = [this, frame = message.frame, text = arguments->text, wants_progress](
                   Responder waiting, const CatalogueServer& listed, const ToolDoc& known) {
    const ArgumentCheck check = listed.argument_rules(known).check(text, argument_index_);
    start_call(std::move(waiting), listed, known, {text, frame.owner}, check, wants_progress);
  };
  with_tool(std::move(responder), *server, {&CatalogueServer::find_tool, tool_name_, suits},
            std::move(found));
}

std::shared_ptr<Downstream> CodeRequests::find_downstream(Responder& responder,
                                                          const CatalogueServer& server) {
  std::shared_ptr<Downstream> downstream = registry_->downstream(server.spec().name);
  if (!downstream)
    responder.error(not_available_code, registry_->why_unavailable(server.spec().name));
  return downstream;
}

engine::Deadline CodeRequests::deadline_of(const CatalogueServer& server) const {
  const std::chrono::milliseconds limit = server.spec().call_timeout;
  if (limit <= std::chrono::milliseconds(0)) return deadline();
  return deadline().earlier(engine::Deadline::after(limit));
}

CodeRequests::Place CodeRequests::enter_call(Responder responder,
                                             const std::shared_ptr<Downstream>& downstream) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(calls_.size()));
    calls_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Call& call = calls_[index];
  call.responder = std::move(responder);
  call.downstream = downstream;
  call.began = engine::Clock::now();
  call.active = true;
  return {index, ++call.generation};
}

void CodeRequests::start_call(Responder responder, const CatalogueServer& server,
                              const ToolDoc& tool, const RawJson& arguments,
                              const ArgumentCheck& check, bool wants_progress) {
  if (!check.error.empty()) {
    responder.error(engine::mcp::invalid_params, "mcp_" + server.spec().alias + "." + check.error);
    return;
  }
  const std::shared_ptr<Downstream> downstream = find_downstream(responder, server);
  if (!downstream) return;
  const Place place = enter_call(std::move(responder), downstream);
  auto callback = [self = shared_from_this(), place](const engine::mcp::Outcome& outcome) {
    self->finish_call(place, outcome);
  };
  const engine::Deadline until = deadline_of(server);
  Call& call = calls_[place.index];
  engine::mcp::CallContext context;
  context.tag = tag_;
  context.as_task = tool.needs_task;
  if (wants_progress || on_progress) {
    context.on_progress = progress_hook(call, place, server.spec().name, tool.name, wants_progress);
  }
  const RawJson rewritten{check.rewritten ? std::string_view(*check.rewritten) : "", {}};
  call.ticket = downstream->call_tool(tool.name, check.rewritten ? rewritten : arguments, until,
                                      std::move(context), std::move(callback));
}

std::function<void(const engine::mcp::ProgressUpdate&)> CodeRequests::progress_hook(
    Call& call, Place place, const std::string& server, const std::string& tool,
    bool for_the_code) {
  if (!for_the_code) {
    return [told = on_progress, server, tool](const engine::mcp::ProgressUpdate& update) {
      told(server, tool, update);
    };
  }
  // It is over before its call's place is anybody else's.
  auto send = [weak = weak_from_this(), index = place.index](const std::string& params, bool owed) {
    const auto self = weak.lock();
    return self &&
           self->calls_[index].responder.notify("call_progress", std::string_view(params), owed);
  };
  call.progress = std::make_shared<CallProgress>(executor_, std::move(send));
  return [progress = call.progress, id = std::string(call.responder.id()), told = on_progress,
          server, tool](const engine::mcp::ProgressUpdate& update) {
    progress->tell(call_progress_params(id, update.progress, update.total, update.message));
    if (told) told(server, tool, update);
  };
}

std::optional<Responder> CodeRequests::leave_call(Place place) {
  Call& call = calls_[place.index];
  if (!call.active || call.generation != place.generation) return {};
  if (call.progress) std::exchange(call.progress, nullptr)->finish();
  ++tally_.calls;
  tally_.time += engine::Clock::now() - call.began;
  Responder responder = std::move(call.responder);
  call.downstream.reset();
  call.active = false;
  free_.push_back(place.index);
  return responder;
}

void CodeRequests::finish_call(Place place, const engine::mcp::Outcome& outcome) {
  std::optional<Responder> responder = leave_call(place);
  if (!responder) return;
  const engine::Answer& answer = outcome.answer;
  if (!outcome.error) {
    responder->result(Payload({}, {answer.body, answer.frame.owner}, {}));
  } else if (outcome.error == Errc::remote_error) {
    responder->raw_error(Payload({}, {answer.body, answer.frame.owner}, {}));
  } else if (outcome.error == Errc::timed_out || outcome.error == Errc::cancelled) {
    responder->error(timed_out_code, outcome.message);
  } else {
    responder->error(server_failed_code, outcome.message);
  }
}

void CodeRequests::finish_call(Place place, std::int64_t code, std::string_view error) {
  std::optional<Responder> responder = leave_call(place);
  if (responder) responder->error(code, error);
}

void CodeRequests::on_cancelled(std::string_view id) {
  for (const auto& weak : waiting_) {
    const auto waiting = weak.lock();
    if (waiting && waiting->id() == id) waiting->discard();
  }
  for (Call& call : calls_) {
    if (!call.active || call.responder.id() != id) continue;
    call.downstream->cancel(call.ticket, "the code no longer waits for it");
    return;
  }
}

std::optional<engine::Clock::time_point> CodeRequests::latest_call_to(
    const engine::mcp::Downstream& server) const {
  std::optional<engine::Clock::time_point> latest;
  for (const Call& call : calls_) {
    if (call.active && call.downstream.get() == &server && (!latest || call.began > *latest))
      latest = call.began;
  }
  return latest;
}

void CodeRequests::cancel_all() {
  for (const auto& weak : waiting_) {
    if (const auto waiting = weak.lock()) waiting->discard();
  }
  // Ending one may begin another's place anew: by index.
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    if (!calls_[i].active) continue;
    calls_[i].responder.discard();
    const std::shared_ptr<engine::mcp::Downstream> downstream = calls_[i].downstream;
    downstream->cancel(calls_[i].ticket, "the code that waited for it is gone");
  }
}

std::vector<const CatalogueServer*> CodeRequests::reachable() const {
  std::vector<const CatalogueServer*> servers;
  for (const CatalogueServer& server : registry_->catalogue().servers()) {
    if (reach_.allows(server.spec())) servers.push_back(&server);
  }
  return servers;
}

std::shared_ptr<Responder> CodeRequests::keep_waiting(Responder responder) {
  // A std::function must be copyable, and a Responder is not.
  const auto waiting = std::make_shared<Responder>(std::move(responder));
  std::erase_if(waiting_, [](const auto& weak) { return weak.expired(); });
  waiting_.push_back(waiting);
  return waiting;
}

void CodeRequests::with_tools_of(Responder responder, const CatalogueServer& server,
                                 Freshness freshness,
                                 std::function<void(Responder, const CatalogueServer&)> then) {
  const std::string name = server.spec().name;
  const std::shared_ptr<Responder> waiting = keep_waiting(std::move(responder));
  auto done = [self = shared_from_this(), name, waiting,
               then = std::move(then)](const std::string& error) {
    // Given up meanwhile: a tool must not be called for nobody.
    if (!*waiting) return;
    const CatalogueServer* listed = self->registry_->catalogue().find_server(name);
    if (!error.empty() || listed == nullptr) {
      waiting->error(server_failed_code,
                     error.empty() ? self->registry_->why_unavailable(name) : error);
      return;
    }
    then(std::move(*waiting), *listed);
  };
  registry_->with_tools(name, freshness, deadline(), std::move(done));
}

// A tool that is not in the list that is known, or is other than it should be, may be in the one
// that the server gives now.
void CodeRequests::with_tool(Responder responder, const CatalogueServer& server,
                             const ToolWanted& wanted, ToolFound found) {
  auto look = [wanted, found](Responder waiting, const CatalogueServer& listed) {
    if (const ToolDoc* tool = (listed.*wanted.find)(wanted.name)) {
      found(std::move(waiting), listed, *tool);
    } else {
      waiting.error(tool_not_found_code, not_found(wanted.name, listed));
    }
  };
  auto look_first = [this, wanted, look](Responder waiting, const CatalogueServer& listed) {
    const ToolDoc* tool = (listed.*wanted.find)(wanted.name);
    const bool suits = tool != nullptr && (!wanted.suits || wanted.suits(listed, *tool));
    if (suits || listed.is_confirmed()) {
      look(std::move(waiting), listed);
    } else {
      with_tools_of(std::move(waiting), listed, Freshness::confirmed, look);
    }
  };
  with_tools_of(std::move(responder), server, Freshness::known, std::move(look_first));
}

}  // namespace headrace::server
