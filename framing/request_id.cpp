// What a raw JSON-RPC id is.
#include <headrace/framing/json_text.hpp>
#include <headrace/framing/request_id.hpp>

#include <charconv>
#include <cstddef>
#include <system_error>

namespace headrace::framing {
namespace {

std::size_t skip_digits(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9')
    ++at;
  return at;
}

bool is_number(std::string_view text) noexcept {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = skip_digits(text, at);
  if (whole == at || (text[at] == '0' && whole > at + 1)) return false;
  at = whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = skip_digits(text, at + 1);
    if (fraction == at + 1) return false;
    at = fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = skip_digits(text, at);
    if (exponent == at) return false;
    at = exponent;
  }
  return at == text.size();
}

}  // namespace

std::optional<std::int64_t> integer_id(std::string_view raw) noexcept {
  std::int64_t value = 0;
  const char* const end = raw.data() + raw.size();
  const auto [stopped, error] = std::from_chars(raw.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  // from_chars also reads "007" and "-0", which would not be echoed as they came.
  const std::string_view digits = raw.substr(raw.front() == '-' ? 1 : 0);
  if (digits.front() == '0' && raw.size() > 1) return std::nullopt;
  return value;
}

bool is_valid_id(std::string_view raw) noexcept {
  if (raw.empty()) return false;
  if (raw.front() == '"') return raw.size() >= 2 && is_string(raw);
  return is_number(raw);
}

}  // namespace headrace::framing
