// Which questions a client can be asked, and what an answer looks like.
#include <headrace/engine/mcp/dom_members.hpp>
#include <headrace/engine/mcp/question.hpp>

#include <cmath>
#include <random>

#include <simdjson.h>

namespace headrace::engine::mcp {
namespace {

namespace dom = simdjson::dom;

bool has_text(dom::element object, std::string_view key) {
  return object[key].is_string();
}

bool is_elicit_result(dom::element result) {
  std::string_view action;
  if (result["action"].get(action) != simdjson::SUCCESS) return false;
  dom::element content;
  const bool content_fits =
      result["content"].get(content) != simdjson::SUCCESS || content.is_object();
  return content_fits && (action == "accept" || action == "decline" || action == "cancel");
}

bool is_message_result(dom::element result) {
  dom::element content;
  return has_text(result, "role") && has_text(result, "model") &&
         result["content"].get(content) == simdjson::SUCCESS &&
         (content.is_object() || content.is_array());
}

bool is_whole_number(dom::element value) {
  double number = 0;
  return value.get(number) == simdjson::SUCCESS && std::trunc(number) == number;
}

std::string elicitation_fault(dom::element params) {
  if (!has_text(params, "message")) return "'message' must be a string";
  dom::element mode;
  const bool named = params["mode"].get(mode) == simdjson::SUCCESS;
  const std::string_view kind = !named             ? "form"
                                : mode.is_string() ? std::string_view(mode)
                                                   : std::string_view();
  if (kind == "url") return has_text(params, "url") ? "" : "'url' must be a string";
  if (kind != "form") return "'mode' must be form or url";
  return params["requestedSchema"].is_object() ? "" : "'requestedSchema' must be an object";
}

std::string sampling_fault(dom::element params) {
  dom::array messages;
  if (params["messages"].get(messages) != simdjson::SUCCESS) return "'messages' must be an array";
  for (const dom::element message : messages) {
    dom::element content;
    const bool fits = has_text(message, "role") &&
                      message["content"].get(content) == simdjson::SUCCESS &&
                      (content.is_object() || content.is_array());
    if (!fits) return "a message must have `role` and `content`";
  }
  dom::element most;
  const bool limited = params["maxTokens"].get(most) == simdjson::SUCCESS && is_whole_number(most);
  return limited ? "" : "'maxTokens' must be a whole number";
}

}  // namespace

std::string question_fault(std::string_view method, std::string_view params) {
  const bool elicits = method == "elicitation/create";
  if (!elicits && method != "sampling/createMessage") return {};
  if (params.size() > longest_question)
    return "its params are longer than " + std::to_string(longest_question) + " bytes";
  dom::parser parser;
  dom::element asked;
  if (!parse_json(parser, params, asked) || !asked.is_object())
    return "its params must be an object";
  return elicits ? elicitation_fault(asked) : sampling_fault(asked);
}

std::string missing_capability(const ClientCapabilities& client, std::string_view method,
                               std::string_view params) {
  dom::parser parser;
  dom::element asked;
  const bool readable = parse_json(parser, params, asked);
  if (method == "elicitation/create") {
    std::string_view mode = "form";
    if (readable && asked["mode"].get(mode) != simdjson::SUCCESS) mode = "form";
    if (mode == "url") return client.elicitation_url ? "" : R"({"elicitation":{"url":{}}})";
    return client.elicitation_form ? "" : R"({"elicitation":{"form":{}}})";
  }
  if (method == "sampling/createMessage") {
    dom::element tools;
    const bool with_tools = readable && asked["tools"].get(tools) == simdjson::SUCCESS;
    if (!client.sampling) return with_tools ? R"({"sampling":{"tools":{}}})" : R"({"sampling":{}})";
    return with_tools && !client.sampling_tools ? R"({"sampling":{"tools":{}}})" : "";
  }
  if (method == "roots/list") return client.roots ? "" : R"({"roots":{}})";
  return "{}";
}

std::string with_elicitation_id(std::string_view params) {
  std::string text(params);
  dom::parser parser;
  dom::element asked;
  std::string_view mode;
  if (!parse_json(parser, text, asked) || asked["mode"].get(mode) != simdjson::SUCCESS ||
      mode != "url" || asked["elicitationId"].error() == simdjson::SUCCESS) {
    return text;
  }
  std::random_device random;
  text.insert(text.rfind('}'), ",\"elicitationId\":\"page-" + std::to_string(random()) + "-" +
                                   std::to_string(random()) + "\"");
  return text;
}

bool is_answer(std::string_view method, std::string_view result) {
  dom::parser parser;
  dom::element answer;
  if (!parse_json(parser, result, answer) || !answer.is_object()) return false;
  if (method == "elicitation/create") return is_elicit_result(answer);
  if (method == "sampling/createMessage") return is_message_result(answer);
  if (method == "roots/list") return answer["roots"].is_array();
  return false;
}

}  // namespace headrace::engine::mcp
