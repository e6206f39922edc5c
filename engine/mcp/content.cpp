// How content and results are written.
#include <headrace/engine/mcp/content.hpp>
#include <headrace/framing/json_writer.hpp>

#include <cstdint>

namespace headrace::engine::mcp {
namespace {

using framing::JsonWriter;

std::string media(std::string_view type, std::string_view bytes, std::string_view mime_type) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("type", type).member("data", encode_base64(bytes));
  if (!mime_type.empty()) writer.member("mimeType", mime_type);
  writer.end_object();
  return json;
}

std::string embedded(std::string_view uri, std::string_view mime_type, std::string_view key,
                     std::string_view value) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("type", "resource").key("resource").begin_object();
  writer.member("uri", uri);
  if (!mime_type.empty()) writer.member("mimeType", mime_type);
  writer.member(key, value);
  writer.end_object().end_object();
  return json;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t bits = 0;
    for (std::size_t i = at; i < at + 3; ++i)
      bits = bits << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
    for (unsigned shift : {18U, 12U, 6U, 0U})
      text += digits[bits >> shift & 63U];
  }
  const std::size_t missing = (3 - bytes.size() % 3) % 3;
  text.replace(text.size() - missing, missing, missing, '=');
  return text;
}

Content Content::text(std::string_view text) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("type", "text").member("text", text).end_object();
  return Content(std::move(json));
}

Content Content::image(std::string_view bytes, std::string_view mime_type) {
  return Content(media("image", bytes, mime_type));
}

Content Content::audio(std::string_view bytes, std::string_view mime_type) {
  return Content(media("audio", bytes, mime_type));
}

Content Content::text_resource(std::string_view uri, std::string_view text,
                               std::string_view mime_type) {
  return Content(embedded(uri, mime_type, "text", text));
}

Content Content::binary_resource(std::string_view uri, std::string_view bytes,
                                 std::string_view mime_type) {
  return Content(embedded(uri, mime_type, "blob", encode_base64(bytes)));
}

Content Content::resource_link(const ResourceInfo& resource) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("type", "resource_link").member("uri", resource.uri);
  writer.member("name", resource.name.empty() ? resource.uri : resource.name);
  if (!resource.description.empty()) writer.member("description", resource.description);
  if (!resource.mime_type.empty()) writer.member("mimeType", resource.mime_type);
  writer.end_object();
  return Content(std::move(json));
}

ToolResult ToolResult::text(std::string_view text) {
  ToolResult result;
  result.content.push_back(Content::text(text));
  return result;
}

ToolResult ToolResult::error(std::string_view why) {
  ToolResult result = text(why);
  result.is_error = true;
  return result;
}

std::string ToolResult::to_json() const {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("content").begin_array();
  for (const Content& block : content)
    writer.raw(block.json());
  writer.end_array();
  if (structured) writer.raw_member("structuredContent", structured->json);
  if (is_error) writer.member("isError", true);
  if (meta) writer.raw_member("_meta", meta->json);
  writer.end_object();
  return json;
}

PromptMessage PromptMessage::user(std::string_view text) {
  return {Speaker::user, Content::text(text)};
}

PromptMessage PromptMessage::assistant(std::string_view text) {
  return {Speaker::assistant, Content::text(text)};
}

std::string PromptMessage::to_json() const {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("role", role == Speaker::user ? "user" : "assistant");
  writer.raw_member("content", content.json()).end_object();
  return json;
}

}  // namespace headrace::engine::mcp
