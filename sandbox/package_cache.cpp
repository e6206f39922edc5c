// One `<key>.lock` for each entry: its lock says who uses it, its time when that was.
#include <headrace/engine/user_cache.hpp>
#include <headrace/sandbox/package_cache.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>

namespace headrace::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix = ".lock";

fs::path lock_file(const fs::path& cache, const std::string& key) {
  return cache / (key + std::string(suffix));
}

// Empty when somebody else has it. A file that was removed between opening and locking is no lock.
engine::Fd lock(const fs::path& file, int flags, int mode) {
  for (;;) {
    engine::Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | flags, 0644));
    if (!fd) {
      if (errno == ENOENT && (flags & O_CREAT) == 0) return {};
      throw std::system_error(errno, std::generic_category(), file.string());
    }
    if (::flock(fd.get(), mode | LOCK_NB) != 0) return {};
    struct stat ours {};
    struct stat named {};
    if (::fstat(fd.get(), &ours) == 0 && ::stat(file.c_str(), &named) == 0 &&
        ours.st_ino == named.st_ino && ours.st_dev == named.st_dev) {
      return fd;
    }
  }
}

}  // namespace

fs::path default_package_cache(bool root) {
  if (root) return "/var/cache/headrace/packages";
  const fs::path folder = engine::user_cache();
  return folder.empty() ? folder : folder / "packages";
}

PackageLock PackageLock::try_exclusive(const fs::path& cache, const std::string& key) {
  return PackageLock(lock(lock_file(cache, key), O_CREAT, LOCK_EX));
}

PackageLock PackageLock::try_shared(const fs::path& cache, const std::string& key) {
  return PackageLock(lock(lock_file(cache, key), O_CREAT, LOCK_SH));
}

void PackageLock::share() noexcept {
  ::flock(fd_.get(), LOCK_SH | LOCK_NB);
  ::futimens(fd_.get(), nullptr);
}

std::vector<UnusedPackages> unused_packages(const fs::path& cache, const std::string& prefix,
                                            std::size_t kept) {
  std::vector<std::pair<fs::file_time_type, std::string>> entries;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(cache, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    const fs::file_time_type used = entry.last_write_time(error);
    if (!error) entries.emplace_back(used, name.substr(0, name.size() - suffix.size()));
  }
  std::sort(entries.rbegin(), entries.rend());
  std::vector<UnusedPackages> unused;
  for (std::size_t i = kept; i < entries.size(); ++i) {
    try {
      engine::Fd fd = lock(lock_file(cache, entries[i].second), 0, LOCK_EX);
      if (fd) unused.push_back({entries[i].second, PackageLock(std::move(fd))});
    } catch (const std::system_error&) {
      // Not ours to remove.
    }
  }
  return unused;
}

void forget(const fs::path& cache, const UnusedPackages& unused) {
  std::error_code ignored;
  fs::remove(lock_file(cache, unused.key), ignored);
}

}  // namespace headrace::sandbox
