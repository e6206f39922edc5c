// Walks the members of one JSON object and checks the grammar of all that is inside it.
#include <headrace/framing/object_walk.hpp>

#include <array>

namespace headrace::framing {
namespace {

constexpr std::size_t max_depth = 1024;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_number(std::string_view token) noexcept {
  if (token.front() != '-' && !is_digit(token.front())) return false;
  bool digit = false;
  for (const char c : token) {
    if (is_digit(c)) {
      digit = true;
    } else if (c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E') {
      return false;
    }
  }
  return digit;
}

}  // namespace

// A token runs up to the next one, and simdjson has looked only at how it begins: a quote or a
// bracket inside it must not slip through.
bool ObjectWalk::is_scalar(const char* text, const std::uint32_t* at) noexcept {
  const std::string_view token(text + at[0], trim(text, at[1]) - at[0]);
  switch (token.front()) {
    case '"':
      return true;
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
      return is_number(token) || token == "-Infinity";
  }
}

Fault ObjectWalk::judge_other(const char* text, const std::uint32_t* at,
                              const std::uint32_t* end) noexcept {
  if (text[*at] == '[') {
    if (text[end[-1]] != ']') return Fault::not_json;
    const Position behind = skip_container(text, at, end, 0);
    if (behind.fault != Fault::none) return behind.fault;
    return behind.at == end ? Fault::batch : Fault::not_json;
  }
  return end - at == 1 && is_scalar(text, at) ? Fault::not_object : Fault::not_json;
}

ObjectWalk::Position ObjectWalk::skip_container(const char* text, const std::uint32_t* at,
                                                const std::uint32_t* end,
                                                std::size_t depth) noexcept {
  constexpr Position broken{nullptr, Fault::not_json};
  std::array<char, max_depth + 1> closers;
  const std::size_t outside = depth;
  while (true) {
    const char c = text[*at];
    if (c == '"') {
      ++at;
    } else if (c == '{' || c == '[') {
      if (depth == max_depth) return {nullptr, Fault::too_deep};
      const char closer = c == '{' ? '}' : ']';
      closers[++depth] = closer;
      ++at;
      if (text[*at] != closer) {
        if (c == '[') continue;
        if (!is_key(text, at)) return broken;
        at += 2;
        continue;
      }
    } else {
      if (!is_scalar(text, at)) return broken;
      ++at;
    }

    // A value has ended, and with it maybe what it stands in.
    while (text[*at] == closers[depth]) {
      ++at;
      if (--depth == outside) return {at, Fault::none};
      if (at == end) return broken;
    }
    if (text[*at] != ',') return broken;
    ++at;
    if (closers[depth] == '}') {
      if (!is_key(text, at)) return broken;
      at += 2;
    }
  }
}

}  // namespace headrace::framing
