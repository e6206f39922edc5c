// Walks the members of one JSON object and checks the grammar of all that is inside it.
//
// Why no position is compared with the end but behind a closing bracket: begin() makes sure that
// the last token is one, so every other token has a successor.
#include <headrace/framing/object_walk.hpp>

#include <array>

namespace headrace::framing {
namespace {

constexpr std::size_t max_depth = 1024;

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_number_character(char c) noexcept {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

// A token runs up to the next one, and simdjson has looked only at how it begins: a quote or a
// bracket inside it must not slip through.
bool is_scalar(std::string_view token) noexcept {
  switch (token.front()) {
    case 't':
      return token == "true";
    case 'f':
      return token == "false";
    case 'n':
      return token == "null";
    case 'N':
      return token == "NaN";
    case 'I':
      return token == "Infinity";
    default:
      break;
  }
  if (token.front() != '-' && (token.front() < '0' || token.front() > '9')) return false;
  bool digit = false;
  for (const char c : token) {
    if (!is_number_character(c)) return token == "-Infinity";
    digit = digit || (c >= '0' && c <= '9');
  }
  return digit;
}

}  // namespace

ObjectWalk::ObjectWalk(std::string_view text, const StructuralIndex& index) noexcept
    : text_(text.data()), at_(index.offsets()), end_(index.offsets() + index.size()) {}

Fault ObjectWalk::begin() noexcept {
  const char first = at(at_);
  const char last = at(end_ - 1);
  if (first == '{') {
    ++at_;
    return last == '}' ? Fault::none : Fault::not_json;
  }
  if (first == '[') {
    if (last != ']') return Fault::not_json;
    if (!take_container(0)) return fault_;
    return at_ == end_ ? Fault::batch : Fault::not_json;
  }
  return end_ - at_ == 1 && take_scalar() ? Fault::not_object : Fault::not_json;
}

bool ObjectWalk::next(Item& item) noexcept {
  if (at(at_) == '}') {
    return at_ + 1 == end_ ? false : fail(Fault::not_json);
  }
  if (!first_) {
    if (at(at_) != ',') return fail(Fault::not_json);
    ++at_;
  }
  first_ = false;

  const std::size_t key = *at_;
  if (!take_key()) return fail(Fault::not_json);
  // Between the closing quote and the colon there is at most space.
  item.key = {text_ + key + 1, trim(at_[-1]) - key - 2};

  const std::size_t value = *at_;
  const char c = text_[value];
  std::size_t end = 0;
  if (c == '{' || c == '[') {
    if (!take_container(1)) return false;
    end = std::size_t{at_[-1]} + 1;
  } else {
    if (!take_scalar()) return fail(Fault::not_json);
    end = trim(*at_);
  }
  item.value = {text_ + value, end - value};
  return true;
}

std::size_t ObjectWalk::trim(std::size_t end) const noexcept {
  while (is_space(text_[end - 1]))
    --end;
  return end;
}

bool ObjectWalk::take_key() noexcept {
  if (at(at_) != '"' || at(at_ + 1) != ':') return false;
  at_ += 2;
  return true;
}

bool ObjectWalk::take_scalar() noexcept {
  const std::size_t begin = *at_++;
  return text_[begin] == '"' || is_scalar({text_ + begin, trim(*at_) - begin});
}

bool ObjectWalk::take_container(std::size_t depth) noexcept {
  std::array<char, max_depth + 1> closers;
  const std::size_t outside = depth;
  while (true) {
    const char c = at(at_);
    if (c == '{' || c == '[') {
      if (depth == max_depth) return fail(Fault::too_deep);
      const char closer = c == '{' ? '}' : ']';
      closers[++depth] = closer;
      ++at_;
      if (at(at_) != closer) {
        if (c == '{' && !take_key()) return fail(Fault::not_json);
        continue;
      }
    } else if (!take_scalar()) {
      return fail(Fault::not_json);
    }

    // A value has ended, and with it maybe what it stands in.
    while (at(at_) == closers[depth]) {
      ++at_;
      if (--depth == outside) return true;
      if (at_ == end_) return fail(Fault::not_json);
    }
    if (at(at_) != ',') return fail(Fault::not_json);
    ++at_;
    if (closers[depth] == '}' && !take_key()) return fail(Fault::not_json);
  }
}

}  // namespace headrace::framing
