// Percent-encoding, strictly.
#include <headrace/server/plain_text.hpp>
#include <headrace/server/session_uri.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace headrace::server {
namespace {

constexpr std::string_view prefix = "headrace://sessions/";

bool is_unreserved(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' ||
         c == '~';
}

void append_encoded(std::string& uri, std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : path) {
    if (is_unreserved(c) || c == '/') {
      uri += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      uri += '%';
      uri += digits[byte >> 4U];
      uri += digits[byte & 0xFU];
    }
  }
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_clean(std::string_view text) {
  while (!text.empty()) {
    const bool ascii = static_cast<unsigned char>(text.front()) < 0x80;
    if (!ascii && framing::utf8_length(text) == 0) return false;
    if (is_control(take_character(text))) return false;
  }
  return true;
}

// One segment, as it is once decoded.
std::optional<std::string> decoded(std::string_view segment) {
  std::string text;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const char c = segment[i];
    if (c != '%') {
      if (c <= ' ' || c > '~' || c == '#' || c == '?') return std::nullopt;
      text += c;
      continue;
    }
    if (segment.size() - i < 3) return std::nullopt;
    const int high = hex_value(segment[i + 1]);
    const int low = hex_value(segment[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    text += static_cast<char>(high * 16 + low);
    i += 2;
  }
  const bool good = !text.empty() && text != "." && text != ".." &&
                    text.find('/') == std::string::npos && is_clean(text);
  return good ? std::optional(std::move(text)) : std::nullopt;
}

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

bool read_query(std::string_view query, SessionUri& uri) {
  for (;;) {
    const std::size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view name = part.substr(0, equals);
    if (name != "offset" && name != "length") return false;
    std::optional<std::uint64_t>& target = name == "offset" ? uri.offset : uri.length;
    if (target) return false;
    target = read_number(part.substr(equals + 1));
    if (!target) return false;
    if (end == std::string_view::npos) return true;
    query.remove_prefix(end + 1);
  }
}

struct Suffix {
  std::string_view suffix;
  std::string_view mime_type;
};

constexpr Suffix suffixes[] = {
    {"csv", "text/csv"},
    {"tsv", "text/tab-separated-values"},
    {"txt", "text/plain"},
    {"log", "text/plain"},
    {"md", "text/markdown"},
    {"py", "text/x-python"},
    {"html", "text/html"},
    {"htm", "text/html"},
    {"css", "text/css"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"jsonl", "application/jsonl"},
    {"ipynb", "application/x-ipynb+json"},
    {"xml", "application/xml"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"toml", "application/toml"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"svg", "image/svg+xml"},
    {"wav", "audio/wav"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"tar", "application/x-tar"},
    {"parquet", "application/vnd.apache.parquet"},
    {"sqlite", "application/vnd.sqlite3"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
};

bool equal_ignoring_case(std::string_view a, std::string_view lower) noexcept {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == static_cast<unsigned char>(y);
  });
}

}  // namespace

std::string file_uri(std::string_view session, std::string_view path) {
  return item_uri(session, "files/" + std::string(path));
}

std::string item_uri(std::string_view session, std::string_view path) {
  std::string uri(prefix);
  append_encoded(uri, session);
  uri += '/';
  append_encoded(uri, path);
  return uri;
}

std::string host_file_uri(std::string_view path) {
  std::string uri = "file://";
  append_encoded(uri, path);
  return uri;
}

std::optional<SessionUri> parse_session_uri(std::string_view uri) {
  if (!uri.starts_with(prefix)) return std::nullopt;
  uri.remove_prefix(prefix.size());
  SessionUri parsed;
  if (const std::size_t query = uri.find('?'); query != std::string_view::npos) {
    if (!read_query(uri.substr(query + 1), parsed)) return std::nullopt;
    uri = uri.substr(0, query);
  }
  std::size_t segments = 0;
  for (;;) {
    const std::size_t end = uri.find('/');
    std::optional<std::string> segment = decoded(uri.substr(0, end));
    if (!segment) return std::nullopt;
    if (segments == 0) {
      parsed.session = std::move(*segment);
    } else if (segments == 1 && *segment == "files") {
      parsed.is_file = true;
    } else if (segments == 1 && *segment != "runs") {
      return std::nullopt;
    } else {
      if (!parsed.path.empty()) parsed.path += '/';
      parsed.path += *segment;
    }
    ++segments;
    if (end == std::string_view::npos) break;
    uri.remove_prefix(end + 1);
  }
  if (segments < 3 || (parsed.is_file && (parsed.offset || parsed.length))) return std::nullopt;
  return parsed;
}

std::string_view mime_type_of(std::string_view path) noexcept {
  const std::size_t dot = path.rfind('.');
  if (dot != std::string_view::npos) {
    const std::string_view ending = path.substr(dot + 1);
    for (const Suffix& suffix : suffixes) {
      if (equal_ignoring_case(ending, suffix.suffix)) return suffix.mime_type;
    }
  }
  return "application/octet-stream";
}

}  // namespace headrace::server
