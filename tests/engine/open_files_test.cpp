// The limit of open descriptors is raised for us, and not for what we start.
#include <headrace/engine/open_files.hpp>
#include <headrace/engine/spawn.hpp>

#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "support.hpp"

namespace headrace::engine {
namespace {

rlimit open_files() {
  rlimit limit{};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  return limit;
}

std::string printed_by(std::vector<std::string> argv) {
  SpawnSpec spec;
  spec.argv = std::move(argv);
  spec.environment = test::basic_environment();
  Diagnostics diagnostics;
  const auto child = spawn(spec, diagnostics);
  EXPECT_TRUE(child) << diagnostics.message;
  if (!child) return {};
  std::string text;
  char bytes[256];
  ssize_t size = 0;
  while ((size = ::read(child->output.get(), bytes, sizeof bytes)) > 0)
    text.append(bytes, static_cast<std::size_t>(size));
  ::waitpid(child->pid, nullptr, 0);
  return text;
}

// Gives the limit back that it found.
struct OpenFiles : testing::Test {
  OpenFiles() : before(open_files()) {}
  ~OpenFiles() override { ::setrlimit(RLIMIT_NOFILE, &before); }

  void set_soft(rlim_t soft) {
    rlimit limit = before;
    limit.rlim_cur = soft;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  }

  rlimit before;
};

TEST_F(OpenFiles, AreRaisedForUsAndAsTheyWereForChildren) {
  const rlim_t few = 200;
  if (before.rlim_max <= few) GTEST_SKIP() << "the hard limit is " << before.rlim_max;
  set_soft(few);
  raise_open_files();
  const rlim_t raised = open_files().rlim_cur;
  EXPECT_GT(raised, few);
  EXPECT_EQ(open_files().rlim_max, before.rlim_max);

  // Among descriptors that have larger numbers than the child may have.
  std::vector<Fd> many;
  for (rlim_t i = 0; i < few; ++i) {
    many.emplace_back(::dup(STDERR_FILENO));
    ASSERT_TRUE(many.back());
  }
  EXPECT_EQ(printed_by({"/bin/sh", "-c", "ulimit -Sn"}), "200\n");
  EXPECT_EQ(open_files().rlim_cur, raised);
}

TEST_F(OpenFiles, AChildCanRaiseItsOwn) {
  const rlim_t few = 200;
  if (before.rlim_max <= few || before.rlim_max == RLIM_INFINITY) {
    GTEST_SKIP() << "the hard limit is " << before.rlim_max;
  }
  set_soft(few);
  raise_open_files();
  EXPECT_EQ(printed_by({"/bin/sh", "-c", "ulimit -Hn"}), std::to_string(before.rlim_max) + "\n");
}

TEST_F(OpenFiles, ThatAreAllTakenAreSaidWithTheLimit) {
#ifdef __SANITIZE_ADDRESS__
  // Our build with it has UBSan too, whose look at a thrown object's vtable opens a pipe; where it
  // can't have one, it takes the object for a broken one.
  GTEST_SKIP() << "UBSan needs descriptors of its own";
#endif
  // So many are open already, so that a pipe is one too many, or its copies are.
  const Fd next(::dup(STDERR_FILENO));
  for (const rlim_t room : {0U, 3U, 7U}) {
    set_soft(static_cast<rlim_t>(next.get()) + 1 + room);
    SpawnSpec spec;
    spec.argv = {"/bin/true"};
    Diagnostics diagnostics;
    EXPECT_FALSE(spawn(spec, diagnostics));
    const std::string limit = std::to_string(static_cast<rlim_t>(next.get()) + 1 + room);
    EXPECT_THAT(diagnostics.message, testing::HasSubstr("Too many open files"));
    EXPECT_THAT(diagnostics.message, testing::HasSubstr("may have " + limit + " descriptors"));
    EXPECT_THAT(diagnostics.message, testing::HasSubstr("ulimit -n"));
  }
}

}  // namespace
}  // namespace headrace::engine
