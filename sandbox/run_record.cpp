// Bounds and order of what a run leaves.
#include <headrace/sandbox/run_record.hpp>

namespace headrace::sandbox {
namespace {

constexpr std::string_view background_begins =
    "[printed by background tasks after the previous run ended]\n";
constexpr std::string_view background_ends = "[end of what background tasks printed]\n";

constexpr std::size_t most_displays = 200;
constexpr std::uint64_t most_display_bytes = 64ULL << 20;
// Of text or base64. What is longer would not fit into an answer.
constexpr std::size_t largest_content = 700 << 10;
constexpr std::uint64_t most_content = 4ULL << 20;

// What stands in the answer as text needs no place beside it.
bool is_prose(const DisplayFrame& frame) noexcept {
  return frame.is_text && (frame.mime_type == "text/markdown" || frame.mime_type == "text/plain");
}

std::string counted(std::size_t count, std::string_view what) {
  return std::to_string(count) + (count == 1 ? " display " : " displays ") + std::string(what);
}

}  // namespace

void add_note(std::string& note, std::string_view more) {
  if (more.empty()) return;
  if (!note.empty()) note += "; ";
  note += more;
}

RunRecord::RunRecord(std::uint64_t number, std::size_t output_limit, Archive& archive)
    : number_(number),
      archive_(archive),
      out_(output_limit, "runs/" + std::to_string(number) + "/stdout"),
      err_(output_limit, "runs/" + std::to_string(number) + "/stderr") {}

void RunRecord::print(bool is_error, std::string_view text, Origin origin) {
  if (text.empty()) return;
  Stream& stream = is_error ? err_ : out_;
  begin(stream, origin);
  append(stream, text);
}

void RunRecord::begin(Stream& stream, Origin origin) {
  if (origin == Origin::run) {
    begin_own();
  } else if (!stream.marked) {
    stream.marked = true;
    append(stream, background_begins);
  }
}

void RunRecord::begin_own() {
  if (own_) return;
  own_ = true;
  for (Stream* stream : {&out_, &err_}) {
    if (!stream->marked) continue;
    if (!stream->buffer.ends_line()) append(*stream, "\n");
    append(*stream, background_ends);
  }
}

void RunRecord::append(Stream& stream, std::string_view text) {
  if (!stream.archived && stream.buffer.cut_by(text.size())) {
    stream.archived = true;
    archive_.append(stream.path, "text/plain", true, stream.buffer.text());
  }
  if (stream.archived) archive_.append(stream.path, "text/plain", true, text);
  stream.buffer.append(text);
}

void RunRecord::display(std::optional<DisplayFrame> frame, Origin origin) {
  begin(out_, origin);
  if (!frame) {
    ++unreadable_;
    return;
  }
  const std::uint64_t size = frame->payload().size();
  if (displays_.size() == most_displays || size > most_display_bytes - displayed_bytes_) {
    ++too_many_;
    return;
  }
  Display display;
  display.position = out_.buffer.total();
  display.mime_type = frame->mime_type;
  display.is_text = frame->is_text;
  display.aside = frame->aside;
  display.size = size;
  keep(display, std::move(*frame));
  if (display.content.empty() && display.archived.empty()) {
    ++without_room_;
    return;
  }
  displayed_bytes_ += size;
  displays_.push_back(std::move(display));
}

void RunRecord::keep(Display& display, DisplayFrame frame) {
  const bool fits = frame.content.size() <= largest_content &&
                    frame.content.size() <= most_content - content_bytes_;
  if (!fits || frame.aside || !is_prose(frame)) {
    std::string path = "runs/" + std::to_string(number_) + "/display-" +
                       std::to_string(displays_.size() + 1) + "." +
                       std::string(suffix_of(frame.mime_type));
    if (archive_.append(path, frame.mime_type, frame.is_text, frame.payload())) {
      display.archived = std::move(path);
    }
  }
  if (!fits) return;
  content_bytes_ += frame.content.size();
  display.content = std::move(frame.content);
}

void RunRecord::finish(RunResult& result) {
  begin_own();
  result.number = number_;
  result.out = out_.buffer.text();
  result.err = err_.buffer.text();
  if (out_.archived && archive_.find(out_.path) != nullptr) result.whole_out = out_.path;
  if (err_.archived && archive_.find(err_.path) != nullptr) result.whole_err = err_.path;
  for (Display& display : displays_)
    display.position = out_.buffer.place(display.position);
  result.displays = std::move(displays_);
  if (too_many_ > 0) {
    add_note(result.note, counted(too_many_,
                                  "over the limit of 200 or 64 MiB a run left out: write "
                                  "to a file under /workspace instead"));
  }
  if (unreadable_ > 0) {
    add_note(result.note, counted(unreadable_, "without readable content left out"));
  }
  if (without_room_ > 0) {
    add_note(result.note, counted(without_room_, "left out for want of room on the host's disk"));
  }
}

}  // namespace headrace::sandbox
