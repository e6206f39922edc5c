// The filter's tables, its two forms, and that the kernel does with the program what they say.
#include <headrace/sandbox/seccomp_policy.hpp>
#include <headrace/sandbox/seccomp_profile.hpp>
#include <headrace/sandbox/seccomp_program.hpp>

#include <cerrno>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <map>
#include <set>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace headrace::sandbox {
namespace {

TEST(SeccompPolicy, NamesEachCallOnce) {
  std::set<std::string> names;
  for (const auto& table : {allowed_calls(), refused_calls(), absent_calls()}) {
    for (const char* name : table)
      EXPECT_TRUE(names.insert(name).second) << name << " twice";
  }
  for (const SeccompRule& rule : conditional_rules()) {
    EXPECT_FALSE(names.contains(rule.call)) << rule.call << " has a table's answer already";
  }
}

bool matches(const SeccompRule& rule, const std::array<std::uint64_t, 3>& arguments) {
  for (const ArgumentTest& test : rule.tests) {
    if ((arguments.at(test.index) & test.mask) != test.value) return false;
  }
  return true;
}

TEST(SeccompPolicy, HasOneAnswerToACall) {
  const std::vector<SeccompRule> rules = conditional_rules();
  std::vector<std::uint64_t> values = {0x5412, 0x541C, 0x100005412, 0x5401, 17, 0x10000000 | 17};
  for (std::uint64_t value = 0; value < 70; ++value)
    values.push_back(value);
  for (int bit = 0; bit < 64; ++bit)
    values.push_back(std::uint64_t{1} << bit);
  for (const std::uint64_t value : values) {
    std::map<std::string, Answer> answers;
    for (const SeccompRule& rule : rules) {
      if (!matches(rule, {value, value, 0})) continue;
      // Two namespaces' flags may both refuse; what must not be is two different answers.
      const auto [at, first] = answers.emplace(rule.call, rule.answer);
      EXPECT_TRUE(first || at->second == rule.answer) << rule.call << " of " << value;
    }
  }
}

TEST(SeccompPolicy, TestsOnlyBitsItLooksAt) {
  for (const SeccompRule& rule : conditional_rules()) {
    for (const ArgumentTest& test : rule.tests) {
      EXPECT_EQ(test.value & ~test.mask, 0u) << rule.call << " can never match";
    }
  }
}

TEST(SeccompProfile, IsWhatEnginesRead) {
  const nlohmann::json profile = nlohmann::json::parse(seccomp_profile_json());
  EXPECT_EQ(profile["defaultAction"], "SCMP_ACT_ERRNO");
  EXPECT_EQ(profile["defaultErrnoRet"], 38);
  std::map<std::string, int> errors;
  for (const nlohmann::json& rule : profile["syscalls"]) {
    for (const nlohmann::json& name : rule["names"]) {
      if (!rule.contains("args")) errors[name] = rule.value("errnoRet", 0);
    }
  }
  EXPECT_EQ(errors.at("read"), 0);
  EXPECT_EQ(errors.at("mount"), 1);
  EXPECT_EQ(errors.at("clone3"), 38);
  EXPECT_FALSE(errors.contains("clone"));
  for (const nlohmann::json& architecture : profile["archMap"]) {
    EXPECT_TRUE(architecture["subArchitectures"].empty());
  }
}

// Runs `attempt` under the filter in a process of its own; what it returns is below 100.
int under_filter(int (*attempt)()) {
  const std::string& program = seccomp_program();
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<sock_filter> instructions(program.size() / sizeof(sock_filter));
    std::memcpy(instructions.data(), program.data(), program.size());
    const sock_fprog filter{static_cast<unsigned short>(instructions.size()), instructions.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
      ::_exit(100);
    }
    ::_exit(attempt());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int error_of(long result) {
  return result < 0 ? errno : 0;
}

TEST(SeccompProgram, IsWholeInstructions) {
  EXPECT_GT(seccomp_program().size(), 0u);
  EXPECT_EQ(seccomp_program().size() % sizeof(sock_filter), 0u);
  EXPECT_LE(seccomp_program().size() / sizeof(sock_filter), 4096u);
}

TEST(SeccompProgram, AnswersAsTheTablesSay) {
  EXPECT_EQ(under_filter([] { return error_of(::syscall(SYS_getpid)); }), 0);
  EXPECT_EQ(under_filter([] { return error_of(::syscall(SYS_ptrace, 0, 0, 0, 0)); }), EPERM);
  EXPECT_EQ(under_filter([] { return error_of(::syscall(SYS_unshare, 0)); }), EPERM);
  EXPECT_EQ(under_filter([] { return error_of(::syscall(SYS_clone3, nullptr, 0)); }), ENOSYS);
  EXPECT_EQ(under_filter([] { return error_of(::syscall(1000)); }), ENOSYS);
  EXPECT_EQ(under_filter([] { return error_of(::syscall(SYS_personality, 0x40000)); }), ENOSYS);
}

TEST(SeccompProgram, LooksAtSockets) {
  EXPECT_EQ(under_filter([] { return error_of(::socket(AF_UNIX, SOCK_STREAM, 0)); }), 0);
  EXPECT_EQ(under_filter([] { return error_of(::socket(AF_NETLINK, SOCK_RAW, 0)); }), 0);
  EXPECT_NE(under_filter([] { return error_of(::socket(AF_NETLINK, SOCK_RAW, 9)); }), 0);
  EXPECT_EQ(under_filter([] { return error_of(::socket(AF_VSOCK, SOCK_STREAM, 0)); }),
            EAFNOSUPPORT);
  EXPECT_EQ(under_filter([] { return error_of(::socket(AF_ALG, SOCK_SEQPACKET, 0)); }),
            EAFNOSUPPORT);
}

TEST(SeccompProgram, LetsThreadsAndProcessesStart) {
  EXPECT_EQ(under_filter([] {
              const pid_t child = ::fork();
              if (child == 0) ::_exit(7);
              int status = 0;
              ::waitpid(child, &status, 0);
              return WEXITSTATUS(status);
            }),
            7);
}

}  // namespace
}  // namespace headrace::sandbox
