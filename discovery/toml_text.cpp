// Finds in TOML text what toml++ must not be given.
#include <headrace/discovery/toml_text.hpp>

#include <algorithm>

namespace headrace::discovery {
namespace {

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<std::size_t> run() {
    while (at_ < text_.size() && !found_) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '"' || c == '\'') {
        string(c);
      } else {
        check();
        ++at_;
      }
    }
    return found_;
  }

 private:
  void check() {
    if (at_ < text_.size() && !is_ascii(text_[at_]) && !found_) found_ = at_;
  }

  bool at_triple(char quote) const {
    return text_.size() - at_ >= 3 && text_[at_] == quote && text_[at_ + 1] == quote &&
           text_[at_ + 2] == quote;
  }

  // From the opening quote to behind the closing one.
  void string(char quote) {
    const bool multi_line = at_triple(quote);
    at_ += multi_line ? 3 : 1;
    while (at_ < text_.size() && !found_) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        escape(multi_line);
      } else if (c == '\n' && !multi_line) {
        at_ = text_.size();  // not closed: toml++ gets no further either
      } else if (multi_line && at_triple(quote)) {
        at_ += 3;
        // Up to two more belong to the string, before the three that close it.
        for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] == quote; ++i)
          ++at_;
        return;
      } else {
        ++at_;
        if (c == quote && !multi_line) return;
      }
    }
  }

  void escape(bool multi_line) {
    ++at_;
    if (at_ == text_.size()) return;
    if (!multi_line || (!is_space(text_[at_]) && is_ascii(text_[at_]))) {
      ++at_;
      return;
    }
    while (at_ < text_.size() && is_space(text_[at_]))
      ++at_;
    check();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<std::size_t> found_;
};

}  // namespace

std::optional<std::size_t> find_bare_non_ascii(std::string_view text) noexcept {
  return Scanner(text).run();
}

}  // namespace headrace::discovery
