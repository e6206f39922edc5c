// Files in memory for children, sealed so that nobody can change them later.
#include <headrace/sandbox/inherited_file.hpp>

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace headrace::sandbox {

InheritedFile::~InheritedFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<InheritedFile> InheritedFile::opened(int child_number, const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return std::nullopt;
  return InheritedFile(child_number, fd);
}

InheritedFile InheritedFile::holding(int child_number, const std::string& label,
                                     std::string_view bytes) {
#ifdef __linux__
  InheritedFile file(child_number, ::memfd_create(label.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (file.fd_ < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw std::system_error(errno, std::generic_category(), "write to a memfd");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  ::lseek(file.fd_, 0, SEEK_SET);
  ::fcntl(file.fd_, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  return file;
#else
  static_cast<void>(child_number), static_cast<void>(bytes);
  throw std::system_error(ENOTSUP, std::generic_category(), label);
#endif
}

}  // namespace headrace::sandbox
