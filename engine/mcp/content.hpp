// What tools and prompts answer with: blocks of content, and results made of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::engine::mcp {

/// JSON text on one line, as it is; for values that have no type here. Not checked.
struct RawValue {
  std::string json = "null";
};

/// Where a resource is, and what is known of it; what is empty is left out.
struct ResourceInfo {
  std::string uri;
  std::string name;
  std::string description;
  std::string mime_type;
};

/// One block of content, ready to be sent.
class Content {
 public:
  static Content text(std::string_view text);
  /// `bytes` are the file's; they go out as base64.
  static Content image(std::string_view bytes, std::string_view mime_type);
  static Content audio(std::string_view bytes, std::string_view mime_type);
  /// A resource that is sent along.
  static Content text_resource(std::string_view uri, std::string_view text,
                               std::string_view mime_type = "text/plain");
  static Content binary_resource(std::string_view uri, std::string_view bytes,
                                 std::string_view mime_type = "application/octet-stream");
  /// A resource to be read by the client if it likes; it needs a name.
  static Content resource_link(const ResourceInfo& resource);
  /// A raw block of any kind.
  static Content raw(std::string json) { return Content(std::move(json)); }

  /// The raw object.
  const std::string& json() const noexcept { return json_; }

 private:
  explicit Content(std::string json) : json_(std::move(json)) {}
  std::string json_;
};

/// What a call of a tool comes to.
struct ToolResult {
  std::vector<Content> content;
  bool is_error = false;
  /// Raw JSON, nothing for none. Clients before 2026-07-28 accept objects only.
  std::optional<RawValue> structured;
  /// A raw object, nothing for none.
  std::optional<RawValue> meta;

  /// One block of text.
  static ToolResult text(std::string_view text);
  /// A tool's own failure: the model reads why.
  static ToolResult error(std::string_view why);
  std::string to_json() const;
};

/// Returned by a tool instead of its result, in a std::variant, when it failed.
struct ToolError {
  std::string message;
};

enum class Speaker { user, assistant };

/// A message of a prompt, or of a conversation that a model is to go on with.
struct PromptMessage {
  Speaker role = Speaker::user;
  Content content;

  static PromptMessage user(std::string_view text);
  static PromptMessage assistant(std::string_view text);
  std::string to_json() const;
};

std::string encode_base64(std::string_view bytes);

}  // namespace headrace::engine::mcp
