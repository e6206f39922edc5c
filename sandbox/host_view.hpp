// What of this machine decides how a sandbox can be made: looked up once, passed on as a value.
#pragma once

#include <string>

namespace headrace::sandbox {

/// Everything that the runtimes' functions know about the host, so that they can be tested as if on
/// any other.
struct HostView {
  bool root = false;  ///< Effective uid 0.
  std::string hostname;
  std::string search_path;           ///< PATH.
  std::string docker_host;           ///< DOCKER_HOST.
  bool docker_context = false;       ///< The user has chosen one of docker's contexts.
  bool docker_init = false;          ///< docker's init is installed.
  std::string podman_host;           ///< CONTAINER_HOST or CONTAINER_CONNECTION.
  bool podman_init = false;          ///< podman's init (catatonit) is installed.
  bool memory_controller = false;    ///< Root may limit memory by cgroups…
  bool pids_controller = false;      ///< …and numbers of processes.
  bool delegated_memory = false;     ///< Ordinary users may limit memory by cgroups…
  bool delegated_pids = false;       ///< …and numbers of processes.
  bool swap_accounting = false;      ///< cgroups can limit swap.
  bool nproc_per_namespace = false;  ///< RLIMIT_NPROC counts per user namespace (Linux 5.14).
};

/// The machine as it is now. Reads a few small files; what can't be read counts as absent.
HostView look_at_host();

/// The first executable file called `name` in the directories of `search_path`, or an empty string.
std::string find_on_path(const std::string& name, const std::string& search_path);

/// Whether a Linux release such as "6.1.0-18-amd64" is at least `major`.`minor`.
bool kernel_is_at_least(const std::string& release, int major, int minor) noexcept;

}  // namespace headrace::sandbox
