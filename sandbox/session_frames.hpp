// What the interpreter tells its session, taken out of the frames and checked: nothing is believed.
#pragma once

#include <headrace/sandbox/run_result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::sandbox {

// All take raw JSON that has 64 readable bytes behind it, as slices of a Frame have.

/// Which bytecode the loader says that its Python runs; empty when it says none.
std::string read_hello(std::string_view params);

struct OutputFrame {
  /// 0: between runs. Nothing: what was left when the interpreter ended, from one who does not
  /// know.
  std::optional<std::uint64_t> run;
  bool is_error = false;
  std::string text;
};
std::optional<OutputFrame> read_output(std::string_view params);

/// The number of the run that a notification is about; 0 when it says none.
std::uint64_t read_run_number(std::string_view params);

/// Finite numbers; a message of at most 1 KiB, cut between characters.
std::optional<RunProgress> read_progress(std::string_view params);

/// The answer to `run`: status, exit code, error, files and what the interpreter says it used.
void read_run_answer(std::string_view body, RunResult& result);

/// The first `most` of a raw array of `{"path","size"}`. Left out are paths that are not relative,
/// lead upwards, are longer than 1 KiB or have control characters.
std::vector<WorkspaceFile> read_file_list(std::string_view array, std::size_t most);

/// What a raw JSON string says; empty when it is none.
std::string read_string(std::string_view raw);

/// Whether a path names something under the folder that it is relative to.
bool is_inner_path(std::string_view path) noexcept;

}  // namespace headrace::sandbox
