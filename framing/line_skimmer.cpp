// Finds the call that a JSON-RPC message belongs to, piece by piece and keeping nothing else of it.
#include <headrace/framing/line_skimmer.hpp>
#include <headrace/framing/request_id.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace headrace::framing {
namespace {

// Longer than any key that is looked for, so that a shortened one never matches.
constexpr std::size_t longest_key = 8;
constexpr std::size_t longest_value = 256;
constexpr std::string_view space = " \t\r\n";

void append_up_to(std::string& out, std::string_view bytes, std::size_t limit) {
  out.append(bytes.substr(0, limit - std::min(limit, out.size())));
}

std::size_t find_from(std::string_view bytes, std::size_t at, char c) noexcept {
  const void* const found = std::memchr(bytes.data() + at, c, bytes.size() - at);
  if (found == nullptr) return bytes.size();
  return static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
}

// A value that may have been cut off at the limit is none.
std::string_view whole_value(std::string_view text) noexcept {
  if (text.size() > longest_value) return {};
  const std::size_t first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

}  // namespace

std::string_view LineSkimmer::id() const noexcept {
  if (id_.seen != 1 || !id_.complete) return {};
  const std::string_view value = whole_value(id_.text);
  return is_valid_id(value) ? value : std::string_view{};
}

std::string_view LineSkimmer::method() const noexcept {
  if (method_.seen != 1 || !method_.complete) return {};
  const std::string_view value = whole_value(method_.text);
  return value.starts_with('"') && is_valid_id(value) ? value : std::string_view{};
}

void LineSkimmer::feed(std::string_view bytes) noexcept {
  positions_known_ = false;
  std::size_t at = 0;
  while (at < bytes.size() && !over_) {
    if (in_string_) {
      at = feed_string(bytes, at);
    } else {
      feed_outside(bytes[at]);
      ++at;
    }
  }
}

std::size_t LineSkimmer::feed_string(std::string_view bytes, std::size_t at) noexcept {
  if (escaped_) {
    escaped_ = false;
    keep(bytes.substr(at, 1));
    return at + 1;
  }
  if (!positions_known_ || next_quote_ < at) next_quote_ = find_from(bytes, at, '"');
  if (!positions_known_ || next_backslash_ < at) next_backslash_ = find_from(bytes, at, '\\');
  positions_known_ = true;

  const std::size_t stop = std::min(next_quote_, next_backslash_);
  keep(bytes.substr(at, stop - at));
  if (stop == bytes.size()) return stop;
  if (bytes[stop] == '\\') {
    escaped_ = true;
    keep("\\");
  } else {
    in_string_ = false;
    if (target_ == Field::key) {
      end_key();
    } else {
      keep("\"");
    }
  }
  return stop + 1;
}

void LineSkimmer::feed_outside(char c) noexcept {
  if (depth_ == 0) {
    if (space.find(c) != std::string_view::npos) return;
    over_ = c != '{';
    depth_ = 1;
    expect_key_ = true;
    return;
  }
  switch (c) {
    case '"':
      in_string_ = true;
      if (depth_ == 1 && expect_key_) {
        expect_key_ = false;
        key_.clear();
        target_ = Field::key;
        return;
      }
      break;
    case '{':
    case '[':
      ++depth_;
      break;
    case '}':
    case ']':
      if (depth_ == 1) {
        end_value();
        over_ = true;
        return;
      }
      --depth_;
      break;
    case ':':
      if (depth_ == 1 && target_ == Field::none) {
        target_ = std::exchange(pending_, Field::none);
        return;
      }
      break;
    case ',':
      if (depth_ == 1) {
        end_value();
        expect_key_ = true;
        return;
      }
      break;
    default:
      break;
  }
  if (target_ != Field::none) {
    keep({&c, 1});
  } else if (space.find(c) == std::string_view::npos) {
    // Nothing but space may stand between a key and its colon.
    pending_ = Field::none;
  }
}

void LineSkimmer::keep(std::string_view bytes) noexcept {
  if (target_ == Field::none) return;
  if (target_ == Field::key) return append_up_to(key_, bytes, longest_key);
  // One byte over the limit tells that it was.
  append_up_to(capture_of(target_)->text, bytes, longest_value + 1);
}

void LineSkimmer::end_key() noexcept {
  target_ = pending_ = Field::none;
  if (key_ == "result" || key_ == "error") has_outcome_ = true;
  if (key_ == "id") pending_ = Field::id;
  if (key_ == "method") pending_ = Field::method;
  if (Capture* const capture = capture_of(pending_); capture != nullptr) {
    capture->text.clear();
    capture->complete = false;
    if (capture->seen < 2) ++capture->seen;
  }
}

void LineSkimmer::end_value() noexcept {
  if (Capture* const capture = capture_of(target_); capture != nullptr) capture->complete = true;
  target_ = pending_ = Field::none;
}

LineSkimmer::Capture* LineSkimmer::capture_of(Field field) noexcept {
  if (field == Field::id) return &id_;
  if (field == Field::method) return &method_;
  return nullptr;
}

}  // namespace headrace::framing
