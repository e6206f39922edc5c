// One line of a stream: what the layers above handle instead of bytes.
#pragma once

#include <headrace/framing/block.hpp>

#include <string_view>

namespace headrace::framing {

/// A line without its line ending. At least 64 readable bytes follow `text`; the view is valid for
/// as long as `owner`, or a copy of it, lives.
struct Frame {
  std::string_view text;
  BlockRef owner;
};

}  // namespace headrace::framing
