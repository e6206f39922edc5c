// What can go wrong in the engine, as error codes; the words that go with one are in Diagnostics.
#pragma once

#include <string>
#include <system_error>

namespace headrace::engine {

enum class Errc {
  timed_out = 1,       ///< The deadline passed; the other end has been told.
  cancelled,           ///< The caller gave up; the other end has been told.
  remote_error,        ///< The other end answered with a JSON-RPC error.
  peer_closed,         ///< The stream ended before the answer came.
  peer_stalled,        ///< The other end does not read: its queue grew over the limit.
  frame_too_large,     ///< The answer, or what was to be sent, is over the frame limit.
  invalid_answer,      ///< The answer is not what the protocol allows.
  server_unavailable,  ///< The server could not be started, or is waiting to be tried again.
  command_not_found,   ///< There is no such program, or it can't be executed.
  question_failed,     ///< A question of the server's, which it needs for the answer, had none.
  shutting_down,       ///< We are closing; nothing new is begun.
};

const std::error_category& engine_category() noexcept;
std::error_code make_error_code(Errc code) noexcept;

/// The words beside an error code: what happened, to whom, what to do.
struct Diagnostics {
  std::string message;
};

/// A JSON-RPC error as it came: `data` is raw JSON, empty when absent.
struct RemoteError {
  std::int64_t code = 0;
  std::string message;
  std::string data;
};

}  // namespace headrace::engine

template <>
struct std::is_error_code_enum<headrace::engine::Errc> : std::true_type {};
