// A file descriptor that closes itself, and pipes that no child inherits by accident.
#pragma once

#include <system_error>
#include <utility>

namespace headrace::engine {

/// Owns a descriptor; -1 is none.
class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void reset() noexcept;

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};

/// A pipe with close-on-exec on both ends from the start: set later, a child that is spawned in
/// between keeps the write end and end of file never comes. Throws std::system_error.
Pipe make_pipe();

/// A connected pair of stream sockets, close-on-exec. Throws std::system_error.
std::pair<Fd, Fd> make_socket_pair();

[[noreturn]] void throw_errno(const char* what);

}  // namespace headrace::engine
