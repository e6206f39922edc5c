// What a tool has answered, for people.
#include <headrace/discovery/json_text.hpp>
#include <headrace/framing/json_layout.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/result_text.hpp>

#include <algorithm>
#include <array>

namespace headrace::server {
namespace {

using discovery::JsonType;

// Members of a content block or a resource that people are shown; what is no string is not there.
struct Block {
  std::string type, text, data, mime_type, uri, name, blob;
  std::string_view resource;
  bool has_text = false;
};

Block read_block(std::string_view object) {
  Block block;
  discovery::JsonMembers members(object);
  std::string key;
  std::string_view value;
  while (members.next(key, value)) {
    if (key == "resource" && discovery::json_type(value) == JsonType::object)
      block.resource = value;
    if (discovery::json_type(value) != JsonType::string) continue;
    const std::array<std::pair<std::string_view, std::string*>, 7> fields{{
        {"type", &block.type},
        {"text", &block.text},
        {"data", &block.data},
        {"mimeType", &block.mime_type},
        {"uri", &block.uri},
        {"name", &block.name},
        {"blob", &block.blob},
    }};
    for (const auto& [name, field] : fields) {
      if (key == name) *field = discovery::json_string(value);
    }
    if (key == "text") block.has_text = true;
  }
  return block;
}

// Of what base64 stands for.
std::string size_of(std::string_view base64) {
  const auto padding = static_cast<std::size_t>(std::count(
      base64.end() - std::min<std::ptrdiff_t>(2, std::ssize(base64)), base64.end(), '='));
  const std::size_t bytes = base64.size() * 3 / 4 - std::min(padding, base64.size() * 3 / 4);
  return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

class Text {
 public:
  void add(std::string_view text) {
    text_.append(text);
    if (!text.empty() && !text.ends_with('\n')) text_ += '\n';
  }
  // `[kind what, what]`
  void add_note(std::string_view kind, std::initializer_list<std::string_view> parts) {
    std::string note = "[";
    note.append(kind.empty() ? "content of no type" : kind);
    bool first = true;
    for (const std::string_view part : parts) {
      if (part.empty()) continue;
      note.append(first ? " " : ", ").append(part);
      first = false;
    }
    add(one_line(note + "]", std::string::npos));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_resource(Text& text, std::string_view raw) {
  if (raw.empty()) {
    text.add_note("resource", {});
    return;
  }
  const Block resource = read_block(raw);
  if (resource.has_text) {
    text.add_note("resource", {resource.uri, resource.mime_type});
    text.add(resource.text);
  } else {
    text.add_note("resource", {resource.uri, resource.mime_type, size_of(resource.blob)});
  }
}

void add_block(Text& text, const Block& block) {
  if (block.type == "text") {
    text.add(block.text);
  } else if (block.type == "image" || block.type == "audio") {
    text.add_note(block.type, {block.mime_type, size_of(block.data)});
  } else if (block.type == "resource") {
    add_resource(text, block.resource);
  } else if (block.type == "resource_link") {
    text.add_note("resource", {block.uri, block.name, block.mime_type});
  } else {
    text.add_note(block.type, {});
  }
}

}  // namespace

ResultText result_text(std::string_view result) {
  result = discovery::json_trim(result);
  // Python's NaN and Infinity go through everything else, too.
  if (discovery::find_json_flaw(result, discovery::JsonNumbers::non_finite_too) ||
      discovery::json_type(result) != JsonType::object) {
    return {std::string(result) + "\n", false};
  }
  ResultText shown;
  Text text;
  bool any = false;
  std::string_view structured;
  discovery::JsonMembers members(result);
  std::string key;
  std::string_view value;
  while (members.next(key, value)) {
    if (key == "isError") {
      shown.is_error = value == "true";
    } else if (key == "structuredContent" && value != "null") {
      structured = value;
    } else if (key == "content" && discovery::json_type(value) == JsonType::array) {
      discovery::JsonElements elements(value);
      std::string_view element;
      while (elements.next(element)) {
        any = true;
        add_block(text, discovery::json_type(element) == JsonType::object ? read_block(element)
                                                                          : Block{});
      }
    }
  }
  if (!any && !structured.empty()) text.add(framing::laid_out(structured));
  shown.text = text.take();
  return shown;
}

}  // namespace headrace::server
