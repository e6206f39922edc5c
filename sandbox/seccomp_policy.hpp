// Which system calls sandboxed code may make: the tables that every form of the filter is made of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace headrace::sandbox {

/// What a call that matches a rule is answered with.
enum class Answer {
  allow,
  refuse,       ///< EPERM: we know the call and don't want it.
  absent,       ///< ENOSYS, as if the kernel were too old: programs fall back to other calls.
  unsupported,  ///< EAFNOSUPPORT, for kinds of sockets.
};

/// True if `(argument & mask) == value`.
struct ArgumentTest {
  unsigned index = 0;
  std::uint64_t mask = ~std::uint64_t{0};
  std::uint64_t value = 0;
};

/// Rules of one call never contradict each other. Calls that no table and no rule names are absent.
struct SeccompRule {
  Answer answer;
  const char* call;
  std::vector<ArgumentTest> tests;  ///< All must be true.
};

/// Calls that are allowed whatever their arguments are. Names of other architectures and of newer
/// kernels are among them; skip those that are unknown.
std::span<const char* const> allowed_calls() noexcept;

/// Calls that are refused, not absent, since programs should hear "not permitted".
std::span<const char* const> refused_calls() noexcept;

/// Calls that programs try first and do without. They are absent as all the rest is; engines that
/// are too old to be told so of the rest know at least of these.
std::span<const char* const> absent_calls() noexcept;

/// Calls that depend on their arguments.
std::vector<SeccompRule> conditional_rules();

}  // namespace headrace::sandbox
