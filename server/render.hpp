// What a client is shown of a run: the payload, and its text in each output mode.
#pragma once

#include <headrace/server/options.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::server {

/// The outcome of a run in the words of the answer; empty fields are left out of it.
struct RunReport {
  std::string status;  ///< success, error, timeout or validation_error.
  std::string summary;
  std::optional<int> exit_code;
  std::vector<std::string> servers;
  std::string out;
  std::string err;
  std::string error;
  std::optional<long long> timeout_seconds;
  std::string note;  ///< Such as that the state of earlier runs is gone.
};

/// The text of the result.
std::string render_text(const RunReport& report, OutputMode mode);

/// Longest answer in bytes: the read buffers of some clients end at a few MiB.
inline constexpr std::size_t longest_result = std::size_t{1} << 20;

/// The raw `CallToolResult`. Output that would make it longer than `longest_result` loses its
/// middle, with a line that says so.
std::string render_result(const RunReport& report, OutputMode mode);

}  // namespace headrace::server
