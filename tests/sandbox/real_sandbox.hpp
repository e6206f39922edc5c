// What tests share that start real interpreters, in the runtime that needs no engine.
#pragma once

#include <headrace/sandbox/pool.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "../engine/support.hpp"

namespace headrace::sandbox::test {

/// Processes that this one has started and that have not been waited for.
inline std::vector<pid_t> children() {
  std::vector<pid_t> found;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "children");
    for (pid_t pid = 0; file >> pid;)
      found.push_back(pid);
  }
  return found;
}

class RealSandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!works()) GTEST_SKIP() << "bubblewrap does not work here";
  }
  void TearDown() override {
    if (pool) engine::test::run(context, pool->async_close());
    EXPECT_TRUE(until([] { return children().empty(); })) << "a process is left";
  }

  void make_pool(PoolOptions options) {
    LauncherOptions launcher;
    launcher.runtime = "bwrap";
    const auto log = [this](engine::LogLevel, std::string_view, std::string_view message) {
      messages.emplace_back(message);
    };
    engine::Logger logger(engine::LogLevel::warning, log);
    pool = std::make_shared<Pool>(
        context.get_executor(), options,
        std::make_shared<Launcher>(context.get_executor(), launcher, nullptr, logger), logger);
  }

  template <class Predicate>
  bool until(Predicate done) {
    return engine::test::run_until(context, done);
  }

  static asio::awaitable<void> take_into(std::shared_ptr<Pool> pool,
                                         std::shared_ptr<Interpreter>& taken, std::string& why) {
    engine::Diagnostics diagnostics;
    taken = co_await pool->async_take(diagnostics);
    why = diagnostics.message;
  }

  std::shared_ptr<Interpreter> take() {
    std::shared_ptr<Interpreter> taken;
    engine::test::run(context, take_into(pool, taken, why));
    return taken;
  }

  asio::io_context context;
  std::shared_ptr<Pool> pool;
  std::vector<std::string> messages;
  std::string why;

 private:
  // Asked once: not every machine lets its users have namespaces.
  bool works() {
    static const bool answer = [this] {
      PoolOptions none;
      none.size = 0;
      make_pool(none);
      const std::shared_ptr<Interpreter> first = take();
      pool->discard(first, true);
      engine::test::run(context, pool->async_close());
      pool.reset();
      return first != nullptr;
    }();
    return answer;
  }
};

}  // namespace headrace::sandbox::test
