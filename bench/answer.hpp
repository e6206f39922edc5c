// Whose answer a line is: what the measuring client has to know of it, and no more.
#pragma once

#include <cstdint>
#include <string_view>

namespace headrace::bench {

struct Answer {
  enum class Kind {
    result,
    error,
    request,  // the server asks something of us
    other     // a notification, or a line that makes no sense
  };
  Kind kind = Kind::other;
  /// Of results and errors; 0 where it is no number.
  std::uint64_t id = 0;
};

/// Keys may come in any order, with spaces between them. Where the id comes first or last, as it
/// does from all SDKs, what lies between is not looked at.
Answer read_answer(std::string_view line) noexcept;

}  // namespace headrace::bench
