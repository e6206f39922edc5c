// Whose answer a line is.
#include <headrace/bench/answer.hpp>

#include <charconv>
#include <cstddef>
#include <optional>

namespace headrace::bench {

namespace {

using namespace std::string_view_literals;
using Kind = Answer::Kind;

std::optional<std::uint64_t> number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// {"jsonrpc":"2.0","id":7,"result":…
std::optional<Answer> id_first(std::string_view line) noexcept {
  constexpr auto head = R"({"jsonrpc":"2.0","id":)"sv;
  if (!line.starts_with(head)) return {};
  const std::size_t comma = line.find(',', head.size());
  if (comma == std::string_view::npos || comma > head.size() + 20) return {};
  const auto id = number(line.substr(head.size(), comma - head.size()));
  const std::string_view after = line.substr(comma);
  if (!id) return {};
  if (after.starts_with(R"(,"result":)"sv)) return Answer{Kind::result, *id};
  if (after.starts_with(R"(,"error":)"sv)) return Answer{Kind::error, *id};
  return {};
}

// {"result":…,"jsonrpc":"2.0","id":7}: the last brace closes the message, so that what stands right
// before it is a member of the message.
std::optional<Answer> id_last(std::string_view line) noexcept {
  const bool result =
      line.starts_with(R"({"result":)"sv) || line.starts_with(R"({"jsonrpc":"2.0","result":)"sv);
  const bool error =
      line.starts_with(R"({"error":)"sv) || line.starts_with(R"({"jsonrpc":"2.0","error":)"sv);
  if ((!result && !error) || !line.ends_with('}')) return {};
  constexpr auto key = R"(,"id":)"sv;
  const std::size_t at = line.find_last_not_of("0123456789"sv, line.size() - 2);
  if (at == std::string_view::npos || !line.substr(0, at + 1).ends_with(key)) return {};
  const auto id = number(line.substr(at + 1, line.size() - at - 2));
  if (!id) return {};
  return Answer{result ? Kind::result : Kind::error, *id};
}

// Goes over the members of an object.
class Scan {
 public:
  explicit Scan(std::string_view text) noexcept : text_(text) {}

  bool take(char expected) noexcept {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }

  std::string_view value() noexcept {
    skip_spaces();
    const std::size_t begin = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (depth == 0 && at_ != begin && (c == ',' || c == ':' || c == '}' || c == ']')) break;
      ++at_;
      if (c == '"') skip_string();
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (depth < 0) break;
    }
    std::size_t end = at_;
    while (end > begin && is_space(text_[end - 1]))
      --end;
    return text_.substr(begin, end - begin);
  }

 private:
  static bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

  void skip_spaces() noexcept {
    while (at_ < text_.size() && is_space(text_[at_]))
      ++at_;
  }

  void skip_string() noexcept {
    while (at_ < text_.size() && text_[at_] != '"')
      at_ += text_[at_] == '\\' ? 2 : 1;
    at_ = at_ < text_.size() ? at_ + 1 : text_.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Answer any_order(std::string_view line) noexcept {
  Scan scan(line);
  if (!scan.take('{')) return {};
  bool has_id = false, result = false, error = false, method = false;
  std::uint64_t id = 0;
  do {
    const std::string_view key = scan.value();
    if (!scan.take(':')) return {};
    const std::string_view value = scan.value();
    if (key == "\"id\""sv) {
      has_id = value != "null"sv;
      id = number(value).value_or(0);
    }
    result = result || key == "\"result\""sv;
    error = error || key == "\"error\""sv;
    method = method || key == "\"method\""sv;
  } while (scan.take(','));
  if (!scan.take('}')) return {};
  if (method) return {has_id ? Kind::request : Kind::other, 0};
  if (!has_id || result == error) return {};
  return {result ? Kind::result : Kind::error, id};
}

}  // namespace

Answer read_answer(std::string_view line) noexcept {
  if (const auto answer = id_first(line)) return *answer;
  if (const auto answer = id_last(line)) return *answer;
  return any_order(line);
}

}  // namespace headrace::bench
