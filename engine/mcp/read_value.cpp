// The words of messages about values.
#include <headrace/engine/mcp/read_value.hpp>
#include <headrace/framing/json_writer.hpp>

#include <cmath>

namespace headrace::engine::mcp {

std::string Path::text() const {
  std::string text = parent != nullptr ? parent->text() : std::string();
  if (!key.empty()) {
    if (!text.empty()) text += '.';
    text += key;
  } else if (parent != nullptr) {
    text.append("[").append(std::to_string(index)).append("]");
  }
  return text;
}

namespace detail {
namespace {

using framing::JsonWriter;

// As JSON has it, which is as short as it can be.
std::string number_text(double number) {
  std::string text;
  JsonWriter(text).value(number);
  return text;
}

void add(std::string& why, const Path& path, std::string_view verb, std::string_view words) {
  if (!why.empty()) why += "; ";
  const std::string place = path.text();
  if (place.empty()) {
    why += "it";
  } else {
    why.append("'").append(place).append("'");
  }
  why.append(verb).append(words);
}

// Whole numbers up to here are exact in a double.
constexpr double most_exact = 9007199254740992.0;

}  // namespace

std::string number_words(std::string_view what, const Bounds& bounds) {
  std::string words(what);
  if (bounds.least && bounds.most)
    return words + " from " + number_text(*bounds.least) + " to " + number_text(*bounds.most);
  if (bounds.least) return words + " that is at least " + number_text(*bounds.least);
  if (bounds.most) return words + " that is at most " + number_text(*bounds.most);
  return words;
}

std::string size_words(std::string_view what, std::string_view unit, const Notes& notes) {
  std::string words(what);
  if (!notes.least && !notes.most) return words;
  if (notes.least == 1.0 && !notes.most) return words + " that is not empty";
  words += " of ";
  if (notes.least && notes.most) {
    words += number_text(*notes.least) + " to " + number_text(*notes.most);
  } else if (notes.least) {
    words += "at least " + number_text(*notes.least);
  } else {
    words += "at most " + number_text(*notes.most);
  }
  words.append(" ").append(unit);
  return notes.most == 1.0 ? words : words + "s";
}

std::string choice_words(const std::vector<std::string_view>& names) {
  std::string words = "one of ";
  for (const std::string_view name : names) {
    if (name != names.front()) words += ", ";
    words.append("'").append(name).append("'");
  }
  return words;
}

std::optional<std::int64_t> as_signed(const JsonValue& value) {
  if (const auto* whole = value.get<std::int64_t>()) return *whole;
  const double* number = value.get<double>();
  if (number == nullptr || std::abs(*number) > most_exact || std::trunc(*number) != *number)
    return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<std::uint64_t> as_unsigned(const JsonValue& value) {
  if (const auto* large = value.get<std::uint64_t>()) return *large;
  const auto whole = as_signed(value);
  if (!whole || *whole < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*whole);
}

std::optional<double> as_number(const JsonValue& value) {
  if (const double* number = value.get<double>()) return *number;
  if (const auto* whole = value.get<std::int64_t>()) return static_cast<double>(*whole);
  if (const auto* large = value.get<std::uint64_t>()) return static_cast<double>(*large);
  return std::nullopt;
}

bool fail(const Path& path, std::string_view words, std::string& why) {
  add(why, path, " must be ", words);
  return false;
}

bool fail_missing(const Path& path, std::string_view words, std::string& why) {
  add(why, path, " is missing: it must be ", words);
  return false;
}

}  // namespace detail
}  // namespace headrace::engine::mcp
