// A program that takes over its stdio, echoes the params of requests and reports on stderr.
#include <headrace/engine/peer.hpp>
#include <headrace/engine/stdio.hpp>

#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.hpp"

namespace {

using namespace headrace::engine;  // NOLINT: a program of one file

bool same_file(int a, int b) {
  struct stat one {};
  struct stat other {};
  return ::fstat(a, &one) == 0 && ::fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

void report(const char* what, bool truth) {
  std::fprintf(stderr, "%s=%d\n", what, truth ? 1 : 0);
}

}  // namespace

int main() {
  asio::io_context context;
  {
    ProtocolStdio stdio(context.get_executor());
    struct stat null {};
    struct stat input {};
    ::stat("/dev/null", &null);
    ::fstat(STDIN_FILENO, &input);
    report("stdin_is_null", null.st_rdev == input.st_rdev);
    report("stdout_is_stderr", same_file(STDOUT_FILENO, STDERR_FILENO));
    // As a library might.
    std::printf("stray=1\n");
    std::fflush(stdout);

    asio::posix::stream_descriptor reader = stdio.take_input();
    asio::posix::stream_descriptor writer = stdio.take_output();
    report("private", ::fcntl(reader.native_handle(), F_GETFD) == FD_CLOEXEC &&
                          ::fcntl(writer.native_handle(), F_GETFD) == FD_CLOEXEC &&
                          reader.native_handle() > 2 && writer.native_handle() > 2);
    bool ended = false;
    PeerHooks hooks;
    hooks.on_request = [](Responder responder, const Message& message) {
      const std::string echo(message.params);
      responder.result(std::string_view(echo));
    };
    hooks.on_end = [&ended](std::error_code) { ended = true; };
    Peer peer(context.get_executor(), std::move(reader), std::move(writer), PeerOptions(),
              std::move(hooks));
    peer.start();
    test::run_until(context, [&] { return ended && peer.unwritten() == 0; });
  }
  report("done", true);
}
