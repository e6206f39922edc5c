// Tools that answer by themselves.
#include <headrace/engine/mcp/tool.hpp>

#include "fixture.hpp"

namespace fixture {

using headrace::engine::LogLevel;
using mcp::Content;
using mcp::NoArguments;
using mcp::ToolContext;
using mcp::ToolResult;

namespace {

std::string simple_text(const NoArguments&) {
  return "This is a simple text response for testing.";
}

ToolResult with_content(Content content) {
  ToolResult result;
  result.content.push_back(std::move(content));
  return result;
}

ToolResult image(const NoArguments&) {
  return with_content(Content::image(png(), "image/png"));
}

ToolResult audio(const NoArguments&) {
  return with_content(Content::audio(wav(), "audio/wav"));
}

ToolResult embedded_resource(const NoArguments&) {
  return with_content(
      Content::text_resource("test://embedded-resource", "This is an embedded resource content."));
}

ToolResult mixed_content(const NoArguments&) {
  ToolResult result = ToolResult::text("Multiple content types test:");
  result.content.push_back(Content::image(png(), "image/png"));
  result.content.push_back(Content::text_resource(
      "test://mixed-content-resource", R"({"test":"data","value":123})", "application/json"));
  return result;
}

std::string failing(const NoArguments&) {
  throw std::runtime_error("This tool intentionally returns an error for testing");
}

asio::awaitable<void> rest() {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(50));
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<std::string> with_logging(const NoArguments&, ToolContext context) {
  context.log(LogLevel::info, "Tool execution started");
  co_await rest();
  context.log(LogLevel::info, "Tool processing data");
  co_await rest();
  context.log(LogLevel::info, "Tool execution completed");
  co_return "Tool with logging executed successfully";
}

asio::awaitable<std::string> with_progress(const NoArguments&, ToolContext context) {
  for (const double done : {0.0, 50.0, 100.0}) {
    context.progress(done, 100, "Completed step");
    co_await rest();
  }
  co_return "Tool with progress executed successfully";
}

std::string logging_where_wanted(const NoArguments&, const ToolContext& context) {
  context.log(LogLevel::info, "Looked at the level");
  return "Logging evaluated";
}

constexpr auto schema_2020_12 =
    R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",)"
    R"("$defs":{"address":{"$anchor":"addressDef","type":"object",)"
    R"("properties":{"street":{"type":"string"},"city":{"type":"string"}}}},)"
    R"("properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},)"
    R"("contactMethod":{"type":"string","enum":["phone","email"]},)"
    R"("phone":{"type":"string"},"email":{"type":"string"}},)"
    R"("allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],)"
    R"("if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},)"
    R"("then":{"required":["phone"]},"else":{"required":["email"]},"additionalProperties":false})";

}  // namespace

std::vector<mcp::ToolSpec> tools_that_answer(const Link& link) {
  mcp::ToolNotes notes;
  notes.input_schema.emplace().json = schema_2020_12;
  auto echo = [](const mcp::RawValue& arguments) { return "Called with: " + arguments.json; };
  auto change_tools = [link](const NoArguments&) {
    if (const auto server = link->lock()) server->role().tools_changed();
  };
  auto change_prompts = [link](const NoArguments&) {
    if (const auto server = link->lock()) server->role().prompts_changed();
  };
  return {
      mcp::make_tool<NoArguments>("test_simple_text", "Answers with text", simple_text),
      mcp::make_tool<NoArguments>("test_image_content", "Answers with an image", image),
      mcp::make_tool<NoArguments>("test_audio_content", "Answers with a sound", audio),
      mcp::make_tool<NoArguments>("test_embedded_resource", "Answers with a resource",
                                  embedded_resource),
      mcp::make_tool<NoArguments>("test_multiple_content_types", "Answers with three blocks",
                                  mixed_content),
      mcp::make_tool<NoArguments>("test_error_handling", "Fails", failing),
      mcp::make_tool<NoArguments>("test_tool_with_logging", "Logs three times", with_logging),
      mcp::make_tool<NoArguments>("test_tool_with_progress", "Tells its progress", with_progress),
      mcp::make_tool<NoArguments>("test_logging_tool", "Logs once", logging_where_wanted),
      mcp::make_tool<mcp::RawValue>("json_schema_2020_12_tool", "Has a schema with all in it", echo,
                                    notes),
      mcp::make_tool<NoArguments>("test_trigger_tool_change", "Changes the tools", change_tools),
      mcp::make_tool<NoArguments>("test_trigger_prompt_change", "Changes the prompts",
                                  change_prompts),
  };
}

}  // namespace fixture
