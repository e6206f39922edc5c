// How an interpreter ended, as its sandbox says with the last frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::sandbox {

/// In the words of the process that watches over it. Good for a sentence and no more: code in the
/// sandbox can say the same.
struct InterpreterEnd {
  int signal = 0;  ///< 0: it exited.
  int exit_code = 0;
  std::string cause;  ///< `memory`, `closed`, or empty.
};

/// The `params` of an `ended` notification; nothing if they are not such. 64 bytes
/// behind them are readable, as behind any slice of a frame.
std::optional<InterpreterEnd> read_end(std::string_view params);

/// "the interpreter crashed: segmentation fault". `memory_limit` in bytes.
std::string describe_end(const InterpreterEnd& end, std::uint64_t memory_limit);

}  // namespace headrace::sandbox
