// A listening socket in a private directory that can be mounted into one container.
#pragma once

#include <headrace/engine/fd.hpp>
#include <headrace/sandbox/runtime.hpp>

#include <string>
#include <string_view>

namespace headrace::sandbox {

/// `<tmp>/<name>/mount/channel`: no other user can enter the outer directory, and any may use what
/// is in the inner one, which is all that a container gets to see. Removed with the object.
class SocketDirectory {
 public:
  /// Throws std::runtime_error, in words for the user.
  explicit SocketDirectory(std::string_view name);
  ~SocketDirectory();
  SocketDirectory(const SocketDirectory&) = delete;
  SocketDirectory& operator=(const SocketDirectory&) = delete;

  /// What to mount.
  std::string path() const { return root_ + "/mount"; }
  /// The listening socket; to be taken once.
  engine::Fd take_listener() noexcept { return std::move(listener_); }

  /// For whoever cleans up when we are killed.
  static Command removal(std::string_view name);

 private:
  std::string root_;
  engine::Fd listener_;
};

}  // namespace headrace::sandbox
