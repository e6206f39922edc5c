// Reading a `display` notification.
#include <headrace/framing/object_scanner.hpp>
#include <headrace/sandbox/base64.hpp>
#include <headrace/sandbox/display_frame.hpp>
#include <headrace/sandbox/session_frames.hpp>

#include <algorithm>
#include <array>

namespace headrace::sandbox {
namespace {

constexpr std::size_t longest_type = 100;

struct Suffix {
  std::string_view type;
  std::string_view suffix;
  bool picture = false;  // of pixels: bytes alone
};
constexpr Suffix suffixes[] = {
    {"image/png", "png", true},   {"image/jpeg", "jpg", true}, {"image/gif", "gif", true},
    {"image/webp", "webp", true}, {"image/svg+xml", "svg"},    {"text/html", "html"},
    {"text/markdown", "md"},      {"text/plain", "txt"},       {"application/json", "json"},
    {"application/pdf", "pdf"},
};

const Suffix* find_suffix(std::string_view type) noexcept {
  const auto* found = std::find_if(std::begin(suffixes), std::end(suffixes),
                                   [type](const Suffix& one) { return one.type == type; });
  return found == std::end(suffixes) ? nullptr : found;
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
  });
}

bool is_type(std::string_view type) noexcept {
  const std::size_t slash = type.find('/');
  return type.size() <= longest_type && slash != std::string_view::npos &&
         is_token(type.substr(0, slash)) && is_token(type.substr(slash + 1));
}

}  // namespace

std::string checked_mime_type(std::string type, bool is_text) {
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const Suffix* known = find_suffix(type);
  const bool fits = is_type(type) && !(is_text && known != nullptr && known->picture);
  if (fits) return type;
  return is_text ? "text/plain" : "application/octet-stream";
}

std::string_view suffix_of(std::string_view mime_type) noexcept {
  const Suffix* known = find_suffix(mime_type);
  return known == nullptr ? std::string_view("bin") : known->suffix;
}

std::optional<DisplayFrame> read_display(std::string_view params) {
  framing::ObjectScanner scanner;
  std::array<framing::Member, 4> members{{{"mimeType"}, {"text"}, {"data"}, {"aside"}}};
  if (scanner.scan_members(params, members) != framing::Fault::none) return std::nullopt;
  const auto& [type, text, data, aside] = members;
  DisplayFrame frame;
  frame.is_text = !text.value.empty();
  frame.aside = aside.value == "true";
  const std::string_view raw = frame.is_text ? text.value : data.value;
  frame.content = read_string(raw);
  if (frame.content.empty()) return std::nullopt;
  if (!frame.is_text) {
    std::optional<std::string> bytes = decode_base64(frame.content);
    if (!bytes) return std::nullopt;
    frame.bytes = std::move(*bytes);
  }
  frame.mime_type = checked_mime_type(read_string(type.value), frame.is_text);
  return frame;
}

}  // namespace headrace::sandbox
