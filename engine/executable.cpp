// The search along PATH.
#include <headrace/engine/executable.hpp>

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace headrace::engine {
namespace {

// 0 when it can be executed, else the errno that says why not.
int executable_error(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (::access(file.c_str(), X_OK) != 0) return errno;
  return 0;
}

}  // namespace

std::string find_executable(std::string_view command, std::string_view path, std::string& why) {
  const std::string name(command);
  if (name.empty()) {
    why = "the command is empty";
    return {};
  }
  if (name.find('/') != std::string::npos) {
    const int error = executable_error(name);
    if (error == 0) return name;
    why = "'" + name + "' can't be executed: " + std::strerror(error);
    return {};
  }
  int worst = ENOENT;
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const std::string_view folder = path.substr(0, colon);
    path = colon == std::string_view::npos ? std::string_view() : path.substr(colon + 1);
    if (folder.empty()) continue;
    std::string file = std::string(folder) + "/" + name;
    const int error = executable_error(file);
    if (error == 0) return file;
    if (error == EACCES) worst = error;
  }
  why = worst == EACCES ? "'" + name + "' is on PATH, but can't be executed: permission denied"
                        : "'" + name + "' is not on PATH";
  return {};
}

}  // namespace headrace::engine
