// One run of code: what is asked for, and its state while a session sees to it.
#pragma once

#include <headrace/engine/deadline.hpp>
#include <headrace/engine/event.hpp>
#include <headrace/sandbox/launcher.hpp>
#include <headrace/sandbox/run_record.hpp>
#include <headrace/sandbox/run_result.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::sandbox {

struct RunRequest {
  std::string code;
  std::string servers;  ///< Raw JSON array: the servers that can be reached.
  std::vector<std::string> loaded;
  /// From the moment the code starts; waiting for a turn or for a sandbox is not counted.
  engine::Clock::duration timeout = std::chrono::seconds(30);
  /// What happens before the code starts, in words; may be empty.
  Launcher::Progress progress;
  /// Hears what the code prints, as it comes; may be empty.
  std::function<void(bool is_error, std::string_view text)> on_output;
  /// Hears of `runtime.progress(…)`; may be empty.
  std::function<void(const RunProgress&)> on_progress;
  /// Called when its turn has come: last chance to fill in `servers` and `loaded`; may be empty.
  std::function<void(RunRequest&)> on_turn;
};

/// One run, shared between who asked for it and the session.
class Run {
 public:
  Run(const engine::Executor& executor, RunRequest request)
      : request_(std::move(request)), changed_(executor) {}

  /// Interrupts it, or takes it out of the queue; its result is then `cancelled`.
  void cancel() {
    cancelled_ = true;
    changed_.set();
  }

 private:
  friend class Session;
  RunRequest request_;
  engine::Event changed_;  // its turn has come, answered, cancelled, or the interpreter ended
  std::unique_ptr<RunRecord> record_;  // from when the code is sent
  engine::Clock::time_point began_;    // likewise
  bool cancelled_ = false;
  bool has_turn_ = false;
  bool answered_ = false;
  bool ended_ = false;
  RunResult result_;
};

}  // namespace headrace::sandbox
