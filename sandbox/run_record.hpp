// What a run printed and displayed, as it comes in: bounded, in order, the whole of it archived.
#pragma once

#include <headrace/sandbox/archive.hpp>
#include <headrace/sandbox/display_frame.hpp>
#include <headrace/sandbox/output_buffer.hpp>
#include <headrace/sandbox/run_result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::sandbox {

/// Who printed: the run's own code, or what an earlier run left behind, before this one began.
enum class Origin { run, background };

/// Made when the run before ended, since what comes between the two is told with the later one.
class RunRecord {
 public:
  /// `archive` outlives it. `output_limit`: what is kept of each stream, in bytes.
  RunRecord(std::uint64_t number, std::size_t output_limit, Archive& archive);

  std::uint64_t number() const noexcept { return number_; }
  /// Whether what comes from the background can still stand before the run's own.
  bool takes_background() const noexcept { return !own_; }

  void print(bool is_error, std::string_view text, Origin origin);
  /// Nothing: one that could not be read.
  void display(std::optional<DisplayFrame> frame, Origin origin);

  /// Moves all of it into `result`; its note gets to say what was left out. Once, at the end.
  void finish(RunResult& result);

 private:
  struct Stream {
    Stream(std::size_t limit, std::string whole_path)
        : buffer(limit), path(std::move(whole_path)) {}
    OutputBuffer buffer;
    std::string path;       // in the archive, once it is there
    bool archived = false;  // all that came, and what will come
    bool marked = false;    // begins with what came from the background
  };

  void begin(Stream& stream, Origin origin);
  void begin_own();
  void append(Stream& stream, std::string_view text);
  void keep(Display& display, DisplayFrame frame);

  std::uint64_t number_;
  Archive& archive_;
  Stream out_;
  Stream err_;
  bool own_ = false;
  std::vector<Display> displays_;
  std::uint64_t displayed_bytes_ = 0;
  std::uint64_t content_bytes_ = 0;
  std::size_t too_many_ = 0;
  std::size_t unreadable_ = 0;
  std::size_t without_room_ = 0;
};

/// Puts one more sentence behind those of a note.
void add_note(std::string& note, std::string_view more);

}  // namespace headrace::sandbox
