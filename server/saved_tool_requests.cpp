// What code asks about saved tools: to keep one, to forget one, and which there are.
#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/server/code_requests.hpp>
#include <headrace/server/request_parts.hpp>

#include <array>

namespace headrace::server {
namespace {

using engine::Message;
using engine::Responder;
using framing::Member;

// Another process that changes a saved tool is done with it in a moment.
constexpr auto busy_pause = std::chrono::milliseconds(20);
constexpr int busy_tries = 100;

}  // namespace

struct CodeRequests::ToolChange {
  using Make = std::function<SavedTools::Change()>;
  using Report = std::function<void(framing::JsonWriter&, const SavedTools::Change&)>;
  ToolChange(const engine::Executor& executor, std::shared_ptr<Responder> who, Make change,
             Report tell)
      : responder(std::move(who)),
        make(std::move(change)),
        report(std::move(tell)),
        timer(executor) {}

  std::shared_ptr<Responder> responder;
  Make make;
  Report report;  // writes the members of the result
  asio::steady_timer timer;
  int tries_left = busy_tries;
};

void CodeRequests::save_tool(Responder& responder, const Message& message) {
  std::array<Member, 2> members{{{"name"}, {"source"}}};
  if (!read_strings(responder, message, members)) return;
  if (!is_string(members[0].value) || !is_string(members[1].value)) {
    responder.error(engine::mcp::invalid_params, "'name' and 'source' must be strings");
    return;
  }
  auto make = [tools = saved_tools_, name = text_of(members[0].value),
               source = text_of(members[1].value)] { return tools->save(name, source); };
  auto report = [](framing::JsonWriter& writer, const SavedTools::Change& saved) {
    writer.member("path", saved.path).member("version", std::uint64_t{saved.version});
  };
  try_change(std::make_shared<ToolChange>(executor_, keep_waiting(std::move(responder)),
                                          std::move(make), std::move(report)));
}

void CodeRequests::delete_tool(Responder& responder, const Message& message) {
  std::array<Member, 1> members{{{"name"}}};
  if (!read_strings(responder, message, members)) return;
  if (!is_string(members[0].value)) {
    responder.error(engine::mcp::invalid_params, "'name' must be a string");
    return;
  }
  auto make = [tools = saved_tools_, name = text_of(members[0].value)] {
    return tools->remove(name);
  };
  auto report = [](framing::JsonWriter& writer, const SavedTools::Change& removed) {
    writer.member("version", std::uint64_t{removed.version});
  };
  try_change(std::make_shared<ToolChange>(executor_, keep_waiting(std::move(responder)),
                                          std::move(make), std::move(report)));
}

void CodeRequests::try_change(const std::shared_ptr<ToolChange>& change) {
  // Nobody wants it any more.
  if (!*change->responder) return;
  const SavedTools::Change done = change->make();
  if (done.outcome == SavedTools::Outcome::busy && change->tries_left > 0) {
    --change->tries_left;
    change->timer.expires_after(busy_pause);
    change->timer.async_wait([self = shared_from_this(), change](std::error_code error) {
      if (!error) self->try_change(change);
    });
    return;
  }
  if (done.outcome != SavedTools::Outcome::done) {
    change->responder->error(engine::mcp::invalid_params, done.error);
    return;
  }
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_object();
  change->report(writer, done);
  writer.end_object();
  change->responder->result(std::string_view(json));
}

void CodeRequests::saved_tools(Responder& responder, const Message&) {
  std::string json;
  framing::JsonWriter(json)
      .begin_object()
      .raw_member("tools", saved_tools_->as_detailed_json())
      .end_object();
  responder.result(std::string_view(json));
}

}  // namespace headrace::server
