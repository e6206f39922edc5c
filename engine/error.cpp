// The engine's error category.
#include <headrace/engine/error.hpp>

namespace headrace::engine {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "headrace.engine"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::timed_out:
        return "the deadline passed";
      case Errc::cancelled:
        return "the call was cancelled";
      case Errc::remote_error:
        return "the other end answered with an error";
      case Errc::peer_closed:
        return "the stream ended before the answer came";
      case Errc::peer_stalled:
        return "the other end does not read what is sent to it";
      case Errc::frame_too_large:
        return "the message is over the frame limit";
      case Errc::invalid_answer:
        return "the answer is not what the protocol allows";
      case Errc::server_unavailable:
        return "the server is not available";
      case Errc::command_not_found:
        return "the command can't be executed";
      case Errc::question_failed:
        return "a question of the other end could not be answered";
      case Errc::shutting_down:
        return "shutting down";
    }
    return "unknown error";
  }
};

}  // namespace

const std::error_category& engine_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), engine_category()};
}

}  // namespace headrace::engine
