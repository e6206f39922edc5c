// The search along PATH.
#include <headrace/engine/executable.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
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

// What a script names behind `#!`; empty where there is no such line.
std::string interpreter_of(const std::string& file) {
  std::string line(256, '\0');  // systems read no more of it
  std::ifstream stream(file, std::ios::binary);
  stream.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(stream.gcount()));
  line.erase(std::min(line.find('\n'), line.size()));
  if (!line.starts_with("#!")) return {};
  const std::size_t begin = std::min(line.find_first_not_of(" \t", 2), line.size());
  return line.substr(begin, line.find_first_of(" \t", begin) - begin);
}

}  // namespace

std::string why_not_executed(const std::string& file, int error) {
  std::string why = "'" + file + "' can't be executed: ";
  std::string interpreter = interpreter_of(file);
  if (error == ENOEXEC) {
    return why +
           "it is no program for this machine, and no script either, whose first line would "
           "begin with '#!' and name its interpreter";
  }
  const bool is_there = executable_error(file) == 0;
  if (error != ENOENT || !is_there) return why + std::strerror(error);
  if (interpreter.empty())
    return why + "what it is to be loaded by is not there: it was built for another system";
  const bool windows = interpreter.back() == '\r';
  if (windows) interpreter.pop_back();
  why += "its first line names '" + interpreter + "' as its interpreter, ";
  if (windows) return why + "and ends as lines do on Windows: save it with plain line feeds";
  return why + "which is not there: install that, or correct the line";
}

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
