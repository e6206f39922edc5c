// Walks /proc from a process to its children.
#include <headrace/sandbox/usage.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace headrace::sandbox {
namespace {

std::string read_file(const std::string& path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  std::array<char, 4096> chunk{};
  for (;;) {
    const ssize_t size = ::read(fd, chunk.data(), chunk.size());
    if (size <= 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(size));
  }
  ::close(fd);
  return text;
}

std::uint64_t number_at(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The number after "\n<key>:", 0 if there is none.
std::uint64_t field(std::string_view text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') return number_at(text.substr(at + key.size()));
  }
  return 0;
}

// Every thread has children of its own.
void append_children(const std::string& process, std::vector<pid_t>& children) {
  std::error_code error;
  for (std::filesystem::directory_iterator thread(process + "/task", error), end;
       !error && thread != end; thread.increment(error)) {
    const std::string text = read_file(thread->path().native() + "/children");
    const char* next = text.data();
    const char* const last = next + text.size();
    while (next < last) {
      pid_t child = 0;
      const auto [rest, failed] = std::from_chars(next, last, child);
      if (failed != std::errc()) break;
      children.push_back(child);
      next = rest + 1;
    }
  }
}

// The root first. A tree of runaways is cut off where it stops to matter how large it is.
std::vector<pid_t> tree_below(pid_t root) {
  constexpr std::size_t enough = 65536;
  std::vector<pid_t> tree = {root};
  for (std::size_t i = 0; i < tree.size() && tree.size() < enough; ++i) {
    append_children("/proc/" + std::to_string(tree[i]), tree);
  }
  return tree;
}

constexpr std::uint64_t kibibyte = 1024;

std::uint64_t exact_memory(const std::vector<pid_t>& tree) {
  std::uint64_t total = 0;
  for (const pid_t pid : tree) {
    const std::string text = read_file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    // File pages can be dropped at any time: what counts is anonymous and shared memory.
    total +=
        (field(text, "Pss_Anon:") + field(text, "Pss_Shmem:") + field(text, "SwapPss:")) * kibibyte;
  }
  return total;
}

}  // namespace

Usage measure_usage(pid_t root, std::uint64_t exact_above) noexcept try {
  Usage usage;
  const std::vector<pid_t> tree = tree_below(root);
  for (const pid_t pid : tree) {
    const std::string text = read_file("/proc/" + std::to_string(pid) + "/status");
    if (text.empty()) continue;
    ++usage.processes;
    usage.threads += field(text, "Threads:");
    usage.memory +=
        (field(text, "RssAnon:") + field(text, "RssShmem:") + field(text, "VmSwap:")) * kibibyte;
    usage.largest_peak = std::max(usage.largest_peak, field(text, "VmHWM:") * kibibyte);
  }
  if (usage.memory > exact_above) {
    // Nothing readable means nothing known: then the estimate stands.
    if (const std::uint64_t exact = exact_memory(tree); exact != 0) usage.memory = exact;
  }
  return usage;
} catch (const std::exception&) {
  return {};
}

}  // namespace headrace::sandbox
