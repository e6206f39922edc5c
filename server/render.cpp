// The answer: its text in three modes, its blocks in order, its bounds.
#include <headrace/framing/json_writer.hpp>
#include <headrace/sandbox/output_buffer.hpp>
#include <headrace/server/content.hpp>
#include <headrace/server/payload.hpp>

#include <algorithm>
#include <cmath>

namespace headrace::server {
namespace {

using framing::JsonWriter;
using sandbox::Display;

// Of the summary, the error and the note each.
constexpr std::size_t longest_words = 8 << 10;
// Of the names of servers together.
constexpr std::size_t longest_names = 16 << 10;

bool succeeded(const RunReport& report) {
  return report.status == "success";
}

bool has_output(const RunReport& report) {
  return !report.out.empty() || !report.err.empty();
}

PayloadShape structured_shape(const RunReport& report, OutputMode mode) {
  PayloadShape shape;
  shape.links = true;
  if (mode != OutputMode::compact) return shape;
  shape.zero_exit = false;
  shape.status = !succeeded(report) || !has_output(report);
  shape.summary = !succeeded(report) || report.out.empty();
  return shape;
}

std::string_view without_last_newline(std::string_view text) {
  return text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
}

// In one piece more than there are cuts into what was printed; pieces may be empty. With nothing
// printed the summary stands in, unless the code displayed something and all is well.
std::vector<std::string> compact_texts(const RunReport& report,
                                       const std::vector<std::size_t>& cuts) {
  std::vector<std::string> texts(1);
  const auto add = [&texts](std::string_view head, std::string_view body) {
    std::string& text = texts.back();
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    text.append(head).append(body);
  };
  if (!succeeded(report)) add("status: ", report.status);
  if (report.exit_code && *report.exit_code != 0) add("exit: ", std::to_string(*report.exit_code));
  std::size_t begin = 0;
  const auto add_output = [&](std::size_t end) {
    end = std::clamp(end, begin, report.out.size());
    const std::string_view piece = std::string_view(report.out).substr(begin, end - begin);
    if (!piece.empty()) add("", without_last_newline(piece));
    begin = end;
  };
  for (const std::size_t cut : cuts) {
    add_output(cut);
    texts.emplace_back();
  }
  add_output(report.out.size());
  if (!report.err.empty()) add("stderr:\n", without_last_newline(report.err));
  if (!has_output(report) && (cuts.empty() || !succeeded(report))) add("", report.summary);
  // A traceback on stderr says it already.
  const bool said = report.err.find(report.error) != std::string::npos;
  if (!report.error.empty() && !said) add("error: ", report.error);
  if (!report.note.empty()) add("note: ", report.note);
  return texts;
}

double seconds(engine::Clock::duration time) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  return static_cast<double>(microseconds) / 1e6;
}

void write_usage(JsonWriter& writer, const RunReport& report) {
  const sandbox::RunUsage& usage = *report.usage;
  writer.key("_meta").begin_object().key("headrace/usage").begin_object();
  writer.member("wallSeconds", seconds(usage.wall));
  if (usage.cpu_seconds && std::isfinite(*usage.cpu_seconds)) {
    writer.member("cpuSeconds", *usage.cpu_seconds);
  }
  if (usage.peak_memory) writer.member("peakMemoryBytes", *usage.peak_memory);
  writer.member("calls", report.calls);
  if (report.calls > 0) writer.member("callSeconds", seconds(report.call_time));
  writer.end_object().end_object();
}

// A report whose displays and links have become blocks.
std::string write_result(const RunReport& report, const AnswerForm& form,
                         const ContentBlocks& blocks) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object().key("content").begin_array();
  if (form.mode == OutputMode::compact) {
    std::vector<std::size_t> cuts;
    for (const ContentBlocks::Placed& block : blocks.placed)
      cuts.push_back(block.position);
    const std::vector<std::string> texts = compact_texts(report, cuts);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (!texts[i].empty() || cuts.empty()) writer.raw(text_block(texts[i]));
      if (i < cuts.size()) writer.raw(blocks.placed[i].json);
    }
  } else {
    writer.raw(text_block(render_text(report, form.mode)));
    for (const ContentBlocks::Placed& block : blocks.placed)
      writer.raw(block.json);
  }
  for (const std::string& block : blocks.after)
    writer.raw(block);
  writer.end_array();
  const bool structured = form.structured == StructuredContent::always ||
                          (form.structured == StructuredContent::automatic && !blocks.shows);
  if (structured) {
    writer.raw_member("structuredContent",
                      payload_json(report, structured_shape(report, form.mode)));
  }
  writer.member("isError", !succeeded(report));
  if (report.usage) write_usage(writer, report);
  writer.end_object();
  return json;
}

std::string cut(const std::string& text, std::size_t limit) {
  sandbox::OutputBuffer buffer(limit);
  buffer.append(text);
  return buffer.text();
}

// The same, cut to what an answer may be.
std::string fitted(const RunReport& report, const AnswerForm& form, ContentBlocks blocks) {
  RunReport shown = report;
  shown.links = std::move(blocks.links);
  std::string json = write_result(shown, form, blocks);
  // Escaping can make six bytes of one, and what is printed stands in the answer twice.
  std::vector<std::size_t> positions;
  for (const ContentBlocks::Placed& block : blocks.placed)
    positions.push_back(block.position);
  for (std::size_t limit = longest_result / 4; json.size() > longest_result && limit > 0;
       limit /= 2) {
    sandbox::OutputBuffer out(limit);
    out.append(report.out);
    shown.out = out.text();
    shown.err = cut(report.err, limit);
    for (std::size_t i = 0; i < positions.size(); ++i)
      blocks.placed[i].position = out.place(positions[i]);
    json = write_result(shown, form, blocks);
  }
  return json;
}

}  // namespace

std::string render_text(const RunReport& report, OutputMode mode) {
  switch (mode) {
    case OutputMode::compact:
      break;
    case OutputMode::toon:
      return payload_toon(report);
    case OutputMode::json:
      return "```json\n" + payload_json(report, {}) + "\n```";
  }
  return compact_texts(report, {}).front();
}

std::string render_result(RunReport report, const AnswerForm& form) {
  for (std::string* words : {&report.summary, &report.error, &report.note}) {
    *words = cut(*words, longest_words);
  }
  // The client knows what it asked for. What is left besides the output is within the bound however
  // it is escaped, so that the search for a limit comes to an end.
  std::size_t names = 0;
  for (const std::string& server : report.servers)
    names += server.size() + 4;
  if (names > longest_names) report.servers.clear();
  // Long, and not to be copied with each attempt.
  const std::vector<Display> displays = std::move(report.displays);
  report.displays.clear();
  std::string json = fitted(report, form, content_blocks(report, displays, form, 0));
  if (std::none_of(displays.begin(), displays.end(), can_be_shown)) return json;
  // With something to look at there is room where the structured content was.
  AnswerForm showing = form;
  if (showing.structured == StructuredContent::automatic) {
    showing.structured = StructuredContent::never;
    json = fitted(report, showing, content_blocks(report, displays, form, 0));
  }
  const std::size_t room = longest_result - std::min(longest_result, json.size());
  ContentBlocks blocks = content_blocks(report, displays, form, room);
  return fitted(report, form, std::move(blocks));
}

}  // namespace headrace::server
