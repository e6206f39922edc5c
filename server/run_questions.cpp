// Holding the run's time, and saying which server asks.
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
                                std::string_view params,
                                std::shared_ptr<const Respondent> respondent,
                                std::shared_ptr<sandbox::Session> session, ReplyCallback done) {
  if (!respondent || !respondent->ask || !session) {
    done({{}, engine::mcp::method_not_found, "there is no client to ask at the moment"});
    return 0;
  }
  if (!missing_capability(respondent->capabilities, method, params).empty()) {
    done({{},
          engine::mcp::method_not_found,
          "the client can't answer '" + std::string(method) + "'"});
    return 0;
  }
  const std::uint64_t number = ++last_;
  session->hold_deadline();
  open_.emplace(number, Open{respondent, session, 0, std::move(done)});
  auto answered = [weak = weak_from_this(), number](QuestionReply reply) {
    if (const auto self = weak.lock()) self->finish(number, std::move(reply));
  };
  const std::string signed_text =
      method == "elicitation/create" ? signed_params(server, params) : std::string(params);
  const std::uint64_t question = respondent->ask(method, signed_text, std::move(answered));
  const auto still_open = open_.find(number);
  if (still_open == open_.end()) return 0;
  still_open->second.question = question;
  return number;
}

void RunQuestions::withdraw(std::uint64_t number) {
  auto taken = open_.extract(number);
  if (taken.empty()) return;
  const Open& open = taken.mapped();
  if (const auto session = open.session.lock()) session->release_deadline();
  if (open.respondent->withdraw) open.respondent->withdraw(open.question);
}

void RunQuestions::finish(std::uint64_t number, QuestionReply reply) {
  auto taken = open_.extract(number);
  if (taken.empty()) return;
  Open& open = taken.mapped();
  if (const auto session = open.session.lock()) session->release_deadline();
  open.done(std::move(reply));
}

}  // namespace headrace::server
