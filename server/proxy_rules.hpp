// What becomes of a line on its way through `headrace proxy`. No I/O.
#pragma once

#include <headrace/framing/envelope.hpp>
#include <headrace/framing/line_splitter.hpp>
#include <headrace/framing/object_scanner.hpp>
#include <headrace/server/open_requests.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::server {

/// Lines go through as they came, ids included, so that whatever refers to an id (a cancellation, a
/// subscription's notifications, extensions that nobody has thought of yet) stays true. All that is
/// kept are the ids of requests without an answer: somebody waits for them, should it never come.
class ProxyRules {
 public:
  enum class Side : std::uint8_t { client, server };
  enum class Ruling : std::uint8_t {
    pass,         ///< On to the other side.
    skip,         ///< It is no message, and nobody waits for it.
    tell_sender,  ///< It can't go on; its sender gets notice() as an answer.
    tell_other,   ///< It can't go on; the other side gets notice() in place of the answer it was.
  };
  struct Notice {
    std::string id;  ///< Raw JSON; empty for none.
    std::int64_t code = 0;
    std::string message;
  };

  Ruling on_line(Side from, const framing::Envelope& envelope);
  Ruling on_oversize(Side from, const framing::LineSplitter::Oversize& line);

  /// What the last ruling wants told.
  const Notice& notice() const noexcept { return notice_; }

  /// Requests that this side has made and that nobody has answered, nor itself cancelled.
  OpenRequests& open(Side by) noexcept { return open_[static_cast<std::size_t>(by)]; }

 private:
  static Side other(Side side) noexcept {
    return side == Side::client ? Side::server : Side::client;
  }
  Ruling on_invalid(Side from, const framing::Envelope& envelope);
  struct Unfit {
    std::string_view id;
    bool has_method;
    bool may_be_answer;
    bool is_notification;
  };
  Ruling refuse(Side from, const Unfit& line, std::int64_t code, std::string message);
  void on_cancelled(Side by, std::string_view params);

  std::array<OpenRequests, 2> open_;
  framing::ObjectScanner scanner_;
  Notice notice_;
};

}  // namespace headrace::server
