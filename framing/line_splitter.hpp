// Turns the bytes of a stream into frames, one for each line.
#pragma once

#include <headrace/framing/frame.hpp>
#include <headrace/framing/line_skimmer.hpp>
#include <headrace/framing/receive_buffer.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace headrace::framing {

struct SplitterOptions {
  /// Longest line that becomes a frame, in bytes without its line ending; at most just under 4 GiB.
  std::size_t frame_limit = std::size_t{64} << 20;
  /// What is allocated at a time while lines are short, in bytes.
  std::size_t block_size = std::size_t{64} << 10;
};

/// Read into prepare(), say how much with commit(), then call next() until it says need_more.
///
/// Lines end in "\n" or "\r\n"; blank lines are skipped. A line over the limit is not kept: it is
/// skimmed for the call it belongs to, reported once, and the stream goes on behind its newline.
class LineSplitter {
 public:
  enum class Next { frame, oversize, need_more };

  /// What could be learnt of a line that was over the limit.
  struct Oversize {
    std::size_t size = 0;      ///< Bytes, without the line ending.
    std::string id;            ///< The top-level id as raw JSON; empty when there was none.
    std::string method;        ///< The top-level method, unescaped; empty when there was none.
    bool is_response = false;  ///< It had a result or an error, and no method.
  };

  explicit LineSplitter(SplitterOptions options = {}) noexcept;

  /// Where the next read goes: at least 16 KiB, more while a large frame is under way, and empty
  /// only when memory is out. Valid until the next call of prepare(). Never moves or overwrites
  /// what a live Frame points to.
  std::span<char> prepare() noexcept;

  /// `size` bytes of the last prepare() have been filled.
  void commit(std::size_t size) noexcept;

  /// The next line. `out` is set only with Next::frame; oversize() only with Next::oversize.
  Next next(Frame& out) noexcept;

  /// The line that the last Next::oversize was about; valid until the next call of next().
  const Oversize& oversize() const noexcept { return oversize_; }

  /// At end of file, after next() said need_more: what came behind the last newline, once. False
  /// when there is nothing, or only the beginning of a line over the limit.
  bool rest(Frame& out) noexcept;

  /// Bytes that were committed and belong to no frame yet. A skimmed line is not counted.
  std::size_t buffered() const noexcept { return buffer_.size(); }

 private:
  void skim(std::string_view piece) noexcept;
  Next finish_oversize() noexcept;

  ReceiveBuffer buffer_;
  std::size_t frame_limit_;
  std::size_t scanned_ = 0;  // bytes of the buffer that are known to hold no newline
  bool skimming_ = false;
  bool last_was_return_ = false;
  std::size_t skimmed_ = 0;
  LineSkimmer skimmer_;
  Oversize oversize_;
};

}  // namespace headrace::framing
