// Has libseccomp compile the policy's tables.
#include <headrace/sandbox/seccomp_policy.hpp>
#include <headrace/sandbox/seccomp_program.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <sys/mman.h>
#include <type_traits>
#include <unistd.h>

#include <seccomp.h>

namespace headrace::sandbox {
namespace {

struct ReleaseFilter {
  void operator()(scmp_filter_ctx filter) const noexcept { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, ReleaseFilter>;

void check(int error, const std::string& what) {
  if (error < 0) {
    throw std::runtime_error("the system call filter can't be made: " + what + ": " +
                             std::strerror(-error));
  }
}

std::uint32_t action(Answer answer) {
  switch (answer) {
    case Answer::allow:
      return SCMP_ACT_ALLOW;
    case Answer::refuse:
      return SCMP_ACT_ERRNO(EPERM);
    case Answer::absent:
      return SCMP_ACT_ERRNO(ENOSYS);
    case Answer::unsupported:
      return SCMP_ACT_ERRNO(EAFNOSUPPORT);
  }
  return SCMP_ACT_ERRNO(EPERM);
}

void add_rule(const Filter& filter, const SeccompRule& rule) {
  const int call = ::seccomp_syscall_resolve_name(rule.call);
  // A name of a newer kernel or of another architecture.
  if (call == __NR_SCMP_ERROR) return;
  std::array<scmp_arg_cmp, 6> tests{};
  unsigned count = 0;
  for (const ArgumentTest& test : rule.tests) {
    tests.at(count++) = {test.index, SCMP_CMP_MASKED_EQ, test.mask, test.value};
  }
  check(::seccomp_rule_add_array(filter.get(), action(rule.answer), call, count, tests.data()),
        rule.call);
}

std::string compile() {
  const Filter filter(::seccomp_init(action(Answer::absent)));
  if (!filter) throw std::runtime_error("the system call filter can't be made: out of memory");
  check(::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, action(Answer::absent)),
        "answer to other architectures");
#if SCMP_VER_MAJOR > 2 || (SCMP_VER_MAJOR == 2 && SCMP_VER_MINOR >= 5)
  // A tree in place of a list: the kernel walks it for each call that there is when it takes it.
  check(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2), "order of the tests");
#endif
  for (const char* call : allowed_calls())
    add_rule(filter, {Answer::allow, call, {}});
  for (const char* call : refused_calls())
    add_rule(filter, {Answer::refuse, call, {}});
  for (const SeccompRule& rule : conditional_rules())
    add_rule(filter, rule);

  // libseccomp writes to a descriptor only.
  const int fd = ::memfd_create("headrace-seccomp", MFD_CLOEXEC);
  check(fd < 0 ? -errno : 0, "memfd_create");
  const std::unique_ptr<const int, void (*)(const int*)> closer(
      &fd, [](const int* opened) { ::close(*opened); });
  check(::seccomp_export_bpf(filter.get(), fd), "export");
  std::string program(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)), '\0');
  const ssize_t size = ::pread(fd, program.data(), program.size(), 0);
  if (size < 0 || static_cast<std::size_t>(size) != program.size()) {
    throw std::runtime_error("the system call filter can't be read back");
  }
  return program;
}

}  // namespace

const std::string& seccomp_program() {
  static const std::string program = compile();
  return program;
}

}  // namespace headrace::sandbox
