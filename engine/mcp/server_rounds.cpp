// How requests that take their time are let in, and how they go on with their client's next round.
#include <headrace/engine/mcp/dom_members.hpp>
#include <headrace/engine/mcp/raw_members.hpp>
#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/framing/object_walk.hpp>

#include <array>
#include <random>
#include <utility>

#include <simdjson.h>

namespace headrace::engine::mcp {
namespace {

using framing::Fault;
using framing::Member;
namespace dom = simdjson::dom;

constexpr std::size_t most_suspended = 256;

bool is_escaped(std::string_view raw) {
  return raw.find('\\') != std::string_view::npos;
}

// Raw, a view into `raw_meta`; empty when there is none.
std::string_view progress_token(std::string_view raw_meta, framing::ObjectScanner& scanner) {
  std::array<Member, 1> members{{{"progressToken"}}};
  if (!is_object(raw_meta) || scanner.scan_members(raw_meta, members) != Fault::none) return {};
  const std::string_view token = members[0].value;
  const bool may_be =
      is_string(token) || (!token.empty() && token.front() != '{' && token.front() != '[' &&
                           token != "null" && token != "true" && token != "false");
  return may_be ? token : std::string_view();
}

// What is not between the client and us. The level of log messages is passed on, for servers send
// none where nobody asks for them.
std::string other_meta(std::string_view raw_meta, framing::StructuralIndex& index) {
  std::string others;
  if (!is_object(raw_meta) || index.build(raw_meta) != Fault::none) return others;
  framing::ObjectWalk walk(raw_meta, index);
  if (walk.begin() != Fault::none) return others;
  framing::ObjectWalk::Item item;
  while (walk.next(item)) {
    std::string key;
    if (!framing::append_unescaped(key, item.key)) continue;
    if (key == "progressToken" || key == meta_key::protocol_version ||
        key == meta_key::client_info || key == meta_key::client_capabilities) {
      continue;
    }
    if (!others.empty()) others += ',';
    framing::append_quoted(others, key);
    others.append(":").append(item.value);
  }
  return others;
}

// 256 bits that nobody can guess: what the system has in its pool.
std::string make_state() {
  std::random_device random;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string state = "hr1-";
  for (int word = 0; word < 8; ++word) {
    std::uint32_t bits = random();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4)
      state += digits[bits & 15U];
  }
  return state;
}

// Clients may write the same arguments with other spaces.
bool are_same(std::string_view one, std::string_view other) {
  if (one == other) return true;
  dom::parser parsers[2];
  dom::element elements[2];
  return parse_json(parsers[0], one, elements[0]) && parse_json(parsers[1], other, elements[1]) &&
         std::string(simdjson::minify(elements[0])) == std::string(simdjson::minify(elements[1]));
}

using Answers = std::map<std::string, std::string, std::less<>>;

Answers read_answers(std::string_view raw) {
  Answers answers;
  framing::StructuralIndex index;
  if (index.build(raw) != Fault::none) return answers;
  framing::ObjectWalk walk(raw, index);
  if (walk.begin() != Fault::none) return answers;
  framing::ObjectWalk::Item item;
  while (walk.next(item)) {
    std::string key;
    if (framing::append_unescaped(key, item.key)) answers[key] = item.value;
  }
  return answers;
}

}  // namespace

std::shared_ptr<Request> ServerRole::admit(Responder& responder, std::string_view method,
                                           std::string_view name, RawJson arguments,
                                           std::string_view raw_meta) {
  auto request =
      std::make_shared<Request>(std::move(responder), method, name, std::move(arguments),
                                progress_token(raw_meta, scanner_), client_, weak_from_this());
  request->other_meta_ = other_meta(raw_meta, meta_index_);
  enter(*request);
  return request;
}

std::shared_ptr<Request> ServerRole::admit_or_resume(Responder& responder, const Message& message) {
  const std::string_view raw_name = parts_[RequestParts::name];
  std::string unescaped;
  if (parts_.bad[RequestParts::name] || !is_string(raw_name) ||
      (is_escaped(raw_name) && !framing::append_unescaped(unescaped, raw_name))) {
    responder.error(invalid_params, "'name' must be a string");
    return nullptr;
  }
  const std::string_view name =
      is_escaped(raw_name) ? unescaped : raw_name.substr(1, raw_name.size() - 2);
  const std::string_view arguments = parts_[RequestParts::arguments];
  const bool none = arguments.empty() || arguments == "null";
  if (parts_.bad[RequestParts::arguments] || (!none && !is_object(arguments))) {
    responder.error(invalid_params, "'arguments' must be an object");
    return nullptr;
  }
  if (parts_.bad[RequestParts::state] || parts_.bad[RequestParts::answers]) {
    responder.error(invalid_params, "'requestState' and 'inputResponses' may be there once each");
    return nullptr;
  }
  const std::string_view meta = parts_[RequestParts::meta];
  const std::string_view raw_state = parts_[RequestParts::state];
  const std::string_view raw_answers = parts_[RequestParts::answers];
  RawJson held;
  if (!none) held = {arguments, message.frame.owner};
  if (client_->era == Era::legacy || (raw_state.empty() && raw_answers.empty())) {
    return admit(responder, message.method, name, std::move(held), meta);
  }
  if (!raw_answers.empty() && !is_object(raw_answers)) {
    responder.error(invalid_params, "'inputResponses' must be an object");
    return nullptr;
  }
  Answers answers = read_answers(raw_answers);
  if (raw_state.empty()) {
    auto request = admit(responder, message.method, name, std::move(held), meta);
    request->answers_ = std::move(answers);
    return request;
  }
  std::string state;
  if (is_string(raw_state)) framing::append_unescaped(state, raw_state);
  const auto found = suspended_.find(state);
  // What it was given for comes with it again, or it was taken from elsewhere.
  const bool fits = found != suspended_.end() && found->second.request->method_ == message.method &&
                    found->second.request->name_ == name &&
                    are_same(found->second.request->raw_arguments().text, none ? "{}" : arguments);
  if (!fits) {
    responder.error(invalid_params,
                    "'requestState' is not one that waits for this request: it is unknown, was "
                    "used before, or has expired; make the request again without it");
    return nullptr;
  }
  const std::shared_ptr<Request> request = std::move(found->second.request);
  suspended_.erase(found);
  request->resume(std::move(responder), client_, progress_token(meta, scanner_),
                  std::move(answers));
  return nullptr;
}

std::string ServerRole::suspend(std::shared_ptr<Request> request) {
  if (suspended_.size() >= most_suspended) return {};
  std::string state = make_state();
  suspended_[state] = {std::move(request), Clock::now() + options_.question_limit};
  if (output_.rearm) output_.rearm();
  return state;
}

}  // namespace headrace::engine::mcp
