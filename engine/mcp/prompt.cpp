// Definitions of prompts, and how one answers.
#include <headrace/engine/mcp/prompt.hpp>
#include <headrace/framing/json_writer.hpp>

namespace headrace::engine::mcp::detail {

using framing::JsonWriter;

std::string prompt_definition(std::string_view name, std::string_view description,
                              const std::vector<PromptArgument>& arguments) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("name", name);
  if (!description.empty()) writer.member("description", description);
  if (!arguments.empty()) {
    writer.key("arguments").begin_array();
    for (const PromptArgument& argument : arguments) {
      writer.begin_object().member("name", argument.name);
      if (!argument.description.empty()) writer.member("description", argument.description);
      writer.member("required", argument.required).end_object();
    }
    writer.end_array();
  }
  writer.end_object();
  return json;
}

void PromptAnswer::done(Request& request, const std::vector<PromptMessage>& messages) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("messages").begin_array();
  for (const PromptMessage& message : messages)
    writer.raw(message.to_json());
  writer.end_array().end_object();
  request.result(std::string_view(json));
}

void PromptAnswer::fail(Request& request, std::string_view why) {
  request.error(internal_error, why);
}

}  // namespace headrace::engine::mcp::detail
