// Spells TOML text in ASCII and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headrace::discovery {

/// toml++ 3.3 runs into undefined behaviour on many letters outside ASCII, wherever it looks for
/// white space, also on its way to an error. So each such byte is spelled as a mark and two digits,
/// which is as valid in strings and comments and as invalid elsewhere. Lines stay what they are.
class AsciiToml {
 public:
  /// Nothing when `text` has numeric escapes for every character that could be the mark.
  static std::optional<AsciiToml> spell(std::string_view text);

  const std::string& text() const noexcept { return text_; }
  /// What a string of `text()` says, with its bytes outside ASCII again.
  std::string original(std::string_view value) const;

 private:
  std::string text_;
  char mark_ = '\0';
};

}  // namespace headrace::discovery
