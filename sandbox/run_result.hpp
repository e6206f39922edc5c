// What became of a run: its status, what it printed and displayed, and what it used.
#pragma once

#include <headrace/engine/deadline.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headrace::sandbox {

enum class RunStatus {
  success,
  error,      ///< The code raised, or exited with another status than 0.
  timed_out,  ///< Interrupted at its deadline.
  cancelled,
  lost,         ///< The interpreter ended under the code.
  unavailable,  ///< There is no interpreter to run it.
};

/// Something that the code displayed: a picture, markdown, a document.
struct Display {
  /// In RunResult::out: it was displayed before the byte at this place was printed.
  std::size_t position = 0;
  std::string mime_type;
  bool is_text = false;
  /// The text, or the base64 of the bytes; empty when it is in the archive alone.
  std::string content;
  /// Where the archive has it, when it does: `runs/3/display-1.png`.
  std::string archived;
  /// Of the text or of the bytes.
  std::uint64_t size = 0;
  /// Beside a text that says the same, for people who want to look: to be linked, not shown.
  bool aside = false;
};

/// A file under /workspace that the run made or changed.
struct WorkspaceFile {
  std::string path;  ///< Relative to /workspace.
  std::uint64_t size = 0;
};

/// `runtime.progress(done, total, message)`.
struct RunProgress {
  double done = 0;
  std::optional<double> total;
  std::string message;
};

/// CPU and memory are the interpreter's own word, and nothing where it did not live to say it.
struct RunUsage {
  engine::Clock::duration wall{};
  std::optional<double> cpu_seconds;
  std::optional<std::uint64_t> peak_memory;  ///< Bytes, of its largest process.
};

struct RunResult {
  RunStatus status = RunStatus::success;
  /// Of this run in its session; 0 when nothing ran.
  std::uint64_t number = 0;
  int exit_code = 0;
  std::string error;  ///< "NameError: …", or what happened to the interpreter.
  /// What the user should know beside it, such as that the state is gone; may be empty.
  std::string note;
  std::string out;
  std::string err;
  /// `runs/3/stdout`, `runs/3/stderr`: where the archive has all of a stream that is cut above.
  std::string whole_out;
  std::string whole_err;
  std::vector<Display> displays;  ///< In the order of their positions.
  std::vector<WorkspaceFile> files;
  RunUsage usage;
};

}  // namespace headrace::sandbox
