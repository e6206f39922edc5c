// ProtocolStdio in a program of its own, over every kind of descriptor that a host may give it.
#include <headrace/engine/fd.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"
#include "temporary_folder.hpp"

namespace headrace::engine {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;

constexpr std::string_view request =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":[7]}\n";
constexpr std::string_view answer = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[7]}\n";

/// Runs the program with these two descriptors, which are shared with us as a host would.
class Program {
 public:
  Program(int input, int output, int third = -1) {
    errors_ = folder_ / "stderr";
    pid_ = ::fork();
    if (pid_ != 0) return;
    const int errors = ::open(errors_.c_str(), O_WRONLY | O_CREAT, 0600);
    if (input < 0) {
      ::close(0);
    } else {
      ::dup2(input, 0);
    }
    ::dup2(output, 1);
    if (third == closed_stderr) {
      ::close(2);
    } else {
      ::dup2(errors, 2);
    }
    for (int fd = 3; fd < 100; ++fd)
      ::close(fd);
    ::execl(HEADRACE_STDIO_PROGRAM, HEADRACE_STDIO_PROGRAM, static_cast<char*>(nullptr));
    ::_exit(127);
  }

  static constexpr int closed_stderr = -2;

  /// Waits for its end and returns its exit status.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return status;
  }

  std::string report() const {
    std::ifstream file(errors_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  void expect_took_over() {
    EXPECT_EQ(wait(), 0) << report();
    for (const char* fact : {"stdin_is_null=1", "stdout_is_stderr=1", "stray=1", "private=1"})
      EXPECT_THAT(report(), HasSubstr(fact));
  }

 private:
  TemporaryFolder folder_;
  std::string errors_;
  pid_t pid_ = -1;
};

bool non_blocking(const Fd& fd) {
  return (::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0;
}

void put(const Fd& fd, std::string_view text) {
  ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::string get(const Fd& fd, std::size_t size) {
  std::string text(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::read(fd.get(), text.data() + have, size - have);
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ProtocolStdio, Pipes) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  Program program(input.read.get(), output.write.get());
  put(input.write, request);
  EXPECT_EQ(get(output.read, answer.size()), answer);
  // While it runs: the descriptions are shared with this process.
  EXPECT_FALSE(non_blocking(input.read));
  EXPECT_FALSE(non_blocking(output.write));
  input.write.reset();
  program.expect_took_over();
  EXPECT_FALSE(non_blocking(input.read));
  EXPECT_FALSE(non_blocking(output.write));
  output.write.reset();
  EXPECT_EQ(get(output.read, 1000), "") << "something else reached the protocol";
}

TEST(ProtocolStdio, OneSocketForBoth) {
  auto [ours, theirs] = make_socket_pair();
  Program program(theirs.get(), theirs.get());
  put(ours, request);
  EXPECT_EQ(get(ours, answer.size()), answer);
  ::shutdown(ours.get(), SHUT_WR);
  program.expect_took_over();
  EXPECT_FALSE(non_blocking(theirs)) << "the flag was left behind";
  theirs.reset();
  EXPECT_EQ(get(ours, 1000), "");
}

TEST(ProtocolStdio, SocketsThatWereNonBlockingStaySo) {
  auto [ours, theirs] = make_socket_pair();
  ::fcntl(theirs.get(), F_SETFL, ::fcntl(theirs.get(), F_GETFL) | O_NONBLOCK);
  Program program(theirs.get(), theirs.get());
  put(ours, request);
  EXPECT_EQ(get(ours, answer.size()), answer);
  ::shutdown(ours.get(), SHUT_WR);
  program.expect_took_over();
  EXPECT_TRUE(non_blocking(theirs));
}

TEST(ProtocolStdio, RegularFiles) {
  const TemporaryFolder folder;
  const Fd input(::open(folder.file("in", request).c_str(), O_RDONLY | O_CLOEXEC));
  const Fd output(::open(folder.file("out", "").c_str(), O_WRONLY | O_CLOEXEC));
  Program program(input.get(), output.get());
  program.expect_took_over();
  EXPECT_EQ(contents(folder / "out"), answer);
  EXPECT_FALSE(non_blocking(input));
  EXPECT_FALSE(non_blocking(output));
}

TEST(ProtocolStdio, NoInputAtAll) {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  Pipe output = make_pipe();
  Program program(null.get(), output.write.get());
  program.expect_took_over();
  EXPECT_FALSE(non_blocking(null));
  output.write.reset();
  EXPECT_EQ(get(output.read, 1000), "");
}

TEST(ProtocolStdio, ATerminal) {
  const Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(terminal);
  ASSERT_EQ(::grantpt(terminal.get()), 0);
  ASSERT_EQ(::unlockpt(terminal.get()), 0);
  const Fd user(::open(::ptsname(terminal.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(user);
  termios raw{};
  ::tcgetattr(user.get(), &raw);
  raw.c_lflag &= static_cast<tcflag_t>(~ECHO);
  raw.c_oflag &= static_cast<tcflag_t>(~OPOST);
  ::tcsetattr(user.get(), TCSANOW, &raw);
  Program program(user.get(), user.get());
  put(terminal, request);
  EXPECT_EQ(get(terminal, answer.size()), answer);
  EXPECT_FALSE(non_blocking(user)) << "the user's shell would find it so";
  put(terminal, "\x04");
  program.expect_took_over();
  EXPECT_FALSE(non_blocking(user));
}

TEST(ProtocolStdio, AClosedStdinIsAnErrorNotAHang) {
  Pipe output = make_pipe();
  Program program(-1, output.write.get());
  EXPECT_NE(program.wait(), 0);
  EXPECT_THAT(program.report(), HasSubstr("stdin is not open"));
  output.write.reset();
  EXPECT_EQ(get(output.read, 1000), "");
}

TEST(ProtocolStdio, AClosedStderrIsNotTakenByTheProtocol) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  Program program(input.read.get(), output.write.get(), Program::closed_stderr);
  put(input.write, request);
  EXPECT_EQ(get(output.read, answer.size()), answer);
  input.write.reset();
  EXPECT_EQ(program.wait(), 0);
  output.write.reset();
  EXPECT_EQ(get(output.read, 1000), "") << "a stray message reached the protocol";
}

}  // namespace
}  // namespace headrace::engine
