// An MCP server in one file: a task list, kept in a file if one is named on the command line.
//
//   tasks_server [FILE]
//
// It shows what a server on this library consists of: a table of tools, each a definition for the
// model and a function that answers, given to a Server on stdio.
#include <headrace/engine/mcp/server.hpp>
#include <headrace/engine/stdio.hpp>
#include <headrace/framing/json_writer.hpp>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include <simdjson.h>

namespace {

using headrace::engine::Payload;
using headrace::engine::mcp::Request;
using headrace::engine::mcp::Server;
using headrace::framing::JsonWriter;
namespace dom = simdjson::dom;
using Call = std::shared_ptr<Request>;

struct Task {
  std::string title;
  bool done = false;
};

void write_task(JsonWriter& json, std::int64_t id, const Task& task) {
  json.begin_object().member("id", id).member("title", task.title).member("done", task.done);
  json.end_object();
}

// What came as an argument, if it did and has that type.
template <class T>
std::optional<T> argument(const dom::object& arguments, std::string_view name) {
  T value{};
  if (arguments[name].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

class TaskList {
 public:
  explicit TaskList(std::string file) : file_(std::move(file)) { load(); }

  void add(const Call& call, const dom::object& arguments) {
    const auto title = argument<std::string_view>(arguments, "title");
    if (!title || title->empty()) return fail(call, "'title' must be a string that is not empty");
    tasks_[next_id_].title = *title;
    answer_task(call, next_id_++);
    save();
  }

  void list(const Call& call, const dom::object& arguments) {
    const auto done = argument<bool>(arguments, "done");
    std::string tasks;
    JsonWriter json(tasks);
    json.begin_object().key("result").begin_array();
    for (const auto& [id, task] : tasks_) {
      if (!done || *done == task.done) write_task(json, id, task);
    }
    json.end_array().end_object();
    answer(call, tasks);
  }

  void complete(const Call& call, const dom::object& arguments) {
    const auto id = find(call, arguments);
    if (!id) return;
    tasks_[*id].done = true;
    answer_task(call, *id);
    // Those who wait for it: taken out first, since an answer may bring the next call.
    auto waiting = waiting_.extract(*id);
    if (waiting) {
      for (const Call& waiter : waiting.mapped())
        answer_task(waiter, *id);
    }
    save();
  }

  // A tool need not answer at once: the call is kept until there is something to say.
  void wait_for(const Call& call, const dom::object& arguments) {
    const auto id = find(call, arguments);
    if (!id) return;
    if (tasks_[*id].done) return answer_task(call, *id);
    waiting_[*id].insert(call);
    call->on_cancel = [this, key = *id, weak = std::weak_ptr(call)] {
      const auto waiter = waiting_.find(key);
      if (waiter != waiting_.end()) waiter->second.erase(weak.lock());
    };
  }

 private:
  std::optional<std::int64_t> find(const Call& call, const dom::object& arguments) {
    const auto id = argument<std::int64_t>(arguments, "id");
    if (id && tasks_.contains(*id)) return id;
    fail(call, id ? "there is no task " + std::to_string(*id) : "'id' must be an integer");
    return std::nullopt;
  }

  void answer_task(const Call& call, std::int64_t id) {
    std::string task;
    JsonWriter json(task);
    write_task(json, id, tasks_[id]);
    answer(call, task);
  }

  static void answer(const Call& call, const std::string& structured) {
    std::string result;
    JsonWriter json(result);
    json.begin_object().key("content").begin_array().begin_object();
    json.member("type", "text").member("text", structured).end_object().end_array();
    json.raw_member("structuredContent", structured).end_object();
    call->result(std::string_view(result));
  }

  static void fail(const Call& call, const std::string& why) {
    std::string result;
    JsonWriter json(result);
    json.begin_object().key("content").begin_array().begin_object();
    json.member("type", "text").member("text", why).end_object().end_array();
    json.member("isError", true).end_object();
    call->result(std::string_view(result));
  }

  void load() {
    if (file_.empty() || !std::ifstream(file_)) return;
    dom::parser parser;
    for (const dom::object task : dom::array(parser.load(file_))) {
      const std::int64_t id = task["id"];
      tasks_[id] = {std::string(std::string_view(task["title"])), bool(task["done"])};
      next_id_ = std::max(next_id_, id + 1);
    }
  }

  void save() const {
    if (file_.empty()) return;
    std::string tasks;
    JsonWriter json(tasks);
    json.begin_array();
    for (const auto& [id, task] : tasks_)
      write_task(json, id, task);
    json.end_array();
    // Beside it first, so that the file is never half of what it should be.
    const std::string beside = file_ + ".new";
    std::ofstream out(beside);
    out << tasks << '\n';
    out.close();
    if (!out || std::rename(beside.c_str(), file_.c_str()) != 0) {
      std::cerr << "tasks_server: '" << file_ << "' can't be written\n";
    }
  }

  std::string file_;
  std::int64_t next_id_ = 1;
  std::map<std::int64_t, Task> tasks_;
  std::map<std::int64_t, std::set<Call>> waiting_;
};

struct Tool {
  const char* name;
  void (TaskList::*function)(const Call&, const dom::object&);
  const char* definition;
};

constexpr Tool tools[] = {
    {"add_task", &TaskList::add,
     R"({"name":"add_task","description":"Adds a task to the list and returns it.",
"inputSchema":{"type":"object","properties":{"title":{"type":"string"}},"required":["title"]}})"},
    {"list_tasks", &TaskList::list,
     R"({"name":"list_tasks","description":"Lists the tasks: all, or only those done or not done.",
"inputSchema":{"type":"object","properties":{"done":{"type":"boolean"}}},
"annotations":{"readOnlyHint":true}})"},
    {"complete_task", &TaskList::complete,
     R"({"name":"complete_task","description":"Marks a task as done and returns it.",
"inputSchema":{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}})"},
    {"wait_for_task", &TaskList::wait_for,
     R"({"name":"wait_for_task","description":"Returns a task as soon as somebody marks it as done.",
"inputSchema":{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]},
"annotations":{"readOnlyHint":true}})"},
};

std::string on_one_line(std::string text) {
  std::erase(text, '\n');
  return text;
}

headrace::engine::mcp::ServerOptions server_options(TaskList& list) {
  headrace::engine::mcp::ServerOptions options;
  options.implementation = {"tasks", "1.0", "Task list"};
  for (const Tool& tool : tools) {
    auto handler = [&list, function = tool.function](const Call& call) {
      dom::parser parser;
      dom::object arguments;
      if (parser.parse(call->arguments()).get(arguments) == simdjson::SUCCESS) {
        (list.*function)(call, arguments);
      } else {
        call->error(headrace::engine::mcp::invalid_params, "the arguments are not JSON");
      }
    };
    options.tools.push_back({tool.name, on_one_line(tool.definition), std::move(handler)});
  }
  return options;
}

// On the program's own stdin and stdout, until the client goes.
void serve(asio::io_context& context, headrace::engine::mcp::ServerOptions options) {
  headrace::engine::ProtocolStdio stdio(context.get_executor());
  const auto server = Server::make(context.get_executor(), std::move(options));
  server->on_end = [&server] { server->role().cancel_all(); };
  server->start(stdio.take_input(), stdio.take_output());
  context.run();
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  TaskList list(argc > 1 ? argv[1] : "");
  asio::io_context context(1);
  serve(context, server_options(list));
} catch (const std::exception& error) {
  std::cerr << "tasks_server: " << error.what() << '\n';
  return EXIT_FAILURE;
}
