// Reading and writing the folder of saved tools.
#include <headrace/discovery/alias.hpp>
#include <headrace/engine/fd.hpp>
#include <headrace/framing/json_text.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/plain_text.hpp>
#include <headrace/server/saved_tools.hpp>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
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

bool is_text(std::string_view source) {
  while (!source.empty()) {
    const bool ascii = static_cast<unsigned char>(source.front()) < 0x80;
    const std::size_t size = ascii ? 1 : framing::utf8_length(source);
    if (size == 0 || source.front() == '\0') return false;
    source.remove_prefix(size);
  }
  return true;
}

// The file alone, not its folder as well: after a power failure the old tool may be there in place
// of the new one, never half of one. It takes a millisecond or two, in which nothing else is done;
// saving is rare enough for that.
bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return ::fsync(fd) == 0;
}

bool is_tool(const fs::path& file) {
  return file.extension() == ".py" && is_identifier(file.stem().string());
}

SavedTools::Change failure_of(const std::string& name, const std::string& why) {
  SavedTools::Change change;
  change.error = "'" + name.substr(0, longest_name) + "' " + why;
  return change;
}

// Held as long as the descriptor is open; the system takes it from whoever dies. `change` says why
// there is none.
engine::Fd lock(const fs::path& folder, SavedTools::Change& change) {
  const fs::path file = folder / ".lock";
  engine::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  const bool held = fd && errno == EWOULDBLOCK;
  change.outcome = held ? SavedTools::Outcome::busy : SavedTools::Outcome::failed;
  change.error =
      held ? "another Headrace holds '" + file.string() + "'; if it hangs, end it"
           : "'" + file.string() + "' can't be written or locked: " + std::strerror(errno);
  return {};
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

SavedTools::Change SavedTools::save(const std::string& name, std::string_view source) const {
  if (!is_identifier(name)) return failure_of(name, "can't be saved: it is no Python identifier");
  if (source.empty() || source.size() > longest_source) {
    return failure_of(name, "can't be saved: its source is empty or longer than 256 KiB");
  }
  if (!is_text(source)) {
    return failure_of(name, "can't be saved: its source is no UTF-8 text, or has a null character");
  }
  Change change;
  change.path = (folder_ / (name + ".py")).string();
  std::error_code no_folder;
  fs::create_directories(folder_ / ".versions", no_folder);
  const engine::Fd held = lock(folder_ / ".versions", change);
  if (!held) return change;
  const fs::path target = change.path;
  std::error_code ignored;
  const bool known = fs::exists(target, ignored);
  if (!known || read_plain_file(target, longest_source) != source) {
    if (!has_room(target, source.size())) {
      return failure_of(name, "can't be saved: '" + folder_.string() +
                                  "' would hold more than 1000 tools or 16 MiB; remove some of its "
                                  "files");
    }
    if ((known && !versions_.keep(name, target)) || !replace(target, source)) {
      change.error = "'" + change.path + "' can't be written: " + std::strerror(errno);
      return change;
    }
    versions_.prune(name);
  }
  change.version = versions_.current(name, target);
  change.outcome = Outcome::done;
  return change;
}

bool SavedTools::replace(const fs::path& target, std::string_view source) const {
  // A file of another name first, so that nobody ever reads half of it. Only who holds the lock
  // writes there.
  const fs::path temporary = folder_ / ".versions" / ".new";
  ::unlink(temporary.c_str());
  const engine::Fd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
  return fd && write_all(fd.get(), source) && ::rename(temporary.c_str(), target.c_str()) == 0;
}

SavedTools::Change SavedTools::remove(const std::string& name) const {
  Change change;
  const fs::path target = folder_ / (name + ".py");
  std::error_code ignored;
  if (!is_identifier(name) || !fs::is_regular_file(target, ignored)) {
    return failure_of(name, "is no saved tool");
  }
  fs::create_directories(folder_ / ".versions", ignored);
  const engine::Fd held = lock(folder_ / ".versions", change);
  if (!held) return change;
  change.path = target.string();
  change.version = versions_.current(name, target);
  if (!versions_.keep(name, target) || ::unlink(target.c_str()) != 0) {
    change.error = "'" + change.path + "' can't be removed: " + std::strerror(errno);
    return change;
  }
  versions_.prune(name);
  change.outcome = Outcome::done;
  return change;
}

std::vector<SavedTools::Tool> SavedTools::read() const {
  std::vector<fs::path> files;
  std::error_code failure;
  for (fs::directory_iterator entry(folder_, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (is_tool(entry->path())) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  if (files.size() > most_tools) files.resize(most_tools);
  std::size_t bytes = 0;
  std::vector<Tool> tools;
  for (const fs::path& file : files) {
    std::string source = read_plain_file(file, longest_source);
    if (source.empty() || bytes + source.size() > most_bytes) continue;
    bytes += source.size();
    tools.push_back({file.stem().string(), std::move(source), file});
  }
  return tools;
}

std::string SavedTools::as_json() const {
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_array();
  for (const Tool& tool : read()) {
    writer.begin_object().member("name", tool.name).member("source", tool.source).end_object();
  }
  writer.end_array();
  return json;
}

std::string SavedTools::as_detailed_json() const {
  std::string json;
  framing::JsonWriter writer(json);
  writer.begin_array();
  for (const Tool& tool : read()) {
    struct stat status {};
    ::stat(tool.file.c_str(), &status);
    writer.begin_object()
        .member("name", tool.name)
        .member("source", tool.source)
        .member("version", std::uint64_t{versions_.current(tool.name, tool.file)})
        .member("saved", iso_time(status.st_mtime))
        .end_object();
  }
  writer.end_array();
  return json;
}

std::optional<std::int64_t> SavedTools::stamp() const {
  struct stat status {};
  if (::stat(folder_.c_str(), &status) != 0) return 0;
  // Two changes within one tick of the clock look like one: the first may have been heard of and
  // the second not.
  constexpr std::int64_t tick = 50'000'000;
  const std::int64_t changed =
      std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  const std::int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  if (changed > now - tick && changed < now + tick) return std::nullopt;
  return changed;
}

std::string SavedToolsNews::tell(bool fresh) {
  // Looked at before the files are: what changes in between is told once more.
  const std::optional<std::int64_t> now = tools_->stamp();
  if (!fresh && now && now == heard_) return {};
  heard_ = now;
  return tools_->as_json();
}

}  // namespace headrace::server
