// Making and removing it.
#include <headrace/sandbox/socket_directory.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace headrace::sandbox {
namespace {

std::string root_of(std::string_view name) {
  const char* folder = std::getenv("TMPDIR");
  const bool usable = folder != nullptr && folder[0] == '/';
  return std::string(usable ? folder : "/tmp") + '/' + std::string(name);
}

[[noreturn]] void fail(const std::string& path) {
  throw std::runtime_error("no socket for the sandbox can be made at " + path + ": " +
                           std::strerror(errno));
}

}  // namespace

SocketDirectory::SocketDirectory(std::string_view name) : root_(root_of(name)) {
  const std::string inner = path();
  const std::string socket = inner + '/' + std::string(channel_file);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    fail(socket);
  }
  std::memcpy(address.sun_path, socket.c_str(), socket.size() + 1);
  // Ours alone from the first moment; one that is there already is somebody else's.
  if (::mkdir(root_.c_str(), 0700) != 0) fail(root_);
  try {
    if (::mkdir(inner.c_str(), 0755) != 0 || ::chmod(inner.c_str(), 0755) != 0) fail(inner);
    listener_ = engine::Fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    if (!listener_) fail(socket);
    ::fcntl(listener_.get(), F_SETFD, FD_CLOEXEC);
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::chmod(socket.c_str(), 0666) != 0 || ::listen(listener_.get(), 1) != 0) {
      fail(socket);
    }
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
    throw;
  }
}

SocketDirectory::~SocketDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

Command SocketDirectory::removal(std::string_view name) {
  return {"rm", "-rf", root_of(name)};
}

}  // namespace headrace::sandbox
