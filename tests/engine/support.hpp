// What the engine's tests share: a context that is run until something has happened.
#pragma once

#include <headrace/engine/asio.hpp>
#include <headrace/engine/deadline.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace headrace::engine::test {

/// How long something that has to happen may take before a test gives up; never waited out.
inline constexpr std::chrono::seconds patience{60};

// As every program has to that writes to pipes.
inline const auto sigpipe_is_ignored = std::signal(SIGPIPE, SIG_IGN);

/// Runs `context` until `done()` is true; false when it did not come to that.
template <class Predicate>
bool run_until(asio::io_context& context, Predicate done) {
  const Deadline limit = Deadline::after(patience);
  // What is waited for may happen elsewhere, while the context has nothing to do.
  const auto work = asio::make_work_guard(context);
  if (context.stopped()) context.restart();
  while (!done()) {
    if (limit.passed()) return false;
    context.run_one_for(std::chrono::milliseconds(50));
  }
  return true;
}

/// Runs a coroutine to its end; an exception in it fails the test.
inline void run(asio::io_context& context, asio::awaitable<void> coroutine) {
  bool done = false;
  std::exception_ptr failure;
  auto finished = [&done, &failure](std::exception_ptr error) {
    done = true;
    failure = error;
  };
  asio::co_spawn(context, std::move(coroutine), std::move(finished));
  ASSERT_TRUE(run_until(context, [&done] { return done; })) << "the coroutine did not end";
  if (failure) std::rethrow_exception(failure);
}

/// The environment that a child needs to find programs.
inline std::vector<std::string> basic_environment() {
  const char* path = std::getenv("PATH");
  return {std::string("PATH=") + (path != nullptr ? path : "/usr/bin:/bin")};
}

inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

}  // namespace headrace::engine::test
