// The id: `<boot>.<pid namespace>.<pid>.<start time>`, everything in it from /proc.
#include <headrace/sandbox/owner.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <signal.h>
#include <sstream>
#include <unistd.h>
#include <vector>

namespace headrace::sandbox {
namespace {

std::string keep_alphanumeric(std::string_view text) {
  std::string kept;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) kept += c;
  }
  return kept;
}

// Field 22 of /proc/<pid>/stat, counted from the last parenthesis since a name may hold anything.
std::optional<std::string> start_time(std::string_view pid) {
  std::ifstream file("/proc/" + std::string(pid) + "/stat");
  std::string stat;
  if (!std::getline(file, stat)) return std::nullopt;
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) {
    if (!(fields >> field)) return std::nullopt;
  }
  return field;
}

// This boot of this machine, and this pid namespace: containers that share one engine's socket may
// have the same boot and each a process 1.
std::string this_place() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  std::getline(file, boot);
  std::array<char, 64> pid_namespace{};
  const ssize_t length =
      ::readlink("/proc/self/ns/pid", pid_namespace.data(), pid_namespace.size());
  if (boot.empty() || length <= 0) return {};
  return keep_alphanumeric(boot).substr(0, 12) + "." +
         keep_alphanumeric({pid_namespace.data(), static_cast<std::size_t>(length)});
}

std::vector<std::string_view> split_at_dots(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string this_process_owner() {
  const std::string pid = std::to_string(::getpid());
  std::string place = this_place();
  const std::optional<std::string> started = start_time(pid);
  if (place.empty() || !started) {
    // Without /proc nobody can tell later whether we are gone: two parts say so.
    std::array<char, 256> hostname{};
    ::gethostname(hostname.data(), hostname.size() - 1);
    return keep_alphanumeric(hostname.data()) + "." + pid;
  }
  return place + "." + pid + "." + *started;
}

bool owner_is_gone(std::string_view owner) noexcept try {
  const std::vector<std::string_view> parts = split_at_dots(owner);
  const std::string place = this_place();
  if (parts.size() != 4 || place.empty()) return false;
  if (owner.substr(0, parts[0].size() + 1 + parts[1].size()) != place) return false;
  pid_t pid = 0;
  const char* const last = parts[2].data() + parts[2].size();
  const auto [rest, error] = std::from_chars(parts[2].data(), last, pid);
  if (error != std::errc() || rest != last || pid <= 0) return false;
  if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
  // Where other users' processes are hidden in /proc, one that exists is taken to be the owner.
  const std::optional<std::string> started = start_time(parts[2]);
  return started && *started != parts[3];
} catch (const std::exception&) {
  return false;
}

}  // namespace headrace::sandbox
