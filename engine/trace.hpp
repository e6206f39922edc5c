// A file of all that goes over the protocol's streams, for people and for checks.
#pragma once

#include <headrace/engine/fd.hpp>
#include <headrace/engine/logger.hpp>
#include <headrace/engine/write_queue.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace headrace::engine {

/// One file for all streams of a program, as lines of JSON; docs/configuration.md says what is in
/// them. Only its owner may read it: arguments, results and secrets are all in there.
///
/// What can't be written (a full disk) ends the trace with a warning, and nothing else.
class Trace {
 public:
  /// A longer line is cut to so many bytes, and marked with how many it had.
  static constexpr std::size_t longest_line = std::size_t{1} << 20;
  /// Then the trace ends, with a warning.
  static constexpr std::uint64_t longest_file = std::uint64_t{1} << 30;

  /// Begins a file with a name of its own in `folder`, which is made if it is not there. Null, with
  /// a warning to the logger, if that can't be.
  static std::shared_ptr<Trace> open(const std::filesystem::path& folder, std::string_view version,
                                     Logger logger, std::uint64_t size_limit = longest_file);

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  friend class TraceTap;
  Trace(std::filesystem::path path, Fd file, Logger logger, std::uint64_t size_limit);
  double elapsed() const;
  void write(std::string_view records);
  void stop(std::string_view why);

  std::filesystem::path path_;
  Fd file_;
  Logger logger_;
  std::uint64_t size_limit_;
  std::uint64_t size_left_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::uint64_t streams_ = 0;
};

/// One stream's part in a trace: gathers the bytes of each direction to lines.
class TraceTap {
 public:
  /// `peer` says who is at the other end.
  TraceTap(std::shared_ptr<Trace> trace, std::string_view peer);
  /// A line without an end is written as it is, and that the stream is over.
  ~TraceTap();
  TraceTap(const TraceTap&) = delete;
  TraceTap& operator=(const TraceTap&) = delete;

  void on_read(std::string_view bytes);
  /// Nothing more comes; a line without an end has been all.
  void on_read_end();
  /// The first `size` bytes of `buffers`.
  void on_written(const BufferView& buffers, std::size_t size);

 private:
  struct Line {
    std::string text;
    std::size_t size = 0;  // with what was cut off
  };

  void add(Line& line, std::string_view direction, std::string_view bytes);
  void end_line(Line& line, std::string_view direction, bool unfinished);
  void flush();

  std::shared_ptr<Trace> trace_;
  std::string peer_;
  std::uint64_t stream_;
  Line in_;
  Line out_;
  std::string records_;  // not in the file yet
};

}  // namespace headrace::engine
