// The three output modes: compact text, TOON, JSON.
#include <headrace/framing/json_writer.hpp>
#include <headrace/sandbox/output_buffer.hpp>
#include <headrace/server/render.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace headrace::server {
namespace {

using framing::JsonWriter;

// Of the summary, the error and the note each.
constexpr std::size_t longest_words = 8 << 10;
// Of the names of servers together.
constexpr std::size_t longest_names = 32 << 10;

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

bool succeeded(const RunReport& report) {
  return report.status == "success";
}

bool has_output(const RunReport& report) {
  return !report.out.empty() || !report.err.empty();
}

// Which parts of the payload are written; compact leaves out what is obvious.
struct Shape {
  bool status = true;
  bool zero_exit = true;
  bool summary = true;
};

void append_lines(JsonWriter& writer, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  writer.key(key).begin_array();
  for (const std::string_view line : lines_of(text))
    writer.value(line);
  writer.end_array();
}

std::string payload_json(const RunReport& report, const Shape& shape) {
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
  writer.end_object();
  return json;
}

Shape structured_shape(const RunReport& report, OutputMode mode) {
  if (mode != OutputMode::compact) return {};
  Shape shape;
  shape.zero_exit = false;
  shape.status = !succeeded(report) || !has_output(report);
  shape.summary = !succeeded(report) || report.out.empty();
  return shape;
}

std::string_view without_last_newline(std::string_view text) {
  return text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
}

std::string compact_text(const RunReport& report) {
  std::string text;
  const auto add = [&text](std::string_view head, std::string_view body) {
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    text.append(head).append(body);
  };
  if (!succeeded(report)) add("status: ", report.status);
  if (report.exit_code && *report.exit_code != 0) add("exit: ", std::to_string(*report.exit_code));
  if (!report.out.empty()) add("", without_last_newline(report.out));
  if (!report.err.empty()) add("stderr:\n", without_last_newline(report.err));
  if (!has_output(report)) add("", report.summary);
  // A traceback on stderr says it already.
  const bool said = report.err.find(report.error) != std::string::npos;
  if (!report.error.empty() && !said) add("error: ", report.error);
  if (!report.note.empty()) add("note: ", report.note);
  return text;
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

std::string toon_text(const RunReport& report) {
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

}  // namespace

std::string render_text(const RunReport& report, OutputMode mode) {
  switch (mode) {
    case OutputMode::compact:
      break;
    case OutputMode::toon:
      return toon_text(report);
    case OutputMode::json:
      return "```json\n" + payload_json(report, {}) + "\n```";
  }
  return compact_text(report);
}

namespace {

std::string cut(const std::string& text, std::size_t limit) {
  sandbox::OutputBuffer buffer(limit);
  buffer.append(text);
  return buffer.text();
}

std::string write_result(const RunReport& report, OutputMode mode) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object();
  writer.key("content").begin_array().begin_object();
  writer.member("type", "text").member("text", render_text(report, mode));
  writer.end_object().end_array();
  writer.raw_member("structuredContent", payload_json(report, structured_shape(report, mode)));
  writer.member("isError", !succeeded(report));
  writer.end_object();
  return json;
}

}  // namespace

std::string render_result(const RunReport& report, OutputMode mode) {
  RunReport shown = report;
  for (std::string* words : {&shown.summary, &shown.error, &shown.note}) {
    *words = cut(*words, longest_words);
  }
  // The client knows what it asked for. What is left besides the output is within the bound however
  // it is escaped, so that the search for a limit below comes to an end.
  std::size_t names = 0;
  for (const std::string& server : shown.servers)
    names += server.size() + 4;
  if (names > longest_names) shown.servers.clear();
  std::string json = write_result(shown, mode);
  // Escaping can make six bytes of one, and what is printed stands in the answer twice.
  for (std::size_t limit = longest_result / 4; json.size() > longest_result; limit /= 2) {
    shown.out = cut(report.out, limit);
    shown.err = cut(report.err, limit);
    json = write_result(shown, mode);
  }
  return json;
}

}  // namespace headrace::server
