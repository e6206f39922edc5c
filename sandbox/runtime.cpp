// The table of runtimes, and what is the same for all of them.
#include <headrace/sandbox/bubblewrap.hpp>
#include <headrace/sandbox/docker.hpp>
#include <headrace/sandbox/podman.hpp>
#include <headrace/sandbox/runtime.hpp>

#include <array>
#include <charconv>

namespace headrace::sandbox {
namespace {

#ifdef __linux__
constexpr std::array<const Runtime*, 3> runtimes = {&podman, &docker, &bubblewrap};
#else
constexpr std::array<const Runtime*, 2> runtimes = {&podman, &docker};
#endif

constexpr std::string_view name_prefix = "headrace-";

}  // namespace

std::span<const Runtime* const> all_runtimes() noexcept {
  return runtimes;
}

const Runtime* find_runtime(std::string_view name) noexcept {
  if (name == "bubblewrap") name = "bwrap";
  for (const Runtime* runtime : runtimes) {
    if (runtime->name == name) return runtime;
  }
  return nullptr;
}

bool same_abilities(RuntimeFacts one, const RuntimeFacts& other) {
  one.description = other.description;
  return one == other;
}

Channel best_channel(const Runtime& runtime, const RuntimeFacts& facts) noexcept {
  if (facts.remote) return Channel::stdio;
  if (&runtime == &podman) return Channel::descriptor;
  // In a rootless docker the container's user is another one on the host, whom the directory
  // would have to be open to.
  if (&runtime == &docker && !facts.rootless) return Channel::socket_file;
  return Channel::stdio;
}

std::vector<std::string> interpreter_arguments(std::string_view loader, std::string channel) {
  return {"-I", "-B", "-u", "-X", "utf8", "-c", std::string(loader), std::move(channel)};
}

std::string sandbox_name(std::string_view owner, std::uint64_t number) {
  return std::string(name_prefix) + std::string(owner) + "-" + std::to_string(number);
}

std::vector<Leftover> parse_leftovers(std::string_view output) {
  std::vector<Leftover> leftovers;
  while (!output.empty()) {
    const std::size_t end = output.find('\n');
    const std::string_view line = output.substr(0, end);
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    const std::size_t dash = line.rfind('-');
    if (!line.starts_with(name_prefix) || dash == std::string_view::npos ||
        dash < name_prefix.size()) {
      continue;
    }
    std::uint64_t number = 0;
    const char* const last = line.data() + line.size();
    const auto [rest, error] = std::from_chars(line.data() + dash + 1, last, number);
    if (error != std::errc() || rest != last) continue;
    leftovers.push_back({std::string(line),
                         std::string(line.substr(name_prefix.size(), dash - name_prefix.size()))});
  }
  return leftovers;
}

}  // namespace headrace::sandbox
