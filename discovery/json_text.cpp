// Reads JSON text in place: checks it once, then walks members and elements as raw slices.
#include <headrace/discovery/json_text.hpp>
#include <headrace/framing/json_writer.hpp>

#include <algorithm>

#include <simdjson.h>

namespace headrace::discovery {
namespace {

constexpr std::size_t kMaxDepth = 1024;

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

void skip_space(std::string_view& text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
}

// Length of the string that `text` starts with, quotes included.
std::size_t string_size(std::string_view text) {
  std::size_t begin = 1;
  for (;;) {
    const std::size_t quote = text.find('"', begin);
    if (quote == std::string_view::npos) return text.size();
    std::size_t unescaped = quote;
    while (unescaped > begin && text[unescaped - 1] == '\\')
      --unescaped;
    if ((quote - unescaped) % 2 == 0) return quote + 1;
    begin = quote + 1;
  }
}

// Length of the value that `text` starts with.
std::size_t value_size(std::string_view text) {
  if (text.starts_with('"')) return string_size(text);
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
        i += string_size(text.substr(i)) - 1;
        break;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (depth == 0) return i;
        if (--depth == 0) return i + 1;
        break;
      case ',':
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        if (depth == 0) return i;
        break;
      default:
        break;
    }
  }
  return text.size();
}

std::string_view take_value(std::string_view& text) {
  const std::string_view value = text.substr(0, value_size(text));
  text.remove_prefix(value.size());
  return value;
}

class Checker {
 public:
  Checker(std::string_view text, JsonNumbers numbers) : text_(text), numbers_(numbers) {}

  std::optional<JsonFlaw> run() {
    const bool ok = document();
    if (ok) return std::nullopt;
    return JsonFlaw{at_, std::move(what_)};
  }

 private:
  bool document() {
    space();
    if (at_end()) return fail("there is nothing in it");
    if (!value_start()) return false;
    while (!open_.empty()) {
      space();
      if (at_end()) return fail(std::string("it ends before its last ") + closer() + " is there");
      if (text_[at_] == closer()) {
        ++at_;
        open_.pop_back();
        continue;
      }
      if (text_[at_] != ',') return fail(std::string("a comma or ") + closer() + " is missing");
      ++at_;
      space();
      if (!at_end() && text_[at_] == closer()) {
        return fail(std::string("there is a comma too many before this ") + closer());
      }
      if (open_.back() == '{' && !key()) return false;
      if (!value_start()) return false;
    }
    space();
    return at_end() || fail("something follows the end of the value");
  }

  // A scalar, or all that opens at this place: brackets up to the first scalar or empty pair.
  bool value_start() {
    for (;;) {
      space();
      if (at_end()) return fail("it ends where a value should be");
      const char c = text_[at_];
      if (c != '{' && c != '[') return scalar(c);
      if (open_.size() == kMaxDepth) return fail("it is nested deeper than 1024");
      open_ += c;
      ++at_;
      space();
      if (!at_end() && text_[at_] == closer()) {
        ++at_;
        open_.pop_back();
        return true;
      }
      if (c == '{' && !key()) return false;
    }
  }

  bool key() {
    if (at_end()) return fail("it ends where a key should be");
    if (text_[at_] != '"') return fail(odd_start("a key in double quotes is missing"));
    if (!string()) return false;
    space();
    if (at_end() || text_[at_] != ':') return fail("a colon is missing after a key");
    ++at_;
    return true;
  }

  bool scalar(char c) {
    if (c == '"') return string();
    if (c == '-' || is_digit(c)) return number();
    for (std::string_view word : {"true", "false", "null"}) {
      if (literal(word)) return true;
    }
    if (numbers_ == JsonNumbers::non_finite_too && (literal("NaN") || literal("Infinity"))) {
      return true;
    }
    return fail(odd_start("a value is missing"));
  }

  bool literal(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool string() {
    const std::size_t begin = at_++;
    for (skip_plain(); !at_end(); skip_plain()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c != '\\') {
        if (c == '\n') at_ = begin;  // more often a quote was forgotten than a newline written
        return fail(c == '\n' ? "a string is not closed on its line"
                              : "a control character stands in a string: write it as an escape");
      }
      if (!escape()) return false;
    }
    at_ = begin;
    return fail("a string is not closed");
  }

  // What stands for itself in a string.
  void skip_plain() {
    std::size_t at = at_;
    while (at < text_.size() && text_[at] != '"' && text_[at] != '\\' &&
           static_cast<unsigned char>(text_[at]) >= 0x20)
      ++at;
    at_ = at;
  }

  bool escape() {
    const std::string_view rest = text_.substr(at_, 6);
    if (rest.size() >= 2 && std::string_view("\"\\/bfnrt").find(rest[1]) != rest.npos) {
      at_ += 2;
      return true;
    }
    if (rest.size() == 6 && rest[1] == 'u' && std::all_of(rest.begin() + 2, rest.end(), is_hex)) {
      at_ += 6;
      return true;
    }
    return fail("a backslash in a string starts no known escape: write \\\\ for a plain one");
  }

  bool number() {
    if (text_[at_] == '-') {
      ++at_;
      if (numbers_ == JsonNumbers::non_finite_too && literal("Infinity")) return true;
    }
    if (!at_end() && text_[at_] == '0') {
      ++at_;
      if (!at_end() && is_digit(text_[at_])) return fail("a number starts with 0");
    } else if (!digits()) {
      return false;
    }
    if (!at_end() && text_[at_] == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (!at_end() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (!at_end() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digits()) return false;
    }
    return true;
  }

  bool digits() {
    if (at_end() || !is_digit(text_[at_])) return fail("a number lacks a digit");
    while (!at_end() && is_digit(text_[at_]))
      ++at_;
    return true;
  }

  // What is likely meant when neither a key nor a value starts here.
  const char* odd_start(const char* otherwise) const {
    switch (text_[at_]) {
      case '/':
      case '#':
        return "comments are not part of JSON";
      case '\'':
        return "strings take double quotes";
      default:
        return otherwise;
    }
  }

  void space() {
    while (!at_end() && is_space(text_[at_]))
      ++at_;
  }
  bool at_end() const { return at_ == text_.size(); }
  char closer() const { return open_.back() == '{' ? '}' : ']'; }
  bool fail(std::string what) {
    what_ = std::move(what);
    return false;
  }

  std::string_view text_;
  JsonNumbers numbers_;
  std::size_t at_ = 0;
  std::string open_;  // brackets that are not closed yet
  std::string what_;
};

// Start of the first line that is not UTF-8: no character spans lines.
std::size_t first_bad_line(std::string_view text) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (!simdjson::validate_utf8(text.data() + begin, end - begin)) break;
    begin = end + 1;
  }
  return std::min(begin, text.size());
}

}  // namespace

std::optional<JsonFlaw> find_json_flaw(std::string_view text, JsonNumbers numbers) {
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return JsonFlaw{first_bad_line(text), "it is not UTF-8"};
  }
  return Checker(text, numbers).run();
}

std::string_view json_trim(std::string_view text) noexcept {
  skip_space(text);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

std::string json_on_one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

JsonType json_type(std::string_view value) noexcept {
  switch (value.empty() ? '\0' : value.front()) {
    case '"':
      return JsonType::string;
    case '{':
      return JsonType::object;
    case '[':
      return JsonType::array;
    case 't':
    case 'f':
      return JsonType::boolean;
    case 'n':
      return JsonType::null;
    default:
      return JsonType::number;
  }
}

std::string json_string(std::string_view value) {
  std::string result;
  framing::append_unescaped(result, value);
  return result;
}

bool JsonMembers::next(std::string& key, std::string_view& value) {
  if (!rest_.empty()) rest_.remove_prefix(1);  // the opening bracket, or a comma
  skip_space(rest_);
  if (!rest_.starts_with('"')) return false;
  const std::string_view raw_key = take_value(rest_);
  key.clear();
  framing::append_unescaped(key, raw_key);
  skip_space(rest_);
  if (!rest_.empty()) rest_.remove_prefix(1);  // the colon
  skip_space(rest_);
  value = take_value(rest_);
  skip_space(rest_);
  return true;
}

std::string_view json_member(std::string_view object, std::string_view name) {
  std::string_view found;
  if (json_type(object) != JsonType::object) return found;
  std::string key;
  std::string_view value;
  for (JsonMembers members(object); members.next(key, value);) {
    if (key == name) found = value;
  }
  return found;
}

bool JsonElements::next(std::string_view& value) noexcept {
  if (!rest_.empty()) rest_.remove_prefix(1);  // the opening bracket, or a comma
  skip_space(rest_);
  if (rest_.empty() || rest_.front() == ']') return false;
  value = take_value(rest_);
  skip_space(rest_);
  return true;
}

std::size_t LineCounter::line_at(std::size_t offset) noexcept {
  offset = std::min(offset, text_.size());
  if (offset < offset_) {
    offset_ = 0;
    line_ = 1;
  }
  const char* from = text_.data() + offset_;
  line_ += static_cast<std::size_t>(std::count(from, text_.data() + offset, '\n'));
  offset_ = offset;
  return line_;
}

std::size_t LineCounter::line_of(std::string_view slice) noexcept {
  return line_at(static_cast<std::size_t>(slice.data() - text_.data()));
}

}  // namespace headrace::discovery
