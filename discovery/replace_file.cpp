// Writing beside it, and then into its place.
#include <headrace/discovery/replace_file.hpp>

#include <cerrno>
#include <filesystem>
#include <stdlib.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace headrace::discovery {
namespace {

std::string system_message() {
  return std::generic_category().message(errno);
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

bool replace_file(const std::string& file, std::string_view text, std::string& error,
                  Durability durability) {
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), failed);
  // A file that is a link into the user's collection of settings stays one.
  const std::filesystem::path target = std::filesystem::weakly_canonical(file, failed);
  const std::string place = failed ? file : target.string();
  // A device, or a folder, is not to be replaced, whoever we are.
  struct stat info {};
  if (::stat(place.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    error = "`" + file + "` is not a regular file";
    return false;
  }
  std::string draft = place + ".XXXXXX";
  const int fd = ::mkstemp(draft.data());
  if (fd < 0) {
    error = "`" + file + "` cannot be written: " + system_message();
    return false;
  }
  bool done = write_all(fd, text) && (durability == Durability::cache || ::fsync(fd) == 0);
  if (!done) error = "`" + file + "` cannot be written: " + system_message();
  ::close(fd);
  if (done && ::rename(draft.c_str(), place.c_str()) != 0) {
    error = "`" + file + "` cannot be replaced: " + system_message();
    done = false;
  }
  if (!done) ::unlink(draft.c_str());
  return done;
}

}  // namespace headrace::discovery
