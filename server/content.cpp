// Which of the kinds of content in MCP a display becomes.
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/content.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/session_uri.hpp>

#include <algorithm>
#include <array>

namespace headrace::server {
namespace {

using framing::JsonWriter;
using sandbox::Display;

// A document longer than this is something to open, not something to read in an answer.
constexpr std::size_t longest_document = 16 << 10;

// What a block has beside its contents.
constexpr std::size_t block_overhead = 512;

enum class Kind { image, text, document, opaque };

Kind kind_of(const Display& display) noexcept {
  constexpr std::array images{"image/png", "image/jpeg", "image/gif", "image/webp"};
  if (!display.is_text) {
    return std::find(images.begin(), images.end(), display.mime_type) != images.end()
               ? Kind::image
               : Kind::opaque;
  }
  const bool readable = display.mime_type == "text/markdown" || display.mime_type == "text/plain";
  return readable ? Kind::text : Kind::document;
}

std::string image_block(const Display& display) {
  std::string json;
  JsonWriter(json)
      .begin_object()
      .member("type", "image")
      .member("data", display.content)
      .member("mimeType", display.mime_type)
      .end_object();
  return json;
}

std::string document_block(const Display& display, std::string_view uri) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("type", "resource").key("resource").begin_object();
  writer.member("uri", uri).member("mimeType", display.mime_type).member("text", display.content);
  writer.end_object().end_object();
  return json;
}

std::string link_block(const Link& link, const AnswerForm& form) {
  if (!form.links) {
    const std::string what =
        link.description.empty() ? link.name + ", " + readable_size(link.size) : link.description;
    return text_block("[" + what + ": " + link.uri + "]");
  }
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().member("type", "resource_link").member("uri", link.uri);
  writer.member("name", link.name);
  if (!link.description.empty()) writer.member("description", link.description);
  writer.member("mimeType", link.mime_type).member("size", link.size);
  if (link.for_user) writer.raw_member("annotations", R"({"audience":["user"]})");
  writer.end_object();
  return json;
}

Link link_to(const Display& display, std::string_view session) {
  Link link;
  link.uri = item_uri(session, display.archived);
  link.name = one_line(display.archived.substr(display.archived.rfind('/') + 1), 200);
  link.mime_type = display.mime_type;
  link.size = display.size;
  link.for_user = display.aside;
  return link;
}

std::string shown_block(const Display& display, std::string_view session) {
  switch (kind_of(display)) {
    case Kind::image:
      return image_block(display);
    case Kind::text:
      return text_block(display.content);
    case Kind::document:
    case Kind::opaque:
      break;
  }
  // Without a place where it can be read again there is no URI to name.
  if (display.archived.empty()) return text_block(display.content);
  return document_block(display, item_uri(session, display.archived));
}

}  // namespace

bool can_be_shown(const Display& display) noexcept {
  if (display.aside || display.content.empty()) return false;
  const Kind kind = kind_of(display);
  return kind == Kind::image || kind == Kind::text ||
         (kind == Kind::document && display.content.size() <= longest_document);
}

std::string text_block(std::string_view text) {
  std::string json;
  JsonWriter(json).begin_object().member("type", "text").member("text", text).end_object();
  return json;
}

ContentBlocks content_blocks(const RunReport& report, const std::vector<Display>& displays,
                             const AnswerForm& form, std::size_t room) {
  ContentBlocks blocks;
  for (const Display& display : displays) {
    if (can_be_shown(display) && display.content.size() + block_overhead <= room) {
      std::string json = shown_block(display, report.session);
      if (json.size() + 1 <= room) {
        room -= json.size() + 1;
        blocks.shows = true;
        blocks.placed.push_back({display.position, std::move(json)});
        continue;
      }
    }
    if (!display.archived.empty()) {
      Link link = link_to(display, report.session);
      std::string json = link_block(link, form);
      blocks.links.push_back(std::move(link));
      if (display.aside) {
        blocks.after.push_back(std::move(json));
      } else {
        blocks.placed.push_back({display.position, std::move(json)});
      }
    } else if (!display.aside) {
      blocks.placed.push_back(
          {display.position,
           text_block("[" + display.mime_type + " of " + readable_size(display.size) +
                      " is not shown: too much for one answer. Write it to a file under "
                      "/workspace instead]")});
    }
  }
  for (const Link& link : report.links) {
    blocks.after.push_back(link_block(link, form));
    blocks.links.push_back(link);
  }
  if (report.files_unnamed > 0) {
    blocks.after.push_back(text_block("[" + std::to_string(report.files_unnamed) +
                                      (report.files_unnamed == 1 ? " more file" : " more files") +
                                      " under /workspace made or changed]"));
  }
  return blocks;
}

}  // namespace headrace::server
