// Reading and writing the folder of saved tools.
#include <headrace/discovery/alias.hpp>
#include <headrace/engine/fd.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/saved_tools.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace headrace::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_source = 256 << 10;
constexpr std::size_t longest_name = 100;
// Of all together: they travel to every new interpreter in one frame, and code that saves in a loop
// must not fill the disk.
constexpr std::size_t most_tools = 1000;
constexpr std::size_t most_bytes = std::size_t{16} << 20;

bool is_identifier(std::string_view name) {
  const auto letter = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  return !name.empty() && name.size() <= longest_name &&
         std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::all_of(name.begin(), name.end(), letter) && !discovery::is_python_keyword(name);
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return ::fsync(fd) == 0;
}

// Empty when it is no plain file, too long or unreadable.
std::string read_source(const fs::path& file) {
  const engine::Fd fd(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  std::string text;
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t size = ::read(fd.get(), chunk.data(), chunk.size());
    if (size <= 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(size));
    if (text.size() > longest_source) return {};
  }
  return text;
}

bool is_tool(const fs::path& file) {
  return file.extension() == ".py" && is_identifier(file.stem().string());
}

}  // namespace

bool SavedTools::has_room(const fs::path& target, std::size_t size) const {
  std::size_t tools = 1;
  std::uintmax_t bytes = size;
  std::error_code failure;
  for (fs::directory_iterator entry(folder_, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (!is_tool(entry->path()) || entry->path() == target) continue;
    std::error_code no_file;
    const std::uintmax_t one = entry->file_size(no_file);
    ++tools;
    if (!no_file) bytes += one;
  }
  return tools <= most_tools && bytes <= most_bytes;
}

std::string SavedTools::save(const std::string& name, std::string_view source,
                             std::string& error) const {
  if (!is_identifier(name)) {
    error = "'" + name.substr(0, longest_name) + "' can't be saved: it is no Python identifier";
    return {};
  }
  if (source.empty() || source.size() > longest_source) {
    error = "'" + name + "' can't be saved: its source is empty or longer than 256 KiB";
    return {};
  }
  std::error_code failure;
  fs::create_directories(folder_, failure);
  const fs::path target = folder_ / (name + ".py");
  if (!has_room(target, source.size())) {
    error = "'" + name + "' can't be saved: '" + folder_.string() +
            "' would hold more than 1000 tools or 16 MiB; remove some of its files";
    return {};
  }
  // A file of another name first, so that nobody ever reads half of it.
  std::string temporary = (folder_ / ("." + name + ".XXXXXX")).string();
  const engine::Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  bool written = fd && write_all(fd.get(), source);
  if (written) written = ::rename(temporary.c_str(), target.c_str()) == 0;
  if (!written) {
    error = "'" + target.string() + "' can't be written: " + std::strerror(errno);
    if (fd) ::unlink(temporary.c_str());
    return {};
  }
  return target.string();
}

std::string SavedTools::as_json() const {
  std::vector<fs::path> files;
  std::error_code failure;
  for (fs::directory_iterator entry(folder_, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (is_tool(entry->path())) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  if (files.size() > most_tools) files.resize(most_tools);
  std::size_t bytes = 0;
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_array();
  for (const fs::path& file : files) {
    const std::string source = read_source(file);
    if (source.empty() || bytes + source.size() > most_bytes) continue;
    bytes += source.size();
    writer.begin_object()
        .member("name", file.stem().string())
        .member("source", source)
        .end_object();
  }
  writer.end_array();
  return json;
}

}  // namespace headrace::server
