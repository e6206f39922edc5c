// The payload, field by field.
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/payload.hpp>

#include <algorithm>
#include <cctype>

namespace headrace::server {
namespace {

using framing::JsonWriter;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

void append_lines(JsonWriter& writer, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  writer.key(key).begin_array();
  for (const std::string_view line : lines_of(text))
    writer.value(line);
  writer.end_array();
}

// TOON 2.0, sections 7.1 and 7.2: which strings have to be quoted, and how.
bool toon_needs_quotes(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.front() == '-') return true;
  if (text == "true" || text == "false" || text == "null") return true;
  if (text.find_first_of(":\"\\[]{},\n\r\t") != std::string_view::npos) return true;
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return true;
  }
  // Whatever could be read as a number.
  return std::isdigit(static_cast<unsigned char>(text.front())) != 0 &&
         text.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
}

void append_toon(std::string& out, std::string_view text) {
  if (!toon_needs_quotes(text)) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string payload_json(const RunReport& report, const PayloadShape& shape) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object();
  if (shape.status) writer.member("status", report.status);
  if (shape.summary && !report.summary.empty()) writer.member("summary", report.summary);
  if (report.exit_code && (*report.exit_code != 0 || shape.zero_exit)) {
    writer.member("exitCode", *report.exit_code);
  }
  if (!report.servers.empty()) {
    writer.key("servers").begin_array();
    for (const std::string& server : report.servers)
      writer.value(server);
    writer.end_array();
  }
  append_lines(writer, "stdout", report.out);
  append_lines(writer, "stderr", report.err);
  if (!report.error.empty()) writer.member("error", report.error);
  if (report.timeout_seconds) writer.member("timeoutSeconds", *report.timeout_seconds);
  if (!report.note.empty()) writer.member("note", report.note);
  if (shape.links && !report.links.empty()) {
    writer.key("files").begin_array();
    for (const Link& link : report.links) {
      writer.begin_object().member("uri", link.uri).member("name", link.name);
      writer.member("size", link.size).end_object();
    }
    writer.end_array();
  }
  writer.end_object();
  return json;
}

std::string payload_toon(const RunReport& report) {
  std::string out = "```toon\n";
  const auto add_text = [&out](std::string_view key, std::string_view text) {
    if (text.empty()) return;
    out.append(key).append(": ");
    append_toon(out, text);
    out += '\n';
  };
  const auto add_number = [&out](std::string_view key, long long number) {
    out.append(key).append(": ").append(std::to_string(number)).append("\n");
  };
  const auto add_list = [&out](std::string_view key, const auto& items) {
    if (items.empty()) return;
    out.append(key).append("[").append(std::to_string(items.size())).append("]: ");
    bool first = true;
    for (const auto& item : items) {
      if (!first) out += ',';
      first = false;
      append_toon(out, item);
    }
    out += '\n';
  };
  add_text("status", report.status);
  add_text("summary", report.summary);
  if (report.exit_code) add_number("exitCode", *report.exit_code);
  add_list("servers", report.servers);
  add_list("stdout", lines_of(report.out));
  add_list("stderr", lines_of(report.err));
  add_text("error", report.error);
  if (report.timeout_seconds) add_number("timeoutSeconds", *report.timeout_seconds);
  add_text("note", report.note);
  return out + "```";
}

}  // namespace headrace::server
