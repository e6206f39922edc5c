// Media, and questions to the client.
#include <headrace/engine/mcp/json_value.hpp>

#include <array>

#include "fixture.hpp"

namespace fixture {
namespace {

template <class Bytes>
std::string text_of(const Bytes& bytes) {
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

const std::string& png() {
  static const std::string bytes = text_of(std::to_array<unsigned char>(
      {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
       0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00,
       0x00, 0x90, 0x77, 0x53, 0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78,
       0xda, 0x63, 0xf8, 0xcf, 0xc0, 0x00, 0x00, 0x03, 0x01, 0x01, 0x00, 0xf7, 0x03, 0x41,
       0x43, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82}));
  return bytes;
}

const std::string& wav() {
  static const std::string bytes = text_of(std::to_array<unsigned char>(
      {0x52, 0x49, 0x46, 0x46, 0x26, 0x00, 0x00, 0x00, 0x57, 0x41, 0x56, 0x45,
       0x66, 0x6d, 0x74, 0x20, 0x10, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00,
       0x40, 0x1f, 0x00, 0x00, 0x80, 0x3e, 0x00, 0x00, 0x02, 0x00, 0x10, 0x00,
       0x64, 0x61, 0x74, 0x61, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00}));
  return bytes;
}

Question form(const std::string& key, const std::string& message, const std::string& field,
              const std::string& type) {
  return {key, "elicitation/create",
          R"({"message":")" + message + R"(","requestedSchema":{"type":"object","properties":{")" +
              field + R"(":{"type":")" + type + R"("}},"required":[")" + field + R"("]}})"};
}

Question sampling(const std::string& key, const std::string& prompt) {
  return {key, "sampling/createMessage",
          R"({"messages":[{"role":"user","content":{"type":"text","text":")" + prompt +
              R"("}}],"maxTokens":100})"};
}

Question roots(const std::string& key) {
  return {key, "roots/list", "{}"};
}

asio::awaitable<mcp::QuestionReply> ask(const mcp::ToolContext& context, const Question& question) {
  return context.ask(question.method, question.params, question.key);
}

std::string answered(const mcp::QuestionReply& reply, std::string_view field) {
  mcp::JsonValue json;
  std::string why;
  if (!mcp::read_json(reply.result, json, why)) return "nothing";
  const mcp::JsonValue* content = json.find("content");
  const mcp::JsonValue* value = content != nullptr ? content->find(field) : nullptr;
  const std::string* text = value != nullptr ? value->get<std::string>() : nullptr;
  return text != nullptr ? *text : "nothing";
}

}  // namespace fixture
