// The small helpers: owners, failures, usage, files for children, Pythons of the host.
#include <headrace/sandbox/failure.hpp>
#include <headrace/sandbox/host_python.hpp>
#include <headrace/sandbox/host_view.hpp>
#include <headrace/sandbox/inherited_file.hpp>
#include <headrace/sandbox/owner.hpp>
#include <headrace/sandbox/usage.hpp>

#include <array>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::sandbox {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A folder that is gone when the test is.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "headrace-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    ::chmod(path_.c_str(), 0755);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(Owner, IsOneWordForLabelsAndNames) {
  const std::string owner = this_process_owner();
  EXPECT_EQ(owner, this_process_owner());
  EXPECT_FALSE(owner.empty());
  EXPECT_LE(owner.size(), 60u);
  for (const char c : owner)
    EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) || c == '.');
}

TEST(Owner, WhoLivesIsNotGone) {
  EXPECT_FALSE(owner_is_gone(this_process_owner()));
}

TEST(Owner, WhoEndedIsGone) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const std::string owner = this_process_owner();
    ::_exit(::write(ends[1], owner.data(), owner.size()) < 0 ? 1 : 0);
  }
  ::close(ends[1]);
  std::array<char, 256> text{};
  const ssize_t size = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  ASSERT_GT(size, 0);
  const std::string owner(text.data(), static_cast<std::size_t>(size));
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(owner_is_gone(owner));
}

TEST(Owner, AnotherProcessOfTheSamePidIsNotTheOwner) {
  std::string owner = this_process_owner();
  owner.replace(owner.rfind('.') + 1, std::string::npos, "1");
  EXPECT_TRUE(owner_is_gone(owner));
}

TEST(Owner, OfElsewhereMayLive) {
  const std::string owner = this_process_owner();
  for (const std::string& id :
       {std::string(), std::string("x"), std::string("..."), std::string("a.b.c.d"), "x" + owner,
        owner + ".1", "other" + owner.substr(owner.find('.')),
        owner.substr(0, owner.find('.')) + ".pid1.1.1", std::string("host.123")}) {
    EXPECT_FALSE(owner_is_gone(id)) << id;
  }
}

TEST(Failures, AreExplained) {
  struct Case {
    const char* runtime;
    const char* text;
    const char* meaning;
  };
  for (const Case& one : {
           Case{"docker",
                "permission denied while trying to connect to the Docker daemon socket at "
                "unix:///var/run/docker.sock",
                "group docker"},
           Case{"docker", "Cannot connect to the Docker daemon at unix:///x.", "is not running"},
           Case{"docker", "docker: Error response from daemon: exec: \"docker-init\": not found",
                "docker's init"},
           Case{"podman", "Error: cannot connect to Podman. Please verify your connection",
                "podman machine start"},
           Case{"podman", "Error: x: image not known\n", "MCP_BRIDGE_IMAGE"},
           Case{"podman", "Error: unknown flag: --x\nSee 'podman run --help'\n", "unknown flag"},
           Case{"podman", "Error: reading manifest: unauthorized: x", "login"},
           Case{"docker", "received unexpected HTTP status: 500 Internal Server Error", "later"},
           Case{"podman", "short-name \"x\" did not resolve to an alias", "the whole name"},
           Case{"docker", "Unable to find image 'x:latest' locally", "MCP_BRIDGE_IMAGE"},
           Case{"docker", "pull access denied for x, repository does not exist", "login"},
           Case{"docker", "dial tcp: lookup r: no such host", "network"},
           Case{"bwrap", "bwrap: No permissions to create new namespace", "sysctl"},
           Case{"bwrap", "bwrap: setting up uid map: Permission denied", "AppArmor"},
           Case{"bwrap", "bwrap: execvp python3: No such file or directory", "python3"},
           Case{"podman", "Error: writing blob: no space left on device", "disk is full"},
       }) {
    const std::string said = explain_failure(one.runtime, 1, one.text);
    EXPECT_THAT(said, HasSubstr(one.meaning)) << one.text;
    EXPECT_TRUE(said.starts_with(one.runtime)) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
}

TEST(Failures, OfOneRuntimeAreNotAnothers) {
  EXPECT_THAT(explain_failure("podman", 1, "operation not permitted"),
              Not(HasSubstr("bubblewrap")));
}

TEST(Failures, UnknownOnesAreQuoted) {
  EXPECT_EQ(explain_failure("podman", 125, "one\nError: something new\n\n"),
            "podman: Error: something new");
  // What a container says that ends at once does not always come through.
  EXPECT_THAT(explain_failure("podman", 1, ""), HasSubstr("the image has no python3"));
  EXPECT_EQ(explain_failure("docker", 3, " \n"), "docker ended with exit code 3 and said nothing");
  EXPECT_LT(explain_failure("docker", 3, std::string(100000, 'x')).size(), 500u);
}

TEST(HostView, ComparesKernels) {
  EXPECT_TRUE(kernel_is_at_least("5.14.0", 5, 14));
  EXPECT_TRUE(kernel_is_at_least("6.1.0-18-amd64", 5, 14));
  EXPECT_FALSE(kernel_is_at_least("5.4.0-generic", 5, 14));
  EXPECT_FALSE(kernel_is_at_least("", 5, 14));
  EXPECT_FALSE(kernel_is_at_least("linux", 1, 0));
}

TEST(HostView, FindsProgramsInAbsoluteFoldersOnly) {
  const TemporaryFolder folder;
  const std::string program = (folder.path() / "program").string();
  std::ofstream(program) << "#!/bin/sh\n";
  EXPECT_EQ(find_on_path("program", folder.path().string()), "") << "it can't be executed";
  ::chmod(program.c_str(), 0755);
  EXPECT_EQ(find_on_path("program", "/nowhere::" + folder.path().string()), program);
  EXPECT_EQ(find_on_path("program", ""), "");
  fs::create_directory(folder.path() / "folder");
  EXPECT_EQ(find_on_path("folder", folder.path().string()), "");
}

#ifdef __linux__

TEST(InheritedFile, HoldsItsBytesSealed) {
  const std::string bytes(100000, 'b');
  const InheritedFile file = InheritedFile::holding(10, "label", bytes);
  EXPECT_EQ(file.child_number(), 10);
  std::string read(bytes.size() + 1, '\0');
  EXPECT_EQ(::read(file.fd(), read.data(), read.size()), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(::write(file.fd(), "x", 1), -1);
  EXPECT_NE(::fcntl(file.fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(InheritedFile, IsClosedOnce) {
  int number = -1;
  {
    InheritedFile one = InheritedFile::holding(1, "one", "1");
    number = one.fd();
    const InheritedFile two = std::move(one);
    EXPECT_EQ(two.fd(), number);
    EXPECT_NE(::fcntl(number, F_GETFD), -1);
  }
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Usage, CountsChildrenAndTheirMemory) {
  constexpr std::size_t size = 32 << 20;
  std::array<int, 2> ready{};
  std::array<int, 2> end{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  ASSERT_EQ(::pipe(end.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(end[1]);
    ::fork();
    std::vector<char> block(size);
    for (std::size_t i = 0; i < size; i += 512)
      block[i] = 'x';
    char byte = block[512];
    if (::write(ready[1], &byte, 1) == 1 && ::read(end[0], &byte, 1) >= 0) ::_exit(0);
    ::_exit(1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const Usage usage = measure_usage(child, 0);
  EXPECT_EQ(usage.processes, 2u);
  EXPECT_EQ(usage.threads, 2u);
  EXPECT_GE(usage.memory, 2 * size);
  EXPECT_GE(usage.largest_peak, size);
  const Usage estimate = measure_usage(child, ~std::uint64_t{0});
  EXPECT_GE(estimate.memory, usage.memory / 2);
  for (const int fd : {ready[0], ready[1], end[0], end[1]})
    ::close(fd);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(measure_usage(child, 0).processes, 0u);
}

// An installation as version managers lay it out: PREFIX/bin/python3.x and PREFIX/lib/python3.x.
class Pythons : public ::testing::Test {
 protected:
  fs::path install(const std::string& name) {
    const fs::path prefix = folder_.path() / name;
    fs::create_directories(prefix / "bin");
    fs::create_directories(prefix / "lib" / "python3.12");
    std::ofstream(prefix / "bin" / "python3.12", std::ios::binary) << "\x7f"
                                                                      "ELF and so on";
    ::chmod((prefix / "bin" / "python3.12").c_str(), 0755);
    fs::create_symlink("python3.12", prefix / "bin" / "python3");
    return prefix;
  }

  TemporaryFolder folder_;
};

TEST_F(Pythons, AreDescribedByTheirParts) {
  const fs::path prefix = install("it");
  std::ofstream(prefix / "secret") << "x";
  const HostPython python = describe_host_python((prefix / "bin" / "python3").string(), false);
  EXPECT_EQ(python.executable, (prefix / "bin" / "python3").string());
  EXPECT_THAT(python.paths, ElementsAre((prefix / "bin").string(), (prefix / "lib").string()));
}

TEST_F(Pythons, LinkedFromElsewhereAreFollowed) {
  const fs::path prefix = install("it");
  fs::create_directories(folder_.path() / "home" / "bin");
  fs::create_symlink(prefix / "bin" / "python3", folder_.path() / "home" / "bin" / "python3");
  const HostPython python =
      find_host_python((folder_.path() / "home" / "bin").string() + ":/nowhere", false);
  EXPECT_EQ(python.executable, (prefix / "bin" / "python3.12").string());
  EXPECT_THAT(python.paths, Not(Contains(HasSubstr("home"))));
}

TEST_F(Pythons, InVirtualEnvironmentsKeepTheirName) {
  const fs::path prefix = install("it");
  const fs::path environment = folder_.path() / "venv";
  fs::create_directories(environment / "bin");
  fs::create_directories(environment / "lib" / "python3.12");
  std::ofstream(environment / "pyvenv.cfg") << "home = x\n";
  fs::create_symlink(prefix / "bin" / "python3", environment / "bin" / "python3");
  const HostPython python = describe_host_python((environment / "bin" / "python3").string(), false);
  EXPECT_EQ(python.executable, (environment / "bin" / "python3").string());
  EXPECT_THAT(python.paths, Contains((environment / "pyvenv.cfg").string()));
  EXPECT_THAT(python.paths, Contains((prefix / "lib").string()));
}

TEST_F(Pythons, ScriptsAreNone) {
  fs::create_directories(folder_.path() / "shims");
  const fs::path script = folder_.path() / "shims" / "python3";
  std::ofstream(script) << "#!/bin/sh\nexec python3.12\n";
  ::chmod(script.c_str(), 0755);
  EXPECT_EQ(describe_host_python(script.string(), false).executable, "");
  EXPECT_EQ(describe_host_python("/nowhere/python3", false).executable, "");
  EXPECT_EQ(describe_host_python(folder_.path().string(), false).executable, "");
  // With none on the way there is still the system's, or none at all.
  EXPECT_NE(find_host_python(script.parent_path().string(), false).executable, script.string());
}

TEST_F(Pythons, InClosedFoldersAreNotForOthers) {
  const fs::path prefix = install("it");
  const std::string executable = (prefix / "bin" / "python3").string();
  EXPECT_NE(describe_host_python(executable, true).executable, "");
  ::chmod(prefix.c_str(), 0700);
  EXPECT_EQ(describe_host_python(executable, true).executable, "");
  EXPECT_NE(describe_host_python(executable, false).executable, "");
}

TEST_F(Pythons, WithoutALibraryAreNone) {
  const fs::path prefix = install("it");
  fs::remove_all(prefix / "lib");
  EXPECT_EQ(describe_host_python((prefix / "bin" / "python3").string(), false).executable, "");
}

#endif

}  // namespace
}  // namespace headrace::sandbox
