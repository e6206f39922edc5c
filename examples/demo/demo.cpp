// The demonstration: an MCP client that starts headrace, has it run Python, and shows what happens.
//
//   headrace_demo HEADRACE TASKS_SERVER
//
// Ends with status 1 when an answer is not what it should be.
#include <headrace/engine/child.hpp>
#include <headrace/engine/peer.hpp>
#include <headrace/framing/json_writer.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include <simdjson.h>

#include "screen.hpp"
#include "steps.hpp"

extern char** environ;

namespace demo {
namespace {

using headrace::engine::Answer;
using headrace::engine::Child;
using headrace::engine::Clock;
using headrace::engine::Message;
using headrace::engine::Peer;
using headrace::framing::JsonWriter;
namespace engine = headrace::engine;
namespace dom = simdjson::dom;
namespace fs = std::filesystem;

// A folder with one configuration file in it, gone at the end.
class Configuration {
 public:
  explicit Configuration(const std::string& server) {
    std::string name = (fs::temp_directory_path() / "headrace-demo.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error(name + " can't be made");
    folder_ = name;
    std::string json;
    JsonWriter writer(json);
    writer.begin_object().key("mcpServers").begin_object().key("tasks").begin_object();
    writer.member("command", server).member("description", "A task list");
    writer.end_object().end_object().end_object();
    std::ofstream(folder_ / "demo.json") << json << '\n';
    Screen::note("the configuration: " + json);
  }
  ~Configuration() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Configuration(const Configuration&) = delete;
  Configuration& operator=(const Configuration&) = delete;

  // Ours, with that folder in place of ~/MCPs.
  std::vector<std::string> environment() const {
    std::vector<std::string> variables{"MCP_BRIDGE_STATE_DIR=" + folder_.string()};
    for (char** variable = environ; *variable != nullptr; ++variable) {
      const std::string_view text = *variable;
      if (!text.starts_with("MCP_BRIDGE_STATE_DIR=") && !text.starts_with("MCP_SERVERS_CONFIG="))
        variables.emplace_back(text);
    }
    return variables;
  }

 private:
  fs::path folder_;
};

// One conversation with headrace, from its start to its end.
class Client {
 public:
  Client(engine::Executor executor, const std::string& program, std::vector<std::string> variables)
      : guard_(std::make_shared<engine::ProcessGuard>()) {
    engine::SpawnSpec spec;
    spec.argv = {program};
    spec.environment = std::move(variables);
    engine::Diagnostics diagnostics;
    engine::ChildOptions options;
    options.on_stderr = [](std::string_view text) { Screen::log(text); };
    child_ = Child::start(executor, spec, std::move(options), guard_, diagnostics);
    if (!child_) throw std::runtime_error(diagnostics.message);
    engine::PeerHooks hooks;
    hooks.on_notification = [](const Message& message) { on_notification(message); };
    peer_ = Peer(executor, child_->take_output(), child_->take_input(), {}, std::move(hooks));
    peer_.start();
  }

  asio::awaitable<void> initialize() {
    const std::string_view params = R"({"protocolVersion":"2025-11-25","capabilities":{},)"
                                    R"("clientInfo":{"name":"headrace-demo","version":"1.0"}})";
    const engine::CallOptions patience;
    auto [error, answer] =
        co_await peer_.async_call("initialize", params, patience, engine::use_tuple);
    if (error) throw std::runtime_error("initialize: " + explain(error, answer));
    peer_.notify("notifications/initialized", {});
  }

  // The text of the answer.
  asio::awaitable<std::string> run_python(std::string_view code, int timeout) {
    std::string params;
    JsonWriter writer(params);
    writer.begin_object().member("name", "run_python").key("arguments").begin_object();
    // The reader's own servers are left alone.
    writer.member("code", code).member("timeout", timeout);
    writer.raw_member("servers", R"(["tasks"])").end_object();
    writer.key("_meta").begin_object().member("progressToken", "demo").end_object().end_object();
    const std::string_view view = params;
    const engine::CallOptions patience;
    auto [error, answer] =
        co_await peer_.async_call("tools/call", view, patience, engine::use_tuple);
    Screen::end_progress();
    if (error) throw std::runtime_error("run_python: " + explain(error, answer));
    dom::parser parser;
    const std::string body(answer.body);
    const std::string_view text = parser.parse(body)["content"].at(0)["text"];
    co_return std::string(text);
  }

  asio::awaitable<void> close() {
    peer_.finish();
    const engine::StopTimes times{std::chrono::seconds(2), std::chrono::seconds(1)};
    co_await child_->async_stop(times);
    peer_.close();
  }

 private:
  static void on_notification(const Message& message) {
    if (message.method != "notifications/progress") return;
    dom::parser parser;
    const std::string params(message.params);
    std::string_view text;
    if (parser.parse(params)["message"].get(text) == simdjson::SUCCESS) Screen::progress(text);
  }

  std::string explain(std::error_code error, const Answer& answer) const {
    if (error == engine::Errc::remote_error) return engine::read_remote_error(answer.body).message;
    return error.message() + "\n" + child_->stderr_tail();
  }

  std::shared_ptr<engine::ProcessGuard> guard_;
  std::unique_ptr<Child> child_;
  Peer peer_;
};

asio::awaitable<void> show(engine::Executor executor, const std::string& program,
                           const std::string& server, bool& good) {
  const Configuration configuration(server);
  Client client(executor, program, configuration.environment());
  co_await client.initialize();
  int number = 0;
  for (const Step& step : steps) {
    Screen::code(++number, step.title, step.code);
    const auto begin = Clock::now();
    const std::string text = co_await client.run_python(step.code, step.timeout);
    Screen::output(text, Clock::now() - begin);
    if (text.find(step.expected) == std::string::npos) {
      std::cout << "This is not what was to be expected: '" << step.expected << "' is missing.\n";
      good = false;
    }
  }
  co_await client.close();
}

int main(const std::string& program, const std::string& server) {
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context context(1);
  bool good = true;
  std::exception_ptr failure;
  asio::awaitable<void> showing = show(context.get_executor(), program, server, good);
  asio::co_spawn(context, std::move(showing),
                 [&failure](std::exception_ptr error) { failure = std::move(error); });
  context.run();
  if (failure) std::rethrow_exception(failure);
  if (good) Screen::note("That was the whole of it: one tool, any number of servers.");
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace demo

int main(int argc, char** argv) try {
  if (argc == 3) return demo::main(argv[1], argv[2]);
  std::cerr << "usage: headrace_demo HEADRACE TASKS_SERVER\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << "headrace_demo: " << error.what() << '\n';
  return EXIT_FAILURE;
}
