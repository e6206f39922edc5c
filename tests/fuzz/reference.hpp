// A second, slow reading of JSON text that owes nothing to ours: nlohmann's parser and plain loops.
//
// Ours is deliberately more lenient in three things, which normalise() removes without moving a
// byte:
//   - numbers: any run of [-+0-9.eE] that begins with '-' or a digit and has a digit;
//   - NaN, Infinity and -Infinity;
//   - the letters behind a backslash inside a string are not looked at, and lone surrogates pass.
// Apart from that the two must agree, but for two liberties of nlohmann's: it skips a byte order
// mark, and it takes a NUL byte for the end of the text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace reference {

inline constexpr std::string_view number_characters = "+-.0123456789Ee";
inline constexpr std::string_view digits = "0123456789";
inline constexpr std::string_view space = " \t\r\n";

struct Normal {
  std::string text;
  bool unsound_escape = false;  // somewhere in a string
};

inline bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// The code unit of a \uXXXX at `at`.
inline std::optional<unsigned> unit_at(std::string_view text, std::size_t at) {
  if (text.size() < at + 6 || text.substr(at, 2) != "\\u" || !is_hex(text.substr(at + 2, 4))) {
    return std::nullopt;
  }
  return static_cast<unsigned>(std::stoul(std::string(text.substr(at + 2, 4)), nullptr, 16));
}

// Normalises the string that begins at `at`, and returns where it ends.
inline std::size_t normalise_string(Normal& normal, std::size_t at) {
  std::string& text = normal.text;
  ++at;
  while (at < text.size() && text[at] != '"') {
    if (text[at] != '\\' || at + 1 == text.size()) {
      ++at;
      continue;
    }
    if (const auto unit = unit_at(text, at)) {
      const auto low = unit_at(text, at + 6);
      const bool pair = *unit >= 0xD800 && *unit < 0xDC00 && low && *low >= 0xDC00 && *low < 0xE000;
      if (*unit >= 0xD800 && *unit < 0xE000 && !pair) text.replace(at, 6, "\\uFFFD");
      at += pair ? 12 : 6;
    } else {
      if (std::string_view("\"\\/bfnrt").find(text[at + 1]) == std::string_view::npos) {
        normal.unsound_escape = true;
        // The byte behind it stays, in case it isn't UTF-8 or a control character.
        text[at] = 'x';
      } else {
        ++at;
      }
      ++at;
    }
  }
  return at + 1;
}

inline std::string plain_number(std::size_t size) {
  if (size == 1) return "0";
  if (size == 2) return "10";
  return "0." + std::string(size - 2, '0');
}

inline bool is_lenient_number(std::string_view token) {
  if (token == "NaN" || token == "Infinity" || token == "-Infinity") return true;
  return (token.front() == '-' || digits.find(token.front()) != std::string_view::npos) &&
         token.find_first_not_of(number_characters) == std::string_view::npos &&
         token.find_first_of(digits) != std::string_view::npos;
}

inline Normal normalise(std::string_view original) {
  Normal normal{std::string(original)};
  std::string& text = normal.text;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = normalise_string(normal, at);
    } else if (std::string_view(" \t\r\n[]{}:,").find(text[at]) != std::string_view::npos) {
      ++at;
    } else {
      const std::size_t end = std::min(text.find_first_of(" \t\r\n[]{}:,\"", at), text.size());
      const std::string_view token = std::string_view(text).substr(at, end - at);
      // A quote right behind a token leaves it unsound.
      if (is_lenient_number(token)) text.replace(at, end - at, plain_number(end - at));
      at = end;
    }
  }
  return normal;
}

inline bool is_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string_view::npos) return false;
  return nlohmann::json::accept(normalise(text).text);
}

// What a sound JSON string with its quotes says, a lone surrogate replaced.
inline std::optional<std::string> decode(std::string_view raw) {
  const Normal normal = normalise(raw);
  if (normal.unsound_escape || raw.find('\0') != std::string_view::npos) return std::nullopt;
  const auto value = nlohmann::json::parse(normal.text, nullptr, false);
  if (!value.is_string()) return std::nullopt;
  return value.get<std::string>();
}

inline std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

struct Pair {
  std::string_view key;  // with its quotes
  std::string_view value;
};

// Of text that is_json and an object.
inline std::vector<Pair> members(std::string_view text) {
  std::vector<Pair> pairs;
  std::size_t depth = 0;
  std::size_t begin = 0;
  std::string_view key;
  const auto end_value = [&](std::size_t at) {
    if (!key.empty()) pairs.push_back({key, trim(text.substr(begin, at - begin))});
    key = {};
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    switch (text[at]) {
      case '"':
        for (++at; text[at] != '"'; ++at) {
          if (text[at] == '\\') ++at;
        }
        break;
      case '{':
      case '[':
        if (++depth == 1) begin = at + 1;
        break;
      case '}':
      case ']':
        if (depth-- == 1) end_value(at);
        break;
      case ':':
        if (depth == 1) {
          key = trim(text.substr(begin, at - begin));
          begin = at + 1;
        }
        break;
      case ',':
        if (depth == 1) {
          end_value(at);
          begin = at + 1;
        }
        break;
      default:
        break;
    }
  }
  return pairs;
}

inline std::size_t depth_of(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') {
      for (++at; text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
      }
    } else if (text[at] == '{' || text[at] == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (text[at] == '}' || text[at] == ']') {
      --depth;
    }
  }
  return deepest;
}

// Strict JSON number, of any size.
inline bool is_number(std::string_view text) {
  const auto take_digits = [&text] {
    const std::size_t count = std::min(text.find_first_not_of(digits), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const std::size_t whole = take_digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  return text.empty();
}

inline bool is_id(std::string_view raw) {
  if (raw.starts_with('"')) return decode(raw).has_value();
  return !raw.empty() && is_number(raw);
}

}  // namespace reference
