// Which questions a client can be asked, and what an answer looks like.
#include <headrace/engine/mcp/question.hpp>

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

}  // namespace

std::string missing_capability(const ClientCapabilities& client, std::string_view method,
                               std::string_view params) {
  dom::parser parser;
  dom::element asked;
  const bool readable =
      !params.empty() && parser.parse(params.data(), params.size()).get(asked) == simdjson::SUCCESS;
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

bool is_answer(std::string_view method, std::string_view result) {
  dom::parser parser;
  dom::element answer;
  if (result.empty() ||
      parser.parse(result.data(), result.size()).get(answer) != simdjson::SUCCESS ||
      !answer.is_object()) {
    return false;
  }
  if (method == "elicitation/create") return is_elicit_result(answer);
  if (method == "sampling/createMessage") return is_message_result(answer);
  if (method == "roots/list") return answer["roots"].is_array();
  return false;
}

}  // namespace headrace::engine::mcp
