// An interpreter that is there when code is to be run: started, interrupted, replaced, put to rest.
#pragma once

#include <headrace/engine/deadline.hpp>
#include <headrace/engine/event.hpp>
#include <headrace/sandbox/archive.hpp>
#include <headrace/sandbox/interpreter.hpp>
#include <headrace/sandbox/pool.hpp>
#include <headrace/sandbox/run.hpp>
#include <headrace/sandbox/run_record.hpp>
#include <headrace/sandbox/run_result.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::sandbox {

struct SessionOptions {
  /// An interpreter that has not been used for so long is shut down.
  engine::Clock::duration idle_limit = std::chrono::seconds(300);
  /// How long interrupted code may take to stop before the interpreter is killed.
  engine::Clock::duration grace = std::chrono::seconds(2);
  /// Kept of each stream of a run, in bytes.
  std::size_t output_limit = 256 << 10;
  /// Of all processes of a sandbox together, in bytes, where the runtime leaves it to us.
  std::uint64_t memory_limit = 512ULL << 20;
  /// Processes and threads, likewise.
  std::uint64_t process_limit = 128;
};

/// What code in the interpreter asks for; called on the executor, never from inside a call in.
struct SessionHooks {
  std::function<void(engine::Responder, const engine::Message&)> on_request;
  /// The code no longer waits for the request with this raw id.
  std::function<void(std::string_view id)> on_cancelled;
  /// Nobody is left who could be answered.
  std::function<void()> on_interpreter_end;
  /// Asked before each run for a raw JSON array of all saved tools. Empty: as the interpreter has
  /// them, or none where it is a new one.
  std::function<std::string(bool new_interpreter)> saved_tools;
};

/// Runs wait for their turn in the order they came. Not thread-safe; held by shared_ptr.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(engine::Executor executor, SessionOptions options, SessionHooks hooks,
          std::shared_ptr<Pool> pool, engine::Logger logger);

  std::shared_ptr<Run> make_run(RunRequest request) const;
  /// Runs it to its end, whatever that is. To be awaited to its end: it is cancelled by
  /// Run::cancel(), not by Asio's cancellation.
  asio::awaitable<RunResult> async_run(std::shared_ptr<Run> run);

  /// When a call that comes now has to be over.
  engine::Deadline call_deadline() const noexcept;

  /// The time of the run stands still, as while a person is asked something for it, until
  /// release_deadline() was called as often.
  void hold_deadline();
  void release_deadline();

  /// A run is under way, or about to be.
  bool busy() const noexcept { return turn_taken_; }
  /// For people; empty when there is no interpreter.
  std::string_view runtime_name() const noexcept;

  /// What runs left, until the session is destroyed.
  const Archive& archive() const noexcept { return archive_; }

  /// The files under /workspace, also while code runs; none when there is no interpreter or it does
  /// not answer in time.
  struct Files {
    std::vector<WorkspaceFile> files;
    bool truncated = false;  ///< There are more.
  };
  asio::awaitable<Files> async_list_files();

  /// One of them whole, if it is at most `limit` bytes; else `error` says why not.
  struct FileContent {
    std::string mime_type;
    bool is_text = false;
    std::string content;  ///< The text, or the base64 of the bytes.
    std::string error;
  };
  asio::awaitable<FileContent> async_read_file(std::string path, std::uint64_t limit);

  /// When a run last ended here, or the session was made.
  engine::Clock::time_point last_used() const noexcept { return last_used_; }
  bool has_interpreter() const noexcept { return interpreter_ != nullptr; }

  /// Shuts the interpreter down, in the background; the next run starts another, and its note
  /// begins with `why`. False when there is none, or it is busy.
  bool retire(std::string why);

  /// Cancels what runs and ends the interpreter. For good.
  asio::awaitable<void> async_close();

 private:
  /// False when it was cancelled before its turn came.
  asio::awaitable<bool> take_turn(std::shared_ptr<Run> run);
  void release_turn();
  asio::awaitable<void> run_in_turn(std::shared_ptr<Run> run);
  asio::awaitable<bool> ensure_interpreter(std::shared_ptr<Run> run);
  asio::awaitable<void> execute(std::shared_ptr<Run> run);
  asio::awaitable<void> wait_for_end(std::shared_ptr<Run> run);
  void send_run(const std::shared_ptr<Run>& run);
  void read_answer(Run& run, std::error_code error, std::string_view body);
  void interrupt(const Run& run, std::string_view reason);
  std::shared_ptr<Interpreter> take_interpreter(std::string why);
  void kill(std::string why);
  asio::awaitable<void> explain_end(std::shared_ptr<Run> run);
  void give_up(Run& run, std::string_view why);
  void attach();
  void on_request(engine::Responder responder, const engine::Message& message);
  void on_notification(const engine::Message& message);
  void on_output(std::string_view params);
  void on_display(std::string_view params);
  Run* run_of(std::uint64_t number) const noexcept;
  RunRecord& record_for_background() const noexcept;
  void replace_if_asked(Run* run);
  void arm_idle_timer();
  void arm_usage_timer(engine::Clock::duration wait);
  void look_at_usage();
  std::string broken_limit() const;

  engine::Executor executor_;
  SessionOptions options_;
  SessionHooks hooks_;
  std::shared_ptr<Pool> pool_;
  engine::Logger logger_;
  std::shared_ptr<Interpreter> interpreter_;
  std::shared_ptr<Run> current_;
  std::deque<std::shared_ptr<Run>> waiting_;  // for their turn
  bool turn_taken_ = false;
  engine::Deadline run_deadline_;
  int holds_ = 0;  // since held_since_ the run's time stands still
  engine::Clock::time_point held_since_{};
  asio::steady_timer idle_timer_;
  asio::steady_timer usage_timer_;
  bool usage_timer_armed_ = false;
  bool look_due_ = false;  // at what the run's processes use
  Archive archive_;
  // Of the next run: what comes between two runs is told with the later one.
  std::unique_ptr<RunRecord> upcoming_;
  engine::Clock::time_point last_used_ = engine::Clock::now();
  std::string lost_state_;  // why the last interpreter's state is gone, until somebody is told
  bool fresh_ = true;       // the interpreter has not run anything yet
  bool reset_asked_ = false;
  bool closed_ = false;
};

}  // namespace headrace::sandbox
