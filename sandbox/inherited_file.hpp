// A descriptor of ours that a child process is to find open under a certain number.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace headrace::sandbox {

/// Owns a close-on-exec descriptor; whoever starts the child duplicates it to `child_number`.
class InheritedFile {
 public:
  /// A sealed file in memory that holds `bytes`, to be read from its beginning. Linux only.
  /// Every child needs one of its own, since the read position is shared.
  /// Throws std::system_error.
  static InheritedFile holding(int child_number, const std::string& label, std::string_view bytes);

  /// A file that is there, to be read. Nothing where it can't be opened.
  static std::optional<InheritedFile> opened(int child_number, const std::string& path);

  InheritedFile(InheritedFile&& other) noexcept
      : child_number_(other.child_number_), fd_(std::exchange(other.fd_, -1)) {}
  InheritedFile& operator=(InheritedFile&& other) noexcept {
    std::swap(child_number_, other.child_number_);
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~InheritedFile();

  int fd() const noexcept { return fd_; }                      ///< Ours.
  int child_number() const noexcept { return child_number_; }  ///< The child's.

 private:
  InheritedFile(int child_number, int fd) noexcept : child_number_(child_number), fd_(fd) {}

  int child_number_;
  int fd_;
};

}  // namespace headrace::sandbox
