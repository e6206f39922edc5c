// The errors of this layer as std::error_code.
#pragma once

#include <system_error>

namespace headrace::framing {

enum class Errc {
  frame_too_large = 1,  ///< A frame was over the limit and has been skipped.
  bad_frame,            ///< A frame was not a JSON-RPC message.
  out_of_memory,        ///< There was no memory to read into.
};

const std::error_category& framing_category() noexcept;

inline std::error_code make_error_code(Errc error) noexcept {
  return {static_cast<int>(error), framing_category()};
}

}  // namespace headrace::framing

template <>
struct std::is_error_code_enum<headrace::framing::Errc> : std::true_type {};
