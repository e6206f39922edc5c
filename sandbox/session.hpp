// An interpreter that is there when code is to be run: started, interrupted, replaced, put to rest.
#pragma once

#include <headrace/engine/deadline.hpp>
#include <headrace/engine/event.hpp>
#include <headrace/sandbox/archive.hpp>
#include <headrace/sandbox/interpreter.hpp>
#include <headrace/sandbox/output_buffer.hpp>
#include <headrace/sandbox/pool.hpp>
#include <headrace/sandbox/run_result.hpp>

#include <deque>
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
  Run(const engine::Executor& executor, RunRequest request, std::size_t output_limit)
      : request_(std::move(request)), changed_(executor), out_(output_limit), err_(output_limit) {}

  /// Interrupts it, or takes it out of the queue; its result is then `cancelled`.
  void cancel() {
    cancelled_ = true;
    changed_.set();
  }

 private:
  friend class Session;
  RunRequest request_;
  engine::Event changed_;  // its turn has come, answered, cancelled, or the interpreter ended
  OutputBuffer out_;
  OutputBuffer err_;
  std::uint64_t number_ = 0;
  bool cancelled_ = false;
  bool has_turn_ = false;
  bool answered_ = false;
  bool ended_ = false;
  RunResult result_;
};

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
  /// A raw JSON array for a new interpreter's `tools`; may be empty.
  std::function<std::string()> saved_tools;
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

  bool busy() const noexcept { return current_ != nullptr; }
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

  /// Cancels what runs and ends the interpreter. For good.
  asio::awaitable<void> async_close();

 private:
  /// False when it was cancelled before its turn came.
  asio::awaitable<bool> take_turn(std::shared_ptr<Run> run);
  void release_turn();
  asio::awaitable<bool> ensure_interpreter(std::shared_ptr<Run> run);
  asio::awaitable<void> execute(std::shared_ptr<Run> run);
  asio::awaitable<void> wait_for_end(std::shared_ptr<Run> run);
  void send_run(const std::shared_ptr<Run>& run);
  void read_answer(Run& run, std::error_code error, std::string_view body);
  void interrupt(const Run& run, std::string_view reason);
  std::shared_ptr<Interpreter> take_interpreter(std::string why);
  asio::awaitable<void> kill(std::string why);
  asio::awaitable<void> explain_end(std::shared_ptr<Run> run);
  void attach();
  void on_notification(const engine::Message& message);
  void on_output(std::string_view params);
  void arm_idle_timer();
  static asio::awaitable<void> retire(std::shared_ptr<Session> self);
  std::string broken_limit() const;

  engine::Executor executor_;
  SessionOptions options_;
  SessionHooks hooks_;
  std::shared_ptr<Pool> pool_;
  engine::Logger logger_;
  std::unique_ptr<Interpreter> interpreter_;
  std::shared_ptr<Run> current_;
  std::deque<std::shared_ptr<Run>> waiting_;  // for their turn
  bool turn_taken_ = false;
  std::uint64_t next_run_ = 1;
  engine::Deadline run_deadline_;
  asio::steady_timer idle_timer_;
  // What was printed between runs: shown with the next.
  OutputBuffer stray_out_;
  OutputBuffer stray_err_;
  Archive archive_;
  engine::Clock::time_point last_used_ = engine::Clock::now();
  std::string lost_state_;  // why the last interpreter's state is gone, until somebody is told
  bool fresh_ = true;       // the interpreter has not run anything yet
  bool closed_ = false;
};

}  // namespace headrace::sandbox
