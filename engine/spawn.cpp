// posix_spawn and its attributes.
#include <headrace/engine/executable.hpp>
#include <headrace/engine/open_files.hpp>
#include <headrace/engine/spawn.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

namespace headrace::engine {
namespace {

// Both must be destroyed, on every way out.
struct Actions {
  posix_spawn_file_actions_t value;
  Actions() { ::posix_spawn_file_actions_init(&value); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&value); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
};
struct Attributes {
  posix_spawnattr_t value;
  Attributes() { ::posix_spawnattr_init(&value); }
  ~Attributes() { ::posix_spawnattr_destroy(&value); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
};

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  // posix_spawn does not change them, whatever its type says.
  for (const std::string& one : strings)
    out.push_back(const_cast<char*>(one.c_str()));
  out.push_back(nullptr);
  return out;
}

bool set_attributes(Attributes& attributes, bool own_session) {
  sigset_t all;
  sigset_t none;
  sigfillset(&all);
  sigemptyset(&none);
  short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
#ifdef POSIX_SPAWN_SETSID
  flags = static_cast<short>(flags | (own_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP));
#else
  flags |= POSIX_SPAWN_SETPGROUP;
  static_cast<void>(own_session);
#endif
  return ::posix_spawnattr_setsigdefault(&attributes.value, &all) == 0 &&
         ::posix_spawnattr_setsigmask(&attributes.value, &none) == 0 &&
         ::posix_spawnattr_setpgroup(&attributes.value, 0) == 0 &&
         ::posix_spawnattr_setflags(&attributes.value, flags) == 0;
}

// Which limit that is, and what to do: "Too many open files" alone sounds like somebody else's
// fault.
std::string no_descriptor(const std::string& what) {
  const int error = errno;
  std::string message = what + ": " + std::strerror(error);
  rlimit limit{};
  if (error == EMFILE && ::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    message += ". This process may have " + std::to_string(limit.rlim_cur) +
               " descriptors, and each server takes four: use fewer servers, or raise the limit "
               "(`ulimit -n`, or LimitNOFILE= of a systemd unit)";
  }
  return message;
}

std::string check_directory(const std::string& cwd) {
  struct stat status {};
  if (::stat(cwd.c_str(), &status) != 0) {
    return "its working directory '" + cwd + "' can't be used: " + std::strerror(errno);
  }
  if (!S_ISDIR(status.st_mode)) return "its working directory '" + cwd + "' is not a directory";
  return {};
}

std::string find_program(const SpawnSpec& spec, Diagnostics& diagnostics) {
  const std::string& name = spec.argv.front();
  const std::string_view path = environment_value(spec.environment, "PATH");
  // A relative path is the child's: it is followed after the change of directory.
  if (!spec.cwd.empty() && !name.starts_with('/') && name.find('/') != std::string::npos) {
    const bool found = !find_executable(spec.cwd + "/" + name, path, diagnostics.message).empty();
    return found ? name : std::string();
  }
  return find_executable(name, path, diagnostics.message);
}

}  // namespace

std::vector<std::string> own_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry)
    environment.emplace_back(*entry);
  return environment;
}

std::optional<Spawned> spawn(const SpawnSpec& spec, Diagnostics& diagnostics,
                             const std::function<void(std::uint64_t)>& before) {
  if (spec.argv.empty()) {
    diagnostics.message = "the command is empty";
    return std::nullopt;
  }
  // posix_spawn's error would not say which of the two is missing.
  if (!spec.cwd.empty()) {
    diagnostics.message = check_directory(spec.cwd);
    if (!diagnostics.message.empty()) return std::nullopt;
  }
  const std::string file = find_program(spec, diagnostics);
  if (file.empty()) return std::nullopt;

  Spawned child;
  Pipe input;
  Pipe output;
  Pipe errors;
  try {
    input = make_pipe();
    output = make_pipe();
    if (!spec.share_stderr) errors = make_pipe();
  } catch (const std::system_error& error) {
    errno = error.code().value();
    diagnostics.message = no_descriptor("can't make a pipe");
    return std::nullopt;
  }

  std::vector<InheritedFd> targets{
      {STDIN_FILENO, input.read.get()},
      {STDOUT_FILENO, output.write.get()},
      {STDERR_FILENO, spec.share_stderr ? STDERR_FILENO : errors.write.get()}};
  targets.insert(targets.end(), spec.fds.begin(), spec.fds.end());
  // Sources are moved above every target first: one could be overwritten before its turn.
  int highest = STDERR_FILENO;
  for (const InheritedFd& target : targets)
    highest = std::max(highest, target.child);
  std::vector<Fd> sources;
  Actions actions;
  for (const InheritedFd& target : targets) {
    sources.emplace_back(::fcntl(target.ours, F_DUPFD_CLOEXEC, highest + 1));
    if (!sources.back()) {
      diagnostics.message = no_descriptor("can't duplicate a descriptor");
      return std::nullopt;
    }
    ::posix_spawn_file_actions_adddup2(&actions.value, sources.back().get(), target.child);
  }
  if (!spec.cwd.empty()) {
    ::posix_spawn_file_actions_addchdir_np(&actions.value, spec.cwd.c_str());
  }
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
  // Ours are close-on-exec; those of the program we are embedded in may not be. Numbers between
  // the given ones are rare enough to be closed one by one.
  for (int fd = STDERR_FILENO + 1; fd < highest; ++fd) {
    const bool given = std::any_of(targets.begin(), targets.end(),
                                   [fd](const InheritedFd& target) { return target.child == fd; });
    if (!given) ::posix_spawn_file_actions_addclose(&actions.value, fd);
  }
  ::posix_spawn_file_actions_addclosefrom_np(&actions.value, highest + 1);
#endif

  Attributes attributes;
  if (!set_attributes(attributes, spec.own_session)) {
    diagnostics.message = "can't set the attributes of a new process";
    return std::nullopt;
  }
  const std::vector<char*> argv = pointers(spec.argv);
  const std::vector<char*> environment = pointers(spec.environment);
  struct stat stdin_status {};
  if (before && ::fstat(input.read.get(), &stdin_status) == 0) before(stdin_status.st_ino);
  int error = 0;
  {
    // posix_spawn has no attribute for limits and users: both are changed around it, and some of
    // that is the process's. One thread at a time, or what another has changed would be put back.
    static std::mutex changing;
    const std::lock_guard lock(changing);
    const EarlierOpenFiles for_child;
    std::optional<SteppedDown> as_user;
    if (spec.user) as_user.emplace(*spec.user);
    if (as_user && as_user->error() != 0) {
      diagnostics.message = "can't step down to user " + std::to_string(spec.user->user) +
                            " and group " + std::to_string(spec.user->group) + ": " +
                            std::strerror(as_user->error());
      return std::nullopt;
    }
    error = ::posix_spawn(&child.pid, file.c_str(), &actions.value, &attributes.value, argv.data(),
                          environment.data());
  }
  if (error != 0) {
    const bool of_child = !spec.cwd.empty() && !file.starts_with('/');
    diagnostics.message = why_not_executed(of_child ? spec.cwd + "/" + file : file, error);
    if (error == EAGAIN) {
      diagnostics.message +=
          ". This user, or this group of processes, may not have more of them: see `ulimit -u`, "
          "and TasksMax= of a systemd unit";
    }
    return std::nullopt;
  }
  child.input = std::move(input.write);
  child.output = std::move(output.read);
  child.errors = std::move(errors.read);
  return child;
}

}  // namespace headrace::engine
