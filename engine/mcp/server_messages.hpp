// The bodies of what a server answers: pages of lists, and what a modern result has to carry.
#pragma once

#include <headrace/engine/mcp/protocol.hpp>
#include <headrace/engine/mcp/question.hpp>
#include <headrace/engine/peer_core.hpp>
#include <headrace/framing/object_scanner.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace headrace::engine::mcp {

/// How long a modern client may keep a result (2026-07-28, server/utilities/caching).
struct CacheHint {
  std::chrono::milliseconds ttl{0};
  /// It has nothing of one user's; others may be shown it.
  bool is_public = false;
};

/// Definitions from `offset` on, at most `page_size` of them, as the list `key` of a result.
inline constexpr std::size_t page_size = 200;
std::string page_of(std::string_view key, const std::vector<std::string>& definitions,
                    std::size_t offset);

/// Where the page begins that the params of a list request ask for, with pages of `size`. Nothing
/// when its cursor can't be one of ours.
std::optional<std::size_t> read_cursor(std::string_view params, std::size_t size = page_size);

/// A modern result from any: `resultType`, the server in `_meta`, and the hint where there is one,
/// unless they are in it already. What is no object stays as it is.
std::string complete_result(const Payload& result, std::string_view server_info,
                            const std::optional<CacheHint>& hint);

/// The same without a copy: `head` and the view that is returned, a part of `result`, are the
/// modern result. Nothing where that can't be done. `result` is a slice of a frame.
std::optional<std::string_view> complete_in_place(std::string_view result,
                                                  std::string_view server_info,
                                                  const std::optional<CacheHint>& hint,
                                                  framing::ObjectScanner& scanner,
                                                  std::string& head);

/// How a question to a legacy client ended, from what came back.
QuestionReply read_reply(std::string_view method, std::error_code error, const Answer& answer);

/// `text`, cut between characters with an ellipsis where it is too long for a log message: a read
/// buffer of a client may end much earlier than a frame of ours.
std::string shortened(std::string_view text);

}  // namespace headrace::engine::mcp
