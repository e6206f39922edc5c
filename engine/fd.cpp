// System calls behind Fd.
#include <headrace/engine/fd.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace headrace::engine {

void Fd::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

Pipe make_pipe() {
  int ends[2];
#if defined(__linux__) || defined(__FreeBSD__)
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("can't make a pipe");
#else
  if (::pipe(ends) != 0) throw_errno("can't make a pipe");
  for (const int fd : ends)
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
  return {Fd(ends[0]), Fd(ends[1])};
}

std::pair<Fd, Fd> make_socket_pair() {
  int ends[2];
  int type = SOCK_STREAM;
#ifdef SOCK_CLOEXEC
  type |= SOCK_CLOEXEC;
#endif
  if (::socketpair(AF_UNIX, type, 0, ends) != 0) throw_errno("can't make a socket pair");
#ifndef SOCK_CLOEXEC
  for (const int fd : ends)
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace headrace::engine
