// What a client is told while code runs, without I/O: what it prints, and how far it says it is.
#pragma once

#include <headrace/engine/deadline.hpp>
#include <headrace/sandbox/run_result.hpp>
#include <headrace/server/terminal_line.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::server {

/// Gathers lines into messages, a message of each kind at most every `interval`. All of it is in
/// the answer as well: of what is too much, the oldest is left out.
class LiveOutput {
 public:
  static constexpr auto interval = std::chrono::milliseconds(250);
  static constexpr std::size_t longest_message = 4096;

  struct Message {
    std::string text;  ///< Valid UTF-8; its only control characters are tabs and line feeds.
    std::optional<double> done;  ///< Of `total`, where the code says so.
    std::optional<double> total;
  };

  void print(bool is_error, std::string_view text);
  void progress(const sandbox::RunProgress& progress);

  /// The next message, if one is due. What was printed is told as lines; one that has not ended is
  /// told as it stands, and again when it has changed.
  std::optional<Message> take(engine::Clock::time_point now);
  /// When there will be one; nothing: not before more comes.
  std::optional<engine::Clock::time_point> due() const;
  /// How far the code said last that it is, if that was not told yet.
  std::optional<Message> take_last_progress();

 private:
  struct Line {
    std::string text;
    bool goes_on;  // in the next: it was too long
  };
  struct Stream {
    TerminalLine line;
    std::string told;  // of the line that has not ended
    bool changed = false;
  };

  void add_line(Line line);
  void leave_out(std::size_t lines, std::size_t bytes) noexcept;
  std::string left_out_words() const;
  void skip(Stream& stream, std::string_view& text);
  bool has_text() const noexcept;
  std::optional<Message> take_text();

  Stream out_;
  Stream err_;
  std::deque<Line> lines_;          // that ended and were not told yet
  std::size_t size_ = 0;            // of those together, each with its line feed
  std::size_t lines_left_out_ = 0;  // those that ended
  std::size_t bytes_left_out_ = 0;
  std::optional<sandbox::RunProgress> progress_;
  engine::Clock::time_point next_text_{};
  engine::Clock::time_point next_progress_{};
};

}  // namespace headrace::server
