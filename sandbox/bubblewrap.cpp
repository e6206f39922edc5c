// bubblewrap: fresh namespaces, a read-only view of a Python, tmpfs to work in, a system call
// filter. No engine, no image, no start-up cost worth the name; no cgroups either.
#include <headrace/sandbox/bubblewrap.hpp>
#include <headrace/sandbox/failure.hpp>
#include <headrace/sandbox/host_python.hpp>
#include <headrace/sandbox/sandbox_environment.hpp>
#include <headrace/sandbox/seccomp_program.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace headrace::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view inner_path = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin";

// Numbers of descriptors in bubblewrap's process.
constexpr int seccomp_number = 10;
constexpr int passwd_number = 11;
constexpr int group_number = 12;
constexpr int hosts_number = 13;
constexpr int nsswitch_number = 14;
constexpr int first_copy_number = 15;

using Arguments = std::vector<std::string>;

void add(Arguments& argv, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words)
    argv.emplace_back(word);
}

struct User {
  std::string uid;
  std::string gid;
};

bool is_number(std::string_view text) {
  std::uint32_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), last, number);
  return error == std::errc() && rest == last;
}

User parse_user(const std::string& text) {
  const std::size_t colon = text.find(':');
  User user{text.substr(0, colon), text.substr(0, colon)};
  if (colon != std::string::npos) user.gid = text.substr(colon + 1);
  if (!is_number(user.uid) || !is_number(user.gid)) {
    throw std::runtime_error("MCP_BRIDGE_CONTAINER_USER is \"" + text +
                             "\": bubblewrap needs numbers, as in 65534:65534");
  }
  return user;
}

// Root steps down before anything else: limits on processes don't bind root, and files that only
// root may read must stay unread.
engine::UserIds stepped_down(const User& user) {
  constexpr std::uint32_t nobody = 65534;
  const auto other_than_root = [](const std::string& text) {
    std::uint32_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number == 0 ? nobody : number;
  };
  return {other_than_root(user.uid), other_than_root(user.gid)};
}

void add_namespaces(Arguments& argv, const RuntimeFacts& facts, const User& user) {
  add(argv, {facts.executable, "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net",
             "--unshare-uts", "--unshare-cgroup-try"});
  if (facts.disable_userns) add(argv, {"--disable-userns"});
  add(argv, {"--new-session", "--die-with-parent", "--cap-drop", "ALL", "--hostname", "sandbox",
             "--uid", user.uid, "--gid", user.gid});
}

// Of a root directory: folders read-only, links as links, nothing that lives.
void add_root_entry(Arguments& argv, const fs::path& root, const std::string& name) {
  std::error_code error;
  const fs::path path = root / name;
  const fs::file_status status = fs::symlink_status(path, error);
  if (fs::is_symlink(status)) {
    add(argv, {"--symlink", fs::read_symlink(path, error).native(), "/" + name});
  } else if (fs::is_directory(status) || fs::is_regular_file(status)) {
    add(argv, {"--ro-bind", path.native(), "/" + name});
  }
}

// As a link where it leads to what is there anyway, as a copy where it is small: each mount takes
// bubblewrap as long as fifty kilobytes.
void add_host_entry(Launch& launch, int number, const std::string& path) {
  constexpr off_t small = 128 << 10;
  std::error_code error;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (S_ISLNK(status.st_mode) && fs::canonical(path, error).native().starts_with("/usr/")) {
    const fs::path target = fs::read_symlink(path, error);
    const fs::path followed = (fs::path(path).parent_path() / target).lexically_normal();
    if (!error && followed.native().starts_with("/usr/")) {
      add(launch.argv, {"--symlink", target.native(), path});
      return;
    }
  }
  // Root may open what the sandbox's user may not.
  if (S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0 && status.st_size <= small) {
    if (std::optional<InheritedFile> file = InheritedFile::opened(number, path)) {
      add(launch.argv, {"--perms", "0444", "--file", std::to_string(number), path});
      launch.files.push_back(std::move(*file));
      return;
    }
  }
  add(launch.argv, {"--ro-bind-try", path, path});
}

void add_host_files(Launch& launch) {
  for (const char* name : {"usr", "bin", "lib", "lib32", "lib64", "libx32", "sbin"}) {
    add_root_entry(launch.argv, "/", name);
  }
  // Nothing of /etc but what the dynamic linker and common libraries look up.
  int number = first_copy_number;
  for (const char* path : {"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
                           "/etc/alternatives", "/etc/localtime", "/etc/fonts", "/etc/mime.types",
                           "/etc/protocols", "/etc/services", "/etc/os-release"}) {
    add_host_entry(launch, number++, path);
  }
}

void add_folder_files(Arguments& argv, const fs::path& root) {
  constexpr std::array<std::string_view, 6> live = {"dev", "proc", "run",
                                                    "sys", "tmp",  "workspace"};
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (std::find(live.begin(), live.end(), name) == live.end()) add_root_entry(argv, root, name);
  }
}

// Small files of our own making, in place of the host's or a folder's. Where a folder has an /etc
// without one of them, bubblewrap could not add it: that /etc is read-only already.
void add_synthetic_files(Launch& launch, const User& user, const fs::path& folder) {
  struct File {
    int number;
    const char* path;
    std::string text;
  };
  const std::array files = {
      File{passwd_number, "/etc/passwd",
           "sandbox:x:" + user.uid + ":" + user.gid + ":sandbox:/workspace:/bin/sh\n"},
      File{group_number, "/etc/group", "sandbox:x:" + user.gid + ":\n"},
      File{hosts_number, "/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost sandbox\n"},
      File{nsswitch_number, "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"},
  };
  std::error_code ignored;
  const bool has_etc = !folder.empty() && fs::exists(folder / "etc", ignored);
  for (const File& file : files) {
    if (has_etc && !fs::exists(folder.native() + file.path, ignored)) continue;
    launch.files.push_back(InheritedFile::holding(file.number, "headrace-file", file.text));
    // Over one that is there goes only a mount.
    if (has_etc) {
      add(launch.argv, {"--ro-bind-data", std::to_string(file.number), file.path});
    } else {
      add(launch.argv, {"--perms", "0444", "--file", std::to_string(file.number), file.path});
    }
  }
}

// Before the Python's own folders: one may be in /tmp.
void add_places(Arguments& argv, const SandboxLimits& limits) {
  const std::string tmp_size = std::to_string(limits.tmp_size);
  add(argv, {"--proc", "/proc", "--dev", "/dev"});
  add(argv, {"--perms", "1777", "--size", tmp_size, "--tmpfs", "/dev/shm"});
  add(argv, {"--perms", "1777", "--size", tmp_size, "--tmpfs", "/tmp"});
  add(argv, {"--perms", "1777", "--size", std::to_string(limits.workspace_size), "--tmpfs",
             "/workspace"});
}

// What bubblewrap makes the rest of is a tmpfs too, and without a bound; and its user owns the
// namespaces, and so some settings in /proc/sys.
void close_the_rest(Arguments& argv) {
  for (const char* path : {"/dev", "/proc", "/"})
    add(argv, {"--remount-ro", path});
  add(argv, {"--chdir", "/workspace"});
}

void add_environment(Arguments& argv) {
  add(argv, {"--clearenv", "--setenv", "PATH", inner_path});
  for (const auto& [name, value] : sandbox_environment())
    add(argv, {"--setenv", name, value});
}

bool is_folder(const std::string& image) {
  std::error_code ignored;
  return image.starts_with('/') && fs::is_directory(image, ignored);
}

// A version that lacks what this one is given does not start anything.
std::optional<Guess> guess(const std::string& executable, const HostView&) {
  Guess guess;
  guess.facts.executable = executable;
  guess.facts.disable_userns = guess.facts.rootless = guess.facts.init = true;
  guess.facts.description = "bubblewrap";
  return guess;
}

// What the kernel allows shows when the sandbox is started: a trial would cost as much again.
std::vector<Command> probe(const std::string& executable, const HostView&) {
  return {{executable, "--version"}};
}

ProbeVerdict read_probe(const std::string& executable, const HostView&,
                        std::span<const CommandResult> results) {
  if (results.empty()) return {std::nullopt, "bwrap was not asked"};
  int major = 0;
  int minor = 0;
  if (std::sscanf(results[0].out.c_str(), "bubblewrap %d.%d", &major, &minor) != 2) {
    return {std::nullopt, explain_failure("bwrap", results[0].exit_code, results[0].err)};
  }
  const std::string version = std::to_string(major) + "." + std::to_string(minor);
  const auto at_least = [=](int wanted) { return major > 0 || minor >= wanted; };
  if (!at_least(7)) {
    return {std::nullopt,
            "bwrap " + version + " can't bound the size of /tmp: 0.7 or newer is needed"};
  }
  RuntimeFacts facts;
  facts.executable = executable;
  facts.disable_userns = at_least(8);
  facts.rootless = true;
  facts.init = true;
  facts.description = "bubblewrap " + version;
  return {facts, {}};
}

Launch launch(const RuntimeFacts& facts, const HostView& host, const LaunchRequest& request) {
  const SandboxSpec& spec = request.spec;
  const User user = parse_user(spec.user);
  Launch launch;
  launch.environment.emplace();
  // Ours may be closed to whom root steps down to.
  launch.working_directory = "/";
  launch.watch_usage = true;
  launch.ends_with_us = true;
  if (host.root) launch.user = stepped_down(user);
  launch.limits = {.memory = spec.limits.memory,
                   .processes = host.nproc_per_namespace ? spec.limits.pids : 0,
                   .file_size = 0};

  Arguments& argv = launch.argv;
  add_namespaces(argv, facts, user);
  add_places(argv, spec.limits);
  std::string python = "python3";
  const std::string folder = is_folder(spec.image) ? spec.image : std::string();
  if (!folder.empty()) {
    add_folder_files(argv, folder);
  } else {
    const bool named = spec.image.starts_with('/');
    const HostPython found = named ? describe_host_python(spec.image, host.root)
                                   : find_host_python(host.search_path, host.root);
    if (found.executable.empty()) {
      throw std::runtime_error(
          named ? "MCP_BRIDGE_IMAGE is " + spec.image +
                      ": bubblewrap takes a folder or a Python program that " +
                      (host.root ? "every user" : "this user") + " may run"
                : "bubblewrap found no python3 to run: install it (sudo apt install python3), or "
                  "name one in MCP_BRIDGE_IMAGE");
    }
    python = found.executable;
    add_host_files(launch);
    for (const std::string& path : found.paths)
      add(argv, {"--ro-bind", path, path});
  }
  if (!spec.packages.empty()) add(argv, {"--ro-bind", spec.packages, package_directory});
  add_synthetic_files(launch, user, folder);
  close_the_rest(argv);
  add_environment(argv);
  // For the Pythons that sandboxed code starts; the interpreter gets to know in the boot frame.
  if (!spec.packages.empty()) add(argv, {"--setenv", "PYTHONPATH", package_directory});
  launch.files.push_back(
      InheritedFile::holding(seccomp_number, "headrace-seccomp", seccomp_program()));
  add(argv, {"--seccomp", std::to_string(seccomp_number), "--", python});
  argv.insert(argv.end(), request.arguments.begin(), request.arguments.end());
  return launch;
}

}  // namespace

const Runtime bubblewrap = {
    .name = "bwrap",
    .executable = "bwrap",
    .install_hint =
        "sudo apt install bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap "
        "(Fedora)",
    .guess = guess,
    .probe = probe,
    .read_probe = read_probe,
    .image_present = [](const RuntimeFacts&, const std::string&) { return Command(); },
    .pull = [](const RuntimeFacts&, const std::string&) { return Command(); },
    .launch = launch,
    .remove = [](const RuntimeFacts&, std::span<const std::string>) { return Command(); },
    .list = [](const RuntimeFacts&) { return Command(); },
};

}  // namespace headrace::sandbox
