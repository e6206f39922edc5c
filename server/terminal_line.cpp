// One row of cells and a column.
#include <headrace/server/plain_text.hpp>
#include <headrace/server/terminal_line.hpp>

#include <algorithm>

namespace headrace::server {
namespace {

std::string_view without_last_returns(std::string_view line) noexcept {
  return line.substr(0, line.find_last_not_of('\r') + 1);
}

// To fold these would leave nothing that can be read.
bool is_binary(std::string_view line) noexcept {
  constexpr std::string_view drawing = "\t\r\b\a\x1b";
  constexpr std::string_view unreadable = "\uFFFD";
  return line.find(unreadable) != std::string_view::npos ||
         std::any_of(line.begin(), line.end(), [&](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return (byte < 0x20 && drawing.find(c) == std::string_view::npos) || byte == 0x7F;
         });
}

void append_folded(std::string& out, std::string_view line) {
  line = without_last_returns(line);
  if (is_redrawn(line) && !is_binary(line)) {
    TerminalLine shown(std::string_view::npos);
    shown.write(line, [](std::string, bool) {});
    if (!shown.in_hidden_text()) {
      out += shown.text();
      return;
    }
  }
  out += line;
}

}  // namespace

void TerminalLine::write(std::string_view text,
                         const std::function<void(std::string, bool)>& on_line) {
  while (!text.empty()) {
    const framing::Utf8 character = take_character(text);
    const char c = character.length == 1 ? character.bytes[0] : '\0';
    // Ends also an escape sequence that was never finished: it must not swallow the rest.
    if (c == '\n') {
      on_line(this->text(), false);
      clear();
    } else if (in_escape(character)) {
      continue;
    } else if (c == '\r') {
      column_ = 0;
    } else if (c == '\b') {
      column_ -= column_ > 0 ? 1 : 0;
    } else if (c == '\t' || !is_control(character)) {
      if (column_ == columns_) {
        on_line(this->text(), true);
        clear();
      }
      put(character);
    }
  }
}

std::string TerminalLine::text() const {
  std::string text;
  for (const framing::Utf8& cell : cells_)
    text.append(cell.bytes, cell.length);
  text.resize(text.find_last_not_of(' ') + 1);
  return text;
}

void TerminalLine::put(const framing::Utf8& character) {
  if (column_ < cells_.size()) {
    cells_[column_] = character;
  } else {
    cells_.push_back(character);
  }
  ++column_;
}

bool TerminalLine::in_escape(const framing::Utf8& character) {
  const char c = character.length == 1 ? character.bytes[0] : '\0';
  switch (state_) {
    case State::text:
      if (c != '\x1b') return false;
      state_ = State::escape;
      return true;
    case State::escape:
      parameter_ = '0';
      if (c == '[') {
        state_ = State::sequence;
      } else if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_') {
        state_ = State::string;
      } else if (c < ' ' || c > '/') {
        state_ = State::text;
      }
      return true;
    case State::sequence:
      if (c >= '0' && c <= '2') {
        parameter_ = c;
      } else if (c < ' ' || c > '?') {
        state_ = State::text;
        if (c == 'K') erase();
      }
      return true;
    case State::string:
      if (c == '\a') state_ = State::text;
      if (c == '\x1b') state_ = State::string_escape;
      return true;
    case State::string_escape:
      state_ = c == '\\' ? State::text : State::string;
      return true;
  }
  return false;
}

void TerminalLine::erase() {
  const std::size_t here = std::min(column_, cells_.size());
  if (parameter_ == '0') {
    cells_.resize(here);
  } else {
    const std::size_t end = parameter_ == '1' ? std::min(here + 1, cells_.size()) : cells_.size();
    std::fill_n(cells_.begin(), end, framing::Utf8{{' '}, 1});
  }
}

void TerminalLine::clear() {
  cells_.clear();
  column_ = 0;
  state_ = State::text;
}

bool is_redrawn(std::string_view line) noexcept {
  return without_last_returns(line).find('\r') != std::string_view::npos;
}

std::string without_returns(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    append_folded(out, text.substr(0, end));
    if (end == std::string_view::npos) break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace headrace::server
