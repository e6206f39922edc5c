// Files that a measurement makes.
#pragma once

#include <string>
#include <string_view>

namespace headrace::bench {

/// A folder below $TMPDIR that goes with this, with all that is in it.
class TemporaryFolder {
 public:
  /// Throws std::system_error.
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// Throws std::runtime_error with its path when it can't be written.
void write_file(const std::string& path, std::string_view text);

}  // namespace headrace::bench
