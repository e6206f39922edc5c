// Calls of a gateway's client on their way to servers, and what these ask meanwhile on its way
// back.
#include <headrace/server/gateway_calls.hpp>

#include <algorithm>

namespace headrace::server {
namespace {

using engine::Deadline;
using engine::Errc;
using engine::Payload;
using engine::mcp::Outcome;
using engine::mcp::Request;
using engine::mcp::ServerRole;

// As official SDKs say it.
constexpr std::int64_t server_failed = -32000;
constexpr std::int64_t timed_out = -32001;

}  // namespace

GatewayCalls::~GatewayCalls() {
  for (const Call& call : calls_) {
    if (call.request) call.request->on_cancel = nullptr;
  }
}

void GatewayCalls::connect(std::shared_ptr<Registry> registry, std::weak_ptr<ServerRole> role) {
  registry_ = std::move(registry);
  role_ = std::move(role);
}

std::uint32_t GatewayCalls::enter(std::shared_ptr<Request> request,
                                  std::shared_ptr<Downstream> server) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(calls_.size()));
    calls_.emplace_back();
  }
  const std::uint32_t place = free_.back();
  free_.pop_back();
  calls_[place] = {std::move(request), std::move(server), 0, ++last_number_, nullptr};
  return place;
}

void GatewayCalls::call(std::shared_ptr<Request> request, const GatewayTool& tool) {
  std::shared_ptr<Downstream> server = registry_->downstream(tool.server);
  if (!server) {
    request->error(server_failed, registry_->why_unavailable(tool.server));
    return;
  }
  engine::mcp::CallContext context;
  context.as_task = tool.needs_task;
  context.meta = request->other_meta();
  if (request->wants_progress()) {
    context.on_progress = [weak =
                               std::weak_ptr(request)](const engine::mcp::ProgressUpdate& update) {
      if (const auto told = weak.lock())
        told->progress(update.progress, update.total, update.message);
    };
  }
  const auto limit = tool.call_timeout.count() > 0 ? tool.call_timeout : timeout_;
  const Deadline deadline = limit.count() > 0 ? Deadline::after(limit) : Deadline();
  const std::uint32_t place = enter(std::move(request), std::move(server));
  Call& call = calls_[place];
  const std::uint64_t number = call.number;
  context.tag = number;
  // Small enough for the function's own memory.
  call.request->on_cancel = [this, place] { cancel(place); };
  auto ended = [self = shared_from_this(), place, number](Outcome&& outcome) {
    self->finish(place, number, std::move(outcome));
  };
  call.ticket = call.server->call_tool(tool.tool, call.request->raw_arguments(), deadline,
                                       std::move(context), std::move(ended));
}

void GatewayCalls::cancel(std::uint32_t place) {
  // It may end, and its place be another's, before this returns.
  const std::shared_ptr<Downstream> server = calls_[place].server;
  server->cancel(calls_[place].ticket, "the client has cancelled it");
}

void GatewayCalls::finish(std::uint32_t place, std::uint64_t number, Outcome&& outcome) {
  if (calls_[place].number != number) return;
  const Call call = std::exchange(calls_[place], {});
  free_.push_back(place);
  Request& request = *call.request;
  request.on_cancel = nullptr;
  const Payload body({}, {outcome.answer.body, std::move(outcome.answer.frame.owner)}, {});
  if (!outcome.error) {
    request.result(body);
  } else if (outcome.error == Errc::remote_error) {
    request.raw_error(body);
  } else {
    request.error(outcome.error == Errc::timed_out ? timed_out : server_failed, outcome.message);
  }
}

std::uint64_t GatewayCalls::ask(const Downstream& server, const engine::mcp::Question& question,
                                engine::mcp::ReplyCallback reply) {
  auto find = [weak = weak_from_this(), asking = server.weak_from_this(),
               tag = question.call_tag](const Respondents& tried) {
    const auto self = weak.lock();
    const auto downstream = asking.lock();
    return self && downstream ? self->find_asker(downstream.get(), tag, tried) : Asker{};
  };
  return questions_->ask(server.spec().name, question.method, question.params, std::move(find),
                         std::move(reply));
}

// A legacy client can be asked at any time. A modern one only in the course of a request: that is
// the call which the question belongs to, or, since legacy servers don't say, their latest one.
Asker GatewayCalls::find_asker(const Downstream* server, std::uint64_t tag,
                               const Respondents& tried) {
  const auto role = role_.lock();
  if (!role) return {};
  if (role->client().era == engine::mcp::Era::legacy)
    return tried.empty() ? Asker{whole_client(), nullptr} : Asker{};
  Call* latest = nullptr;
  for (Call& call : calls_) {
    if (call.number == 0 || call.server.get() != server || (tag != 0 && call.number != tag))
      continue;
    if (call.respondent && std::count(tried.begin(), tried.end(), call.respondent) > 0) continue;
    if (latest == nullptr || call.number > latest->number) latest = &call;
  }
  if (latest == nullptr) return {};
  if (!latest->respondent) latest->respondent = respondent_of(latest->request);
  return {latest->respondent, nullptr};
}

std::shared_ptr<const Respondent> GatewayCalls::whole_client() {
  const auto role = role_.lock();
  auto respondent = std::make_shared<Respondent>();
  respondent->capabilities = role->client().capabilities;
  respondent->ask = [weak = role_](std::string_view method, std::string_view params,
                                   engine::mcp::ReplyCallback done) -> std::uint64_t {
    if (const auto asked = weak.lock()) return asked->ask(method, params, std::move(done));
    done({{}, engine::mcp::internal_error, "the client is gone"});
    return 0;
  };
  respondent->withdraw = [weak = role_](std::uint64_t question) {
    if (const auto asked = weak.lock()) asked->withdraw(question);
  };
  return respondent;
}

}  // namespace headrace::server
