// A stream in memory whose far end is the test: it decides how much is read and written at a time,
// and which step fails.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/completion.hpp>
#include <headrace/engine/unique_function.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace headrace::engine::test {

/// Both directions, shared between the stream and the test.
struct StreamScript {
  static constexpr int never = -1;

  std::size_t read_size = SIZE_MAX;   ///< At most this much is read at a time.
  std::size_t write_size = SIZE_MAX;  ///< At most this much is written at a time.
  int fail_at = never;                ///< This step fails, and with it all that follow.
  int fail_write_at = never;          ///< Only writing is broken from this step on.
  bool blocked = false;               ///< The far end does not read.

  std::string input;   ///< Not read yet.
  bool ended = false;  ///< End of file behind the input.
  std::string output;  ///< All that was written.
  int steps = 0;
  bool closed = false;
  bool writer_closed = false;
  /// Called with each whole line that was written.
  std::function<void(std::string_view)> on_line;

  using Done = UniqueFunction<void(std::error_code, std::size_t)>;

  void send(std::string_view text) {
    input += text;
    serve_read();
  }
  void end() {
    ended = true;
    serve_read();
  }
  void unblock() {
    blocked = false;
    serve_write();
  }

  bool fails() { return (fail_at != never && steps >= fail_at) || closed; }

  void serve_read() {
    if (!read_done) return;
    if (!fails() && input.empty() && !ended) return;
    std::error_code error;
    std::size_t size = 0;
    if (closed) {
      error = asio::error::operation_aborted;
    } else if (fails()) {
      error = asio::error::connection_reset;
    } else if (input.empty()) {
      error = asio::error::eof;
    } else {
      size = std::min({read_size, input.size(), read_buffer.size()});
      std::memcpy(read_buffer.data(), input.data(), size);
      input.erase(0, size);
    }
    ++steps;
    Done done = std::exchange(read_done, {});
    done(error, size);
  }

  template <class Buffers>
  std::size_t take(const Buffers& buffers, std::error_code& error) {
    if (fails() || (fail_write_at != never && steps >= fail_write_at)) {
      error = closed ? asio::error::operation_aborted : asio::error::broken_pipe;
      ++steps;
      // Whoever can't be written to has usually gone, unless only that is being tested.
      if (fail_write_at == never) end();
      return 0;
    }
    ++steps;
    std::size_t size = 0;
    const std::size_t before = output.size();
    for (const asio::const_buffer& buffer : buffers) {
      const std::size_t part = std::min(buffer.size(), write_size - size);
      output.append(static_cast<const char*>(buffer.data()), part);
      size += part;
      if (size == write_size) break;
    }
    report_lines(before);
    return size;
  }

  void report_lines(std::size_t before) {
    std::size_t begin = before == 0 ? 0 : output.rfind('\n', before - 1) + 1;
    for (;;) {
      const std::size_t end = output.find('\n', begin);
      if (end == std::string::npos) return;
      const std::string line = output.substr(begin, end - begin);
      begin = end + 1;
      if (on_line) on_line(line);
    }
  }

  void serve_write() {
    if (!write_done || (blocked && !fails())) return;
    std::error_code error;
    const std::size_t size = write_now(error);
    Done done = std::exchange(write_done, {});
    done(error, size);
  }

  asio::mutable_buffer read_buffer;
  Done read_done;
  UniqueFunction<std::size_t(std::error_code&)> write_now;
  Done write_done;
};

class TestStream {
 public:
  using executor_type = Executor;

  TestStream(Executor executor, std::shared_ptr<StreamScript> script)
      : executor_(std::move(executor)), script_(std::move(script)) {}
  TestStream(TestStream&&) noexcept = default;
  TestStream& operator=(TestStream&&) = delete;
  ~TestStream() {
    if (script_) close();
  }

  executor_type get_executor() const noexcept { return executor_; }

  template <class CompletionToken>
  auto async_read_some(asio::mutable_buffer buffer, CompletionToken&& token) {
    return asio::async_initiate<CompletionToken, void(std::error_code, std::size_t)>(
        [executor = executor_, script = script_](auto&& handler, asio::mutable_buffer into) {
          script->read_buffer = into;
          script->read_done =
              posted(executor, as_callback(std::forward<decltype(handler)>(handler), executor));
          asio::post(executor, [script] { script->serve_read(); });
        },
        token, buffer);
  }

  template <class Buffers, class CompletionToken>
  auto async_write_some(const Buffers& buffers, CompletionToken&& token) {
    return asio::async_initiate<CompletionToken, void(std::error_code, std::size_t)>(
        [executor = executor_, script = script_](auto&& handler, const Buffers& from) {
          script->write_now = [script = script.get(), from](std::error_code& error) {
            return script->take(from, error);
          };
          script->write_done =
              posted(executor, as_callback(std::forward<decltype(handler)>(handler), executor));
          asio::post(executor, [script] { script->serve_write(); });
        },
        token, buffers);
  }

  void close() {
    script_->closed = true;
    script_->serve_read();
    script_->serve_write();
  }

 private:
  template <class Callback>
  static auto posted(Executor executor, Callback callback) {
    return [executor, callback = std::move(callback)](std::error_code error,
                                                      std::size_t size) mutable {
      auto later = [callback = std::move(callback), error, size]() mutable {
        callback(error, size);
      };
      asio::post(executor, std::move(later));
    };
  }

  Executor executor_;

 protected:
  std::shared_ptr<StreamScript> script_;
};

/// The same with a synchronous write that takes something every other time.
class SyncTestStream : public TestStream {
 public:
  using TestStream::TestStream;

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, std::error_code& error) {
    if (script_->blocked || (turn_++ % 2 == 1 && !script_->fails())) {
      error = asio::error::would_block;
      return 0;
    }
    return script_->take(buffers, error);
  }

 private:
  int turn_ = 0;
};

}  // namespace headrace::engine::test
