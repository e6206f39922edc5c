// Reads one configuration file without trusting what it is, and notices when it changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace headrace::discovery {

/// No configuration is larger; what is has another purpose.
inline constexpr std::size_t kMaxConfigSize = 16 * 1024 * 1024;

/// What `stat` says of a file, links followed: equal stamps mean an unchanged file, unless it was
/// `recent`.
struct FileStamp {
  int error = 0;  ///< errno, when it cannot be looked at
  std::uint32_t mode = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

FileStamp stamp_of(const std::string& path) noexcept;

/// Whether the file changed so short before `now_ns` (since the epoch) that it may change once more
/// without getting another time: file systems count in steps of up to two seconds.
bool is_recent(const FileStamp& stamp, std::int64_t now_ns) noexcept;

/// The content of a regular file of at most `kMaxConfigSize`. Otherwise false, and `error` says why
/// in half a sentence. Never blocks on a FIFO or a device.
bool read_config_file(const std::string& path, std::string& content, std::string& error);

/// The same, and whether it may work in a moment: descriptors or memory were short. `longest` is in
/// bytes.
bool read_config_file(const std::string& path, std::string& content, std::string& error,
                      bool& transient, std::size_t longest = kMaxConfigSize);

/// Whether an errno says that this process or machine is short of something.
bool is_shortage(int error) noexcept;

}  // namespace headrace::discovery
