// Looks at the files that tell what this machine can do.
#include <headrace/sandbox/host_view.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/utsname.h>
#include <unistd.h>

namespace headrace::sandbox {
namespace {

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// Where distributions put it; podman looks in the same places.
bool find_podman_init(const std::string& search_path) {
  for (const char* path : {"/usr/libexec/podman/catatonit", "/usr/local/libexec/podman/catatonit",
                           "/usr/local/lib/podman/catatonit", "/usr/lib/podman/catatonit",
                           "/usr/libexec/catatonit/catatonit"}) {
    if (exists(path)) return true;
  }
  return !find_on_path("catatonit", search_path).empty();
}

bool find_docker_init(const std::string& search_path) {
  for (const char* path :
       {"/usr/libexec/docker/docker-init", "/usr/local/libexec/docker/docker-init"}) {
    if (exists(path)) return true;
  }
  return !find_on_path("docker-init", search_path).empty();
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool has_docker_context() {
  if (!environment("DOCKER_CONTEXT").empty()) return true;
  std::string folder = environment("DOCKER_CONFIG");
  if (folder.empty()) folder = environment("HOME") + "/.docker";
  std::ifstream file(folder + "/config.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.find("\"currentContext\"") != std::string::npos;
}

// Those of the root cgroup; on version 1 each has a folder.
void look_at_controllers(HostView& host) {
  host.memory_controller = exists("/sys/fs/cgroup/memory");
  host.pids_controller = exists("/sys/fs/cgroup/pids");
  std::ifstream file("/sys/fs/cgroup/cgroup.controllers");
  for (std::string controller; file >> controller;) {
    if (controller == "memory") host.memory_controller = true;
    if (controller == "pids") host.pids_controller = true;
  }
}

// The controllers that systemd has handed over to this user; on cgroup v1 there are none.
void look_at_delegation(HostView& host) {
  const std::string uid = std::to_string(::geteuid());
  std::ifstream file("/sys/fs/cgroup/user.slice/user-" + uid + ".slice/user@" + uid +
                     ".service/cgroup.controllers");
  for (std::string controller; file >> controller;) {
    if (controller == "memory") host.delegated_memory = true;
    if (controller == "pids") host.delegated_pids = true;
  }
}

}  // namespace

std::string find_on_path(const std::string& name, const std::string& search_path) {
  std::istringstream directories(search_path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    // An empty or relative entry means the working directory: whose files are not trusted here.
    if (!directory.starts_with('/')) continue;
    const std::string path = directory + "/" + name;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0) {
      return path;
    }
  }
  return {};
}

bool kernel_is_at_least(const std::string& release, int major, int minor) noexcept {
  int here_major = 0;
  int here_minor = 0;
  if (std::sscanf(release.c_str(), "%d.%d", &here_major, &here_minor) != 2) return false;
  return here_major > major || (here_major == major && here_minor >= minor);
}

HostView look_at_host() {
  HostView host;
  host.root = ::geteuid() == 0;
  host.search_path = environment("PATH");
  host.docker_host = environment("DOCKER_HOST");
  host.docker_context = has_docker_context();
  host.docker_init = find_docker_init(host.search_path);
  host.podman_host = environment("CONTAINER_HOST");
  if (host.podman_host.empty()) host.podman_host = environment("CONTAINER_CONNECTION");
  host.podman_init = find_podman_init(host.search_path);
  utsname system{};
  if (::uname(&system) == 0) {
    host.hostname = system.nodename;
    host.nproc_per_namespace =
        std::string_view(system.sysname) == "Linux" && kernel_is_at_least(system.release, 5, 14);
  }
  look_at_controllers(host);
  look_at_delegation(host);
  host.swap_accounting = exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes") ||
                         exists("/sys/fs/cgroup/system.slice/memory.swap.max") ||
                         exists("/sys/fs/cgroup/user.slice/memory.swap.max");
  return host;
}

}  // namespace headrace::sandbox
