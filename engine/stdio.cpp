// Adopting descriptors 0 and 1.
#include <headrace/engine/fd.hpp>
#include <headrace/engine/stdio.hpp>

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace headrace::engine {
namespace {

constexpr const char* no_stdin =
    "stdin is not open, but the client's messages come from there: whoever starts this has to give "
    "it a pipe, or /dev/null";
constexpr const char* no_stdout =
    "stdout is not open, but messages for the client go there: whoever starts this has to give it "
    "a "
    "pipe, or /dev/null";

}  // namespace

ProtocolStdio::ProtocolStdio(const Executor& executor)
    : input_(checked(executor)), output_(executor) {
  input_.assign(adopt(STDIN_FILENO, O_RDONLY, saved_input_));
  output_.assign(adopt(STDOUT_FILENO, O_WRONLY, saved_output_));
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ::dup2(null ? null.get() : STDERR_FILENO, STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
}

ProtocolStdio::~ProtocolStdio() {
  for (const Saved& saved : {saved_input_, saved_output_}) {
    if (saved.fd < 0) continue;
    ::fcntl(saved.fd, F_SETFL, saved.flags);
    ::close(saved.fd);
  }
}

// Comes first: Asio's own descriptors would take the places of those that are closed.
const Executor& ProtocolStdio::checked(const Executor& executor) {
  if (::fcntl(STDIN_FILENO, F_GETFD) < 0) throw_errno(no_stdin);
  if (::fcntl(STDOUT_FILENO, F_GETFD) < 0) throw_errno(no_stdout);
  if (::fcntl(STDERR_FILENO, F_GETFD) < 0) {
    const int null = ::open("/dev/null", O_RDWR);
    if (null != STDERR_FILENO) throw_errno("can't open /dev/null in place of stderr");
  }
  return executor;
}

int ProtocolStdio::adopt(int fd, int access, Saved& saved) {
  struct stat status {};
  bool open = ::fstat(fd, &status) == 0;
  if (open && (status.st_mode & S_IFMT) == 0) {
    // Started without it: the number has gone to the context's own epoll or timer.
    open = false;
    errno = EBADF;
  }
  if (!open) throw_errno(fd == 0 ? no_stdin : no_stdout);
  if (S_ISFIFO(status.st_mode) || ::isatty(fd) == 1) {
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    const int own = ::open(path.c_str(), access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (own >= 0) return own;
  }
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw_errno("can't duplicate a standard descriptor");
  saved.flags = ::fcntl(fd, F_GETFL);
  saved.fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return copy;
}

}  // namespace headrace::engine
