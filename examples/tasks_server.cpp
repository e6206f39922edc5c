// An MCP server in one file: a task list, kept in a file if one is named on the command line.
//
//   tasks_server [FILE]
//
// It shows what a server on this library consists of: structs that say what goes in and out,
// functions from one to the other, and a Server on stdio.
#include <headrace/engine/event.hpp>
#include <headrace/engine/mcp/json_value.hpp>
#include <headrace/engine/mcp/read_value.hpp>
#include <headrace/engine/mcp/schema.hpp>
#include <headrace/engine/mcp/server.hpp>
#include <headrace/engine/mcp/tool.hpp>
#include <headrace/engine/stdio.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace mcp = headrace::engine::mcp;

struct Task {
  std::int64_t id = 0;
  std::string title;
  bool done = false;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("id", &Task::id), mcp::field("title", &Task::title),
                       mcp::field("done", &Task::done));
  }
};

struct Tasks {
  std::vector<Task> result;
  static constexpr auto fields() { return mcp::fields(mcp::field("result", &Tasks::result)); }
};

struct NewTask {
  std::string title;
  static constexpr auto fields() {
    return mcp::fields(mcp::field("title", &NewTask::title).at_least(1));
  }
};

struct Which {
  std::optional<bool> done;
  static constexpr auto fields() { return mcp::fields(mcp::field("done", &Which::done)); }
};

struct TaskId {
  std::int64_t id = 0;
  static constexpr auto fields() { return mcp::fields(mcp::field("id", &TaskId::id)); }
};

class TaskList {
 public:
  TaskList(headrace::engine::Executor executor, std::string file)
      : file_(std::move(file)), completed_(std::move(executor)) {
    load();
  }

  Task add(const NewTask& in) {
    Task& task = tasks_[next_id_];
    task = {next_id_++, in.title, false};
    save();
    return task;
  }

  Tasks list(const Which& in) const {
    Tasks some;
    for (const auto& [id, task] : tasks_) {
      if (!in.done || *in.done == task.done) some.result.push_back(task);
    }
    return some;
  }

  Task complete(const TaskId& in) {
    Task& task = find(in.id);
    task.done = true;
    save();
    // Wakes all that wait, each to see whether it was its own.
    completed_.set();
    completed_.reset();
    return task;
  }

  // A tool need not answer at once: a coroutine may wait for whatever there is to await, and ends
  // there when the client cancels the call.
  asio::awaitable<Task> wait_for(TaskId in) {
    while (!find(in.id).done)
      co_await completed_.async_wait();
    co_return find(in.id);
  }

 private:
  // What a tool throws is its answer, as a failure.
  Task& find(std::int64_t id) {
    const auto task = tasks_.find(id);
    if (task == tasks_.end()) throw std::out_of_range("there is no task " + std::to_string(id));
    return task->second;
  }

  void load() {
    std::ifstream in(file_);
    if (file_.empty() || !in) return;
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    mcp::JsonValue json;
    std::vector<Task> tasks;
    std::string why;
    if (!mcp::read_json(text, json, why) || !mcp::read_value(json, tasks, why))
      throw std::runtime_error("'" + file_ + "' holds no tasks: " + why);
    for (Task& task : tasks) {
      next_id_ = std::max(next_id_, task.id + 1);
      tasks_[task.id] = std::move(task);
    }
  }

  void save() const {
    if (file_.empty()) return;
    // Beside it first, so that the file is never half of what it should be.
    const std::string beside = file_ + ".new";
    std::ofstream out(beside);
    out << mcp::value_json(list({}).result) << '\n';
    out.close();
    if (!out || std::rename(beside.c_str(), file_.c_str()) != 0) {
      std::cerr << "tasks_server: '" << file_ << "' can't be written\n";
    }
  }

  std::string file_;
  std::int64_t next_id_ = 1;
  std::map<std::int64_t, Task> tasks_;
  headrace::engine::Event completed_;
};

mcp::ServerOptions server_options(TaskList& list) {
  mcp::ToolNotes reads;
  reads.read_only = true;
  mcp::ServerOptions options;
  options.implementation = {"tasks", "1.0", "Task list"};
  options.tools = {
      mcp::make_tool<NewTask>("add_task", "Adds a task to the list and returns it.",
                              [&list](const NewTask& in) { return list.add(in); }),
      mcp::make_tool<Which>(
          "list_tasks", "Lists the tasks: all, or only those done or not done.",
          [&list](const Which& in) { return list.list(in); }, reads),
      mcp::make_tool<TaskId>("complete_task", "Marks a task as done and returns it.",
                             [&list](const TaskId& in) { return list.complete(in); }),
      mcp::make_tool<TaskId>(
          "wait_for_task", "Returns a task as soon as somebody marks it as done.",
          [&list](const TaskId& in) { return list.wait_for(in); }, reads),
  };
  return options;
}

// On the program's own stdin and stdout, until the client goes.
void serve(asio::io_context& context, mcp::ServerOptions options) {
  headrace::engine::ProtocolStdio stdio(context.get_executor());
  const auto server = mcp::Server::make(context.get_executor(), std::move(options));
  server->on_end = [&server] { server->role().cancel_all(); };
  server->start(stdio.take_input(), stdio.take_output());
  context.run();
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context context(1);
  TaskList list(context.get_executor(), argc > 1 ? argv[1] : "");
  serve(context, server_options(list));
} catch (const std::exception& error) {
  std::cerr << "tasks_server: " << error.what() << '\n';
  return EXIT_FAILURE;
}
