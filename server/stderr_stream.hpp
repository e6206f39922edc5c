// Our stderr, written to without ever waiting for whoever reads it.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/logger.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <asio/steady_timer.hpp>

namespace headrace::server {

/// "headrace: warning: server 'x': …" and a line feed, without what steers terminals.
std::string log_line(engine::LogLevel level, std::string_view source, std::string_view message);

/// Writes it, cut to 4 KiB. What finds no room is lost: a host that does not read it must not stop
/// us.
void log_to_stderr(engine::LogLevel level, std::string_view source, std::string_view message);

/// What finds no room is kept, up to a limit; of what is beyond, only how much it was. The
/// descriptor is shared with others, so its flags are left alone: it is looked at from time to
/// time.
class StderrStream : public std::enable_shared_from_this<StderrStream> {
 public:
  static constexpr std::size_t most_kept = std::size_t{256} << 10;

  explicit StderrStream(const engine::Executor& executor) : timer_(executor) {}

  void write(std::string_view text);
  /// No longer looks for room; a program that ends does not wait for it.
  void stop();

 private:
  void write_kept();
  void look_later();

  asio::steady_timer timer_;
  std::string kept_;
  std::size_t lost_ = 0;
  bool waiting_ = false;
  bool stopped_ = false;
};

}  // namespace headrace::server
