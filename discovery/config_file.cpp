// Reads one configuration file without trusting what it is, and notices when it changes.
#include <headrace/discovery/config_file.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace headrace::discovery {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * kSecond + std::int64_t{time.tv_nsec};
}

std::string system_message(int error) {
  return std::generic_category().message(error);
}

std::string why_not_regular(mode_t mode) {
  if (S_ISDIR(mode)) return "it is a folder, not a file";
  if (S_ISFIFO(mode)) return "it is a pipe, not a file";
  return "it is not a regular file";
}

class Descriptor {
 public:
  // O_NONBLOCK: opening a FIFO that took a file's place must not wait for its writer.
  explicit Descriptor(const std::string& path) noexcept
      : fd_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace

FileStamp stamp_of(const std::string& path) noexcept {
  FileStamp stamp;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    stamp.error = errno;
    return stamp;
  }
  stamp.mode = info.st_mode;
  stamp.device = static_cast<std::uint64_t>(info.st_dev);
  stamp.inode = static_cast<std::uint64_t>(info.st_ino);
  stamp.size = info.st_size;
#ifdef __APPLE__
  stamp.modified_ns = nanoseconds(info.st_mtimespec);
  stamp.changed_ns = nanoseconds(info.st_ctimespec);
#else
  stamp.modified_ns = nanoseconds(info.st_mtim);
  stamp.changed_ns = nanoseconds(info.st_ctim);
#endif
  return stamp;
}

bool is_recent(const FileStamp& stamp, std::int64_t now_ns) noexcept {
  return stamp.error == 0 &&
         (stamp.modified_ns > now_ns - 2 * kSecond || stamp.changed_ns > now_ns - 2 * kSecond);
}

bool is_shortage(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN;
}

bool read_config_file(const std::string& path, std::string& content, std::string& error) {
  bool transient = false;
  return read_config_file(path, content, error, transient);
}

bool read_config_file(const std::string& path, std::string& content, std::string& error,
                      bool& transient, std::size_t longest) {
  content.clear();
  transient = false;
  const auto failed = [&] {
    transient = is_shortage(errno);
    error = system_message(errno);
    content.clear();
    return false;
  };
  struct stat info {};
  // Looked at before it is opened as well: opening a device can have effects.
  if (::stat(path.c_str(), &info) != 0) return failed();
  if (!S_ISREG(info.st_mode)) {
    error = why_not_regular(info.st_mode);
    return false;
  }
  const Descriptor file(path);
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) return failed();
  if (!S_ISREG(info.st_mode)) {
    error = why_not_regular(info.st_mode);
    return false;
  }
  const auto too_large = [&] {
    content.clear();
    error = "it is larger than " + std::to_string(longest >> 20U) +
            " MiB, more than any configuration: move it elsewhere";
    return false;
  };
  if (info.st_size > static_cast<off_t>(longest)) return too_large();
  // One byte more than it claims shows its end; it may also have grown since.
  std::size_t room = static_cast<std::size_t>(info.st_size) + 1;
  for (;;) {
    const std::size_t used = content.size();
    content.resize(used + room);
    ssize_t got = 0;
    do {
      got = ::read(file.get(), content.data() + used, room);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return failed();
    content.resize(used + static_cast<std::size_t>(got));
    if (got == 0) return true;
    if (content.size() > longest) return too_large();
    room = 64 * 1024;
  }
}

}  // namespace headrace::discovery
