// Definitions of tools, and how a typed one answers.
#include <headrace/engine/mcp/tool.hpp>
#include <headrace/framing/json_writer.hpp>

namespace headrace::engine::mcp::detail {

using framing::JsonWriter;

std::string tool_definition(std::string_view name, std::string_view description,
                            const std::string& input_schema, const std::string& output_schema,
                            const ToolNotes& notes) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("name", name);
  if (!notes.title.empty()) writer.member("title", notes.title);
  if (!description.empty()) writer.member("description", description);
  writer.raw_member("inputSchema", notes.input_schema ? notes.input_schema->json : input_schema);
  const std::string& output = notes.output_schema ? notes.output_schema->json : output_schema;
  if (!output.empty()) writer.raw_member("outputSchema", output);
  const std::pair<std::string_view, std::optional<bool>> hints[] = {
      {"readOnlyHint", notes.read_only},
      {"destructiveHint", notes.destructive},
      {"idempotentHint", notes.idempotent},
      {"openWorldHint", notes.open_world}};
  bool any = false;
  for (const auto& [key, hint] : hints) {
    if (!hint) continue;
    if (!std::exchange(any, true)) writer.key("annotations").begin_object();
    writer.member(key, *hint);
  }
  if (any) writer.end_object();
  if (notes.meta) writer.raw_member("_meta", notes.meta->json);
  writer.end_object();
  return json;
}

bool read_arguments(Request& request, JsonValue& arguments) {
  std::string why;
  if (read_json(request.arguments(), arguments, why)) return true;
  request.error(invalid_params, "The arguments of '" + request.name() + "' can't be read: " + why);
  return false;
}

void ToolAnswer::done(Request& request) {
  done(request, ToolResult());
}

void ToolAnswer::done(Request& request, const ToolResult& result) {
  const std::string json = result.to_json();
  request.result(std::string_view(json));
}

void ToolAnswer::fail(Request& request, std::string_view why) {
  done(request, ToolResult::error(why));
}

}  // namespace headrace::engine::mcp::detail
