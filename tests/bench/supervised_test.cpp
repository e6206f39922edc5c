// What is left when a measurement has ended, or was ended.
#include <headrace/bench/processes.hpp>
#include <headrace/bench/supervised.hpp>
#include <headrace/bench/target.hpp>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace headrace::bench {
namespace {

// Supervises in a process of its own, which says on a pipe what a test wants to know.
class Supervised {
 public:
  explicit Supervised(const std::function<int(int)>& work) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      ::_exit(supervised([&] { return work(ends[1]); }));
    }
    ::close(ends[1]);
    said_ = ends[0];
  }
  Supervised(const Supervised&) = delete;
  Supervised& operator=(const Supervised&) = delete;
  ~Supervised() { ::close(said_); }

  std::string word() const {
    std::string all;
    for (char letter = 0; ::read(said_, &letter, 1) == 1 && letter != '\n';)
      all += letter;
    return all;
  }
  void end(int signal) const { ::kill(pid_, signal); }
  int exit_code() const {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  int said_ = -1;
};

void say(int to, const std::string& word) {
  const std::string line = word + "\n";
  if (::write(to, line.data(), line.size()) < 0) std::abort();
}

bool is_there(const std::string& pid) {
  return ::kill(static_cast<pid_t>(std::stol(pid)), 0) == 0;
}

TEST(Supervised, ReturnsWhatTheWorkReturnsAndRemovesItsFolder) {
  const Supervised run([](int said) {
    say(said, std::getenv("TMPDIR"));
    const std::string file = std::string(std::getenv("TMPDIR")) + "/file";
    return ::creat(file.c_str(), 0600) >= 0 ? 7 : 8;
  });
  const std::string folder = run.word();
  EXPECT_EQ(run.exit_code(), 7);
  EXPECT_NE(folder.find("headrace-bench-"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(Supervised, EndsWhatIsLeftBehind) {
  const Supervised run([](int said) {
    const pid_t left = ::fork();
    if (left == 0) {
      ::setsid();
      ::pause();
      ::_exit(0);
    }
    say(said, std::to_string(left));
    return 0;
  });
  const std::string left = run.word();
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_FALSE(is_there(left));
}

TEST(Supervised, EndsAllWhenItIsEnded) {
  const Supervised run([](int said) {
    Target target({"sh", "-c", "trap '' TERM; echo up; sleep 1000"});
    target.line();
    say(said, std::to_string(target.pid()));
    ::pause();
    return 0;
  });
  const std::string target = run.word();
  EXPECT_TRUE(is_there(target));
  run.end(SIGTERM);
  EXPECT_EQ(run.exit_code(), 128 + SIGTERM);
  EXPECT_FALSE(is_there(target));
}

}  // namespace
}  // namespace headrace::bench
