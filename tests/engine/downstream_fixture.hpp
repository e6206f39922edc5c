// A Downstream in front of the server that misbehaves.
#pragma once

#include <headrace/engine/mcp/downstream.hpp>

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "support.hpp"
#include "temporary_folder.hpp"
#include "test_trace.hpp"

namespace headrace::engine::mcp::test {

using engine::test::patience;
using engine::test::run_until;

/// How a call ended, and how often.
struct Ended {
  int times = 0;
  std::error_code error;
  std::string body;
  std::string message;
};

struct Downstreams : testing::Test {
  LaunchSpec launch(std::vector<std::string> mode) {
    LaunchSpec spec;
    spec.name = "fake";
    spec.argv = {"python3", "-B", "-S", HEADRACE_FAKE_SERVER};
    spec.argv.insert(spec.argv.end(), mode.begin(), mode.end());
    spec.environment = engine::test::basic_environment();
    return spec;
  }

  Downstream& make(std::vector<std::string> mode = {"normal"}) {
    return make_from(launch(std::move(mode)));
  }

  Downstream& make_from(LaunchSpec spec) {
    Logger logger(LogLevel::info,
                  [this](LogLevel level, std::string_view source, std::string_view message) {
                    log += std::string(to_string(level)) + " " + std::string(source) + ": " +
                           std::string(message) + "\n";
                  });
    DownstreamHooks hooks;
    hooks.on_restarted = [this] { ++restarts; };
    hooks.on_list_changed = [this](ListKind kind) {
      ++(kind == ListKind::tools ? tools_changed : others_changed);
    };
    set_hooks(hooks);
    options.stop_times = {patience, patience};
    options.probe_limit = probe_limit;
    options.trace = engine::test::test_trace();
    if (stop_quickly) {
      options.stop_times = {std::chrono::milliseconds(1), std::chrono::milliseconds(1)};
    }
    server = Downstream::make(context.get_executor(), std::move(spec), options, nullptr,
                              std::move(logger), std::move(hooks));
    return *server;
  }

  virtual void set_hooks(DownstreamHooks&) {}

  void TearDown() override {
    if (server) close();
  }

  void close() {
    engine::test::run(context, server->async_close());
    EXPECT_EQ(server->phase(), Phase::closed);
    EXPECT_EQ(server->pid(), -1);
  }

  std::shared_ptr<Ended> begin(std::string_view tool, std::string_view arguments = "{}",
                               Deadline deadline = {}) {
    auto ended = std::make_shared<Ended>();
    last_ticket = server->call_tool(tool, RawJson{arguments, {}}, deadline, keep(ended));
    return ended;
  }

  static OutcomeCallback keep(std::shared_ptr<Ended> ended) {
    return [ended = std::move(ended)](Outcome outcome) {
      ++ended->times;
      ended->error = outcome.error;
      ended->body = outcome.answer.body;
      ended->message = std::move(outcome.message);
    };
  }

  Ended await(const std::shared_ptr<Ended>& ended) {
    EXPECT_TRUE(run_until(context, [&ended] { return ended->times > 0; })) << "it did not end";
    return *ended;
  }

  Ended call(std::string_view tool, std::string_view arguments = "{}", Deadline deadline = {}) {
    return await(begin(tool, arguments, deadline));
  }

  void expect_alive() {
    const Ended ended = call("echo", R"({"n":1})");
    EXPECT_FALSE(ended.error) << ended.message;
    EXPECT_EQ(ended.body, R"({"echo":{"n":1}})");
  }

  asio::io_context context;
  DownstreamOptions options;
  bool stop_quickly = false;
  Clock::duration probe_limit = patience;
  std::shared_ptr<Downstream> server;
  std::string log;
  int tools_changed = 0;
  int restarts = 0;
  int others_changed = 0;
  Downstream::Ticket last_ticket = 0;
};

}  // namespace headrace::engine::mcp::test
