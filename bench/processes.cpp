// Who descends from a process, and what memory that takes.
#include <headrace/bench/processes.hpp>

#include <charconv>
#include <dirent.h>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace headrace::bench {

namespace {

struct Status {
  char state = '?';
  pid_t parent = -1;
  std::uint64_t started = 0;
};

std::optional<Status> status_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // The name before it may hold anything, brackets too.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 1));
  Status status;
  std::string skipped;
  fields >> status.state >> status.parent;
  for (int field = 5; field < 22; ++field)
    fields >> skipped;
  fields >> status.started;
  if (!fields) return {};
  return status;
}

bool has_ended(const Status& status) {
  return status.state == 'Z' || status.state == 'X';
}

// The entries that are numbers: of /proc its processes, of a process's task folder its threads.
std::vector<pid_t> numbers_in(const std::string& path) {
  std::vector<pid_t> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
  while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) all.push_back(pid);
  }
  return all;
}

}  // namespace

std::vector<pid_t> threads_of(pid_t process) {
  return numbers_in("/proc/" + std::to_string(process) + "/task");
}

std::vector<ProcessId> descendants(pid_t root) {
  std::multimap<pid_t, ProcessId> children;
  for (const pid_t pid : numbers_in("/proc")) {
    const auto status = status_of(pid);
    if (status && !has_ended(*status)) {
      children.emplace(status->parent, ProcessId{pid, status->started});
    }
  }
  std::vector<ProcessId> found;
  auto add_children_of = [&](pid_t pid) {
    const auto [first, last] = children.equal_range(pid);
    for (auto child = first; child != last; ++child)
      found.push_back(child->second);
  };
  add_children_of(root);
  for (std::size_t i = 0; i < found.size(); ++i)
    add_children_of(found[i].pid);
  return found;
}

bool is_running(const ProcessId& process) {
  const auto status = status_of(process.pid);
  return status && status->started == process.started && !has_ended(*status);
}

Memory memory_of(pid_t pid) {
  Memory memory;
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string name;
    std::uint64_t kilobytes = 0;
    fields >> name >> kilobytes;
    if (name == "Rss:") memory.resident = kilobytes * 1024;
    if (name == "Private_Clean:" || name == "Private_Dirty:") memory.own += kilobytes * 1024;
  }
  return memory;
}

}  // namespace headrace::bench
