// What the interpreter says that it displays, checked: it is not to be believed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::sandbox {

struct DisplayFrame {
  std::string mime_type;  ///< As checked_mime_type() leaves it.
  bool is_text = false;
  std::string content;  ///< The text, or the base64 of the bytes.
  std::string bytes;    ///< The bytes; empty for a text.
  bool aside = false;

  std::string_view payload() const noexcept { return is_text ? content : bytes; }
};

/// `params` of a `display` notification. Nothing when there is nothing to show in them: no text and
/// no data, or data that is not base64.
std::optional<DisplayFrame> read_display(std::string_view params);

/// A type and a subtype in lower case; where `type` is none, or not one that text or bytes can be,
/// one that says just that.
std::string checked_mime_type(std::string type, bool is_text);

/// What a file of that type is called after its dot: "png"; "bin" for one that is not known.
std::string_view suffix_of(std::string_view mime_type) noexcept;

}  // namespace headrace::sandbox
