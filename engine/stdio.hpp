// Takes over the program's own stdin and stdout for the protocol, and gives them back unharmed.
#pragma once

#include <headrace/engine/asio.hpp>

#include <asio/posix/stream_descriptor.hpp>

namespace headrace::engine {

/// The protocol's descriptors, private and close-on-exec. Once taken, descriptor 0 is /dev/null and
/// descriptor 1 is where stderr goes: a stray print can't break the protocol, and no child can get
/// at it.
///
/// O_NONBLOCK belongs to the open description, which the terminal, the parent or a sibling may
/// share. So a pipe or a terminal is opened anew; where that can't be done (a socket, or a pipe of
/// another user) or must not be (a regular file, whose position is shared) the flags are saved, and
/// put back when this is destroyed.
class ProtocolStdio {
 public:
  /// Throws std::system_error when stdin or stdout are not open; a closed stderr becomes /dev/null.
  /// To be made before anything else opens a descriptor, an io_context's first use included.
  explicit ProtocolStdio(const Executor& executor);
  ~ProtocolStdio();
  ProtocolStdio(const ProtocolStdio&) = delete;
  ProtocolStdio& operator=(const ProtocolStdio&) = delete;

  /// To be taken once each.
  asio::posix::stream_descriptor take_input() { return std::move(input_); }
  asio::posix::stream_descriptor take_output() { return std::move(output_); }

 private:
  struct Saved {
    int fd = -1;  // a duplicate that shares the description
    int flags = 0;
  };
  static const Executor& checked(const Executor& executor);
  int adopt(int fd, int access, Saved& saved);

  Saved saved_input_;
  Saved saved_output_;
  asio::posix::stream_descriptor input_;
  asio::posix::stream_descriptor output_;
};

}  // namespace headrace::engine
