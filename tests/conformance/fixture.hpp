// What the parts of the fixture share: media, and questions to the client.
#pragma once

#include <headrace/engine/mcp/server.hpp>
#include <headrace/engine/mcp/tool_context.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fixture {

namespace mcp = headrace::engine::mcp;

/// One red pixel.
const std::string& png();
/// One silent sample.
const std::string& wav();

struct Question {
  std::string key;
  std::string method;
  std::string params;
};

/// A form with one field, which is required.
Question form(const std::string& key, const std::string& message, const std::string& field,
              const std::string& type);
Question sampling(const std::string& key, const std::string& prompt);
Question roots(const std::string& key);

/// `question` is needed until this returns.
asio::awaitable<mcp::QuestionReply> ask(const mcp::ToolContext& context, const Question& question);

/// The text at `content.<field>` of an answer.
std::string answered(const mcp::QuestionReply& reply, std::string_view field);

/// Where the server will be, once there is one.
using Link = std::shared_ptr<std::weak_ptr<mcp::Server>>;

std::vector<mcp::ToolSpec> tools_that_answer(const Link& link);
std::vector<mcp::ToolSpec> tools_that_ask();

}  // namespace fixture
