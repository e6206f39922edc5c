// Looks at the files that tell what this machine can do.
#include <headrace/sandbox/host_view.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
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
  if (const char* path = std::getenv("PATH")) host.search_path = path;
  if (const char* daemon = std::getenv("DOCKER_HOST")) host.docker_host = daemon;
  host.setpriv = find_on_path("setpriv", host.search_path + ":/usr/bin:/bin");
  host.podman_init = find_podman_init(host.search_path);
  utsname system{};
  if (::uname(&system) == 0) {
    host.hostname = system.nodename;
    host.nproc_per_namespace =
        std::string_view(system.sysname) == "Linux" && kernel_is_at_least(system.release, 5, 14);
  }
  look_at_delegation(host);
  host.swap_accounting = exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes") ||
                         exists("/sys/fs/cgroup/system.slice/memory.swap.max") ||
                         exists("/sys/fs/cgroup/user.slice/memory.swap.max");
  return host;
}

}  // namespace headrace::sandbox
