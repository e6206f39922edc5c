// The folder on the host that remembers which packages were installed, shared by all Headraces of a
// user.
#pragma once

#include <headrace/engine/fd.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace headrace::sandbox {

/// $XDG_CACHE_HOME/headrace/packages, or in ~/.cache; /var/cache for root, who steps down to a user
/// that does not reach root's home.
std::filesystem::path default_package_cache(bool root);

/// A lock on one entry of the cache: exclusive while it is made or removed, shared while it is in
/// use. The system gives it up when we end, however we end.
class PackageLock {
 public:
  PackageLock() noexcept = default;
  explicit PackageLock(engine::Fd fd) noexcept : fd_(std::move(fd)) {}
  /// Empty while another process has it. Throws std::system_error when there can be none.
  static PackageLock try_exclusive(const std::filesystem::path& cache, const std::string& key);
  static PackageLock try_shared(const std::filesystem::path& cache, const std::string& key);
  /// From here on others may use it too. The entry counts as used just now.
  void share() noexcept;
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

 private:
  engine::Fd fd_;
};

/// An entry that nobody uses, locked so that it stays so until it has been removed.
struct UnusedPackages {
  std::string key;
  PackageLock lock;
};
/// Of those whose keys begin with `prefix`, all but the `kept` that were used last.
std::vector<UnusedPackages> unused_packages(const std::filesystem::path& cache,
                                            const std::string& prefix, std::size_t kept);
/// To be called when the rest of it is gone.
void forget(const std::filesystem::path& cache, const UnusedPackages& unused);

}  // namespace headrace::sandbox
