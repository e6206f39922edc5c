// Holding the run's time, and saying which server asks.
#include <headrace/engine/mcp/request.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_scanner.hpp>
#include <headrace/server/run_questions.hpp>

#include <array>
#include <utility>

#include <simdjson.h>

namespace headrace::server {
namespace {

using engine::mcp::ClientCapabilities;
using engine::mcp::QuestionReply;
using engine::mcp::ReplyCallback;
using engine::mcp::Request;
using framing::JsonWriter;
using framing::Member;

// Clients name the server that they know, which is us: the user has to see who really asks (client/
// elicitation, "User Interaction Model"). Everything else goes through as it came.
std::string signed_params(std::string_view server, std::string_view params) {
  std::string text;
  text.reserve(params.size() + simdjson::SIMDJSON_PADDING);
  text = params;
  std::array<Member, 1> members{{{"message"}}};
  framing::ObjectScanner scanner;
  if (scanner.scan_members(text, members) != framing::Fault::none) return text;
  const std::string_view raw = members[0].value;
  std::string message = "Server '" + std::string(server) + "' asks: ";
  if (raw.empty() || raw.front() != '"' || !framing::append_unescaped(message, raw)) return text;
  std::string quoted;
  framing::append_quoted(quoted, message);
  text.replace(static_cast<std::size_t>(raw.data() - text.data()), raw.size(), quoted);
  return text;
}

}  // namespace

std::shared_ptr<const Respondent> respondent_of(const std::shared_ptr<Request>& request) {
  auto respondent = std::make_shared<Respondent>();
  respondent->capabilities = request->client().capabilities;
  respondent->ask = [weak = std::weak_ptr(request)](std::string_view method,
                                                    std::string_view params,
                                                    ReplyCallback done) -> std::uint64_t {
    if (const auto asked = weak.lock()) return asked->ask({}, method, params, std::move(done));
    done({{}, engine::mcp::internal_error, "the client's request has ended", true});
    return 0;
  };
  respondent->withdraw = [weak = std::weak_ptr(request)](std::uint64_t question) {
    if (const auto asked = weak.lock()) asked->withdraw(question);
  };
  respondent->give_up = [weak = std::weak_ptr(request)](engine::Clock::duration waited) {
    const auto asked = weak.lock();
    return asked && asked->give_up(waited);
  };
  return respondent;
}

std::string declared_capabilities(const ClientCapabilities& capabilities) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object();
  if (capabilities.elicitation_form || capabilities.elicitation_url) {
    writer.key("elicitation").begin_object();
    // Form alone is an empty object, which versions before 2025-11-25 understand too.
    if (capabilities.elicitation_url) {
      if (capabilities.elicitation_form) writer.key("form").begin_object().end_object();
      writer.key("url").begin_object().end_object();
    }
    writer.end_object();
  }
  if (capabilities.sampling) {
    writer.key("sampling").begin_object();
    if (capabilities.sampling_tools) writer.key("tools").begin_object().end_object();
    writer.end_object();
  }
  writer.end_object();
  return json;
}

std::uint64_t RunQuestions::ask(std::string_view server, std::string_view method,
                                std::string_view params, FindAsker find, ReplyCallback done) {
  const std::uint64_t number = ++last_;
  std::string text =
      method == "elicitation/create" ? signed_params(server, params) : std::string(params);
  open_.emplace(
      number,
      Open{std::string(method), std::move(text), std::move(find), {}, {}, 0, std::move(done)});
  ask_next(number);
  return open_.find(number) == open_.end() ? 0 : number;
}

void RunQuestions::ask_next(std::uint64_t number) {
  Open& open = open_.at(number);
  const Asker asker = open.find(open.tried);
  const std::shared_ptr<const Respondent>& respondent = asker.respondent;
  if (!respondent || !respondent->ask) {
    finish(number, {{}, engine::mcp::method_not_found, "there is no client to ask at the moment"});
    return;
  }
  if (!missing_capability(respondent->capabilities, open.method, open.params).empty()) {
    finish(number,
           {{}, engine::mcp::method_not_found, "the client can't answer '" + open.method + "'"});
    return;
  }
  if (asker.session) asker.session->hold_deadline();
  open.session = asker.session;
  open.tried.push_back(respondent);
  auto answered = [weak = weak_from_this(), number](QuestionReply reply) {
    if (const auto self = weak.lock()) self->on_reply(number, std::move(reply));
  };
  const std::uint64_t question = respondent->ask(open.method, open.params, std::move(answered));
  const auto still_open = open_.find(number);
  // Answered from inside, or asked of the next one already.
  if (still_open == open_.end() || still_open->second.tried.back() != respondent) return;
  still_open->second.question = question;
}

void RunQuestions::withdraw(std::uint64_t number) {
  auto taken = open_.extract(number);
  if (taken.empty()) return;
  const Open& open = taken.mapped();
  if (const auto session = open.session.lock()) session->release_deadline();
  const Respondent& asked = *open.tried.back();
  if (asked.withdraw) asked.withdraw(open.question);
}

void RunQuestions::on_reply(std::uint64_t number, QuestionReply reply) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  if (const auto session = std::exchange(found->second.session, {}).lock())
    session->release_deadline();
  // A run that is over was the wrong one, if another still waits for this server.
  if (reply.request_over) {
    ask_next(number);
  } else {
    finish(number, std::move(reply));
  }
}

void RunQuestions::finish(std::uint64_t number, QuestionReply reply) {
  auto taken = open_.extract(number);
  if (!taken.empty()) taken.mapped().done(std::move(reply));
}

}  // namespace headrace::server
