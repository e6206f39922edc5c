// Walks the members of one JSON object and checks the grammar of all that is inside it.
//
// Why no position is compared with the end but behind a closing bracket: begin() makes sure that
// the last token is one, so every other token has a successor.
#pragma once

#include <headrace/framing/fault.hpp>
#include <headrace/framing/structural_index.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace headrace::framing {

/// One pass over a StructuralIndex. Together they establish that every slice is balanced, has its
/// commas and colons in their places and is UTF-8. Numbers are checked for their characters only,
/// and NaN, Infinity and -Infinity pass, because Python writes and reads them.
///
/// The loop over the members is inline: it is run for every message, and this saves a third of it.
class ObjectWalk {
 public:
  struct Item {
    std::string_view key;    ///< Between the quotes, as written.
    std::string_view value;  ///< Raw, without surrounding space; never empty.
    Tokens tokens;           ///< The value's.
  };

  /// `index` is the one of `text`, successfully built, and outlives the walk.
  ObjectWalk(std::string_view text, const StructuralIndex& index) noexcept
      : text_(text.data()), at_(index.offsets()), end_(index.offsets() + index.size()) {}

  /// A value in such a text, which was walked over before.
  explicit ObjectWalk(const Tokens& tokens) noexcept
      : text_(tokens.text), at_(tokens.first), end_(tokens.last) {}

  /// Before the first next(): none when the text begins as an object. Anything else is walked to
  /// its end: batch, not_object, or not_json and too_deep when it isn't sound.
  Fault begin() noexcept {
    if (text_[*at_] != '{') return judge_other(text_, at_, end_);
    ++at_;
    return text_[end_[-1]] == '}' ? Fault::none : Fault::not_json;
  }

  /// The next member, or false at the end or when fault() says that something is wrong.
  bool next(Item& item) noexcept;

  /// After next() was false: none, if the text was one sound object and nothing else.
  Fault fault() const noexcept { return fault_; }

 private:
  // Behind a value, unless there is a fault.
  struct Position {
    const std::uint32_t* at;
    Fault fault;
  };

  static std::size_t trim(const char* text, std::size_t end) noexcept {
    // Nothing but a token can end the loop, and there is one in front.
    while (text[end - 1] <= ' ' && is_space(text[end - 1]))
      --end;
    return end;
  }
  static bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  static bool is_key(const char* text, const std::uint32_t* at) noexcept {
    return text[at[0]] == '"' && text[at[1]] == ':';
  }
  static bool is_scalar(const char* text, const std::uint32_t* at) noexcept;
  static Position skip_container(const char* text, const std::uint32_t* at,
                                 const std::uint32_t* end, std::size_t depth) noexcept;
  static Fault judge_other(const char* text, const std::uint32_t* at,
                           const std::uint32_t* end) noexcept;
  bool fail(Fault fault) noexcept {
    fault_ = fault;
    return false;
  }

  const char* text_;
  const std::uint32_t* at_;
  const std::uint32_t* end_;
  bool first_ = true;
  Fault fault_ = Fault::none;
};

inline bool ObjectWalk::next(Item& item) noexcept {
  if (text_[*at_] == '}') return at_ + 1 == end_ ? false : fail(Fault::not_json);
  if (!first_) {
    if (text_[*at_] != ',') return fail(Fault::not_json);
    ++at_;
  }
  first_ = false;

  if (!is_key(text_, at_)) return fail(Fault::not_json);
  // Between the closing quote and the colon there is at most space.
  const std::size_t key = std::size_t{at_[0]} + 1;
  item.key = {text_ + key, trim(text_, at_[1]) - 1 - key};
  at_ += 2;

  const std::uint32_t* const first = at_;
  const std::size_t value = *at_;
  const char c = text_[value];
  std::size_t end = 0;
  if (c == '{' || c == '[') {
    const Position behind = skip_container(text_, at_, end_, 1);
    if (behind.fault != Fault::none) return fail(behind.fault);
    at_ = behind.at;
    end = std::size_t{at_[-1]} + 1;
  } else {
    if (c != '"' && !is_scalar(text_, at_)) return fail(Fault::not_json);
    ++at_;
    end = trim(text_, *at_);
  }
  item.value = {text_ + value, end - value};
  item.tokens = {text_, first, at_};
  return true;
}

}  // namespace headrace::framing
