// What a client is shown of a run: text in each output mode, what it displayed, and what it left.
#pragma once

#include <headrace/sandbox/run_result.hpp>
#include <headrace/server/options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::server {

/// Something to be read as a resource.
struct Link {
  std::string uri;
  std::string name;
  std::string description;  ///< May be empty.
  std::string mime_type;
  std::uint64_t size = 0;
  /// For people who want to look, rather than for the model.
  bool for_user = false;
};

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
  std::string session = "default";
  std::uint64_t run = 0;  ///< Its number in the session; 0 when nothing ran.
  std::vector<sandbox::Display> displays;
  std::vector<Link> links;        ///< To what else the run left.
  std::size_t files_unnamed = 0;  ///< Files for which there are no links.
  std::optional<sandbox::RunUsage> usage;
  std::uint64_t calls = 0;
  engine::Clock::duration call_time{};
};

/// How the client takes an answer.
struct AnswerForm {
  OutputMode mode = OutputMode::compact;
  StructuredContent structured = StructuredContent::automatic;
  /// Whether its version of MCP has `resource_link`; otherwise links are lines of text.
  bool links = true;
};

/// The text of the result, without what was displayed.
std::string render_text(const RunReport& report, OutputMode mode);

/// Longest answer in bytes: the read buffers of some clients end at a few MiB.
inline constexpr std::size_t longest_result = std::size_t{1} << 20;

/// The raw `CallToolResult`. What would make it longer than `longest_result` is left out: pictures
/// become links, and output loses its middle, with a line that says so.
std::string render_result(RunReport report, const AnswerForm& form);

}  // namespace headrace::server
