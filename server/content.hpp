// The blocks of an answer beside its text: what was displayed, and links.
#pragma once

#include <headrace/server/render.hpp>

#include <string>
#include <vector>

namespace headrace::server {

/// Raw content blocks.
struct ContentBlocks {
  struct Placed {
    std::size_t position;  ///< In what was printed.
    std::string json;
  };
  std::vector<Placed> placed;      ///< In the order of their positions.
  std::vector<std::string> after;  ///< Behind everything else.
  std::vector<Link> links;         ///< To all that is not shown but linked.
  bool shows = false;              ///< Something is there to be looked at, not only linked.
};

/// Whether it may be shown in the answer, if there is room.
bool can_be_shown(const sandbox::Display& display) noexcept;

/// Blocks for `displays` and for the links of the report. What is shown takes up to `room` bytes;
/// the rest is linked, or said in a line where there is nothing to link to.
ContentBlocks content_blocks(const RunReport& report, const std::vector<sandbox::Display>& displays,
                             const AnswerForm& form, std::size_t room);

/// A block of text.
std::string text_block(std::string_view text);

}  // namespace headrace::server
