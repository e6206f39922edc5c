// Numbering, keeping and forgetting versions.
#include <headrace/engine/fd.hpp>
#include <headrace/server/saved_versions.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace headrace::server {
namespace {

namespace fs = std::filesystem;

constexpr unsigned most_versions = 20;
// Code that saves and deletes in a loop must not fill the disk.
constexpr std::size_t most_files = 5000;
constexpr std::uintmax_t most_bytes = std::uintmax_t{64} << 20;

// Nothing when it is no version.
unsigned number_of(const fs::path& file) {
  const std::string stem = file.stem().string();
  unsigned number = 0;
  const auto [rest, error] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
  const bool good = error == std::errc() && rest == stem.data() + stem.size();
  return good && file.extension() == ".py" ? number : 0;
}

std::vector<unsigned> numbers_in(const fs::path& folder) {
  std::vector<unsigned> numbers;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (const unsigned number = number_of(entry->path())) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

std::string read_plain_file(const fs::path& file, std::size_t limit) {
  const engine::Fd fd(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  std::string text;
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t size = ::read(fd.get(), chunk.data(), chunk.size());
    if (size <= 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(size));
    if (text.size() > limit) return {};
  }
  return text;
}

fs::path SavedVersions::file(const std::string& name, unsigned number) const {
  std::string digits = std::to_string(number);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return folder_ / name / (digits + ".py");
}

unsigned SavedVersions::newest(const std::string& name) const {
  const std::vector<unsigned> numbers = numbers_in(folder_ / name);
  return numbers.empty() ? 0 : *std::max_element(numbers.begin(), numbers.end());
}

unsigned SavedVersions::current(const std::string& name, const fs::path& current) const {
  const unsigned last = newest(name);
  struct stat now {};
  if (::stat(current.c_str(), &now) != 0) return last;
  // Kept already, but not replaced: somebody was interrupted in between.
  struct stat kept {};
  const bool same = last > 0 && ::stat(file(name, last).c_str(), &kept) == 0 &&
                    kept.st_dev == now.st_dev && kept.st_ino == now.st_ino;
  return same ? last : last + 1;
}

bool SavedVersions::keep(const std::string& name, const fs::path& current) const {
  const unsigned number = this->current(name, current);
  if (number == newest(name)) return true;
  std::error_code failure;
  fs::create_directories(folder_ / name, failure);
  const fs::path target = file(name, number);
  if (::linkat(AT_FDCWD, current.c_str(), AT_FDCWD, target.c_str(), AT_SYMLINK_FOLLOW) == 0) {
    return true;
  }
  // Some file systems know no second names.
  fs::copy_file(current, target, failure);
  if (failure) errno = failure.value();
  return !failure;
}

void SavedVersions::prune(const std::string& name) const {
  std::vector<unsigned> numbers = numbers_in(folder_ / name);
  std::sort(numbers.begin(), numbers.end(), std::greater<>());
  for (std::size_t i = most_versions; i < numbers.size(); ++i)
    ::unlink(file(name, numbers[i]).c_str());
  prune_all();
}

void SavedVersions::prune_all() const {
  struct Kept {
    fs::file_time_type time;
    std::uintmax_t size;
    fs::path path;
  };
  std::vector<Kept> files;
  std::uintmax_t bytes = 0;
  std::error_code failure;
  for (fs::recursive_directory_iterator entry(folder_, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code no_file;
    if (!entry->is_regular_file(no_file) || number_of(entry->path()) == 0) continue;
    const std::uintmax_t size = entry->file_size(no_file);
    const fs::file_time_type time = entry->last_write_time(no_file);
    if (no_file) continue;
    bytes += size;
    files.push_back({time, size, entry->path()});
  }
  if (files.size() <= most_files && bytes <= most_bytes) return;
  std::sort(files.begin(), files.end(),
            [](const Kept& one, const Kept& other) { return one.time < other.time; });
  std::size_t count = files.size();
  for (const Kept& oldest : files) {
    if (count <= most_files && bytes <= most_bytes) break;
    ::unlink(oldest.path.c_str());
    // With its last version a name's folder goes too.
    ::rmdir(oldest.path.parent_path().c_str());
    --count;
    bytes -= oldest.size;
  }
}

}  // namespace headrace::server
