// Writes the policy's tables in the engines' format; engines skip the names they don't know.
#include <headrace/sandbox/seccomp_policy.hpp>
#include <headrace/sandbox/seccomp_profile.hpp>

#include <cerrno>

namespace headrace::sandbox {
namespace {

std::string action(Answer answer) {
  const auto error = [](int number) {
    return R"("action":"SCMP_ACT_ERRNO","errnoRet":)" + std::to_string(number);
  };
  // The numbers are Linux's, whatever system this is compiled on.
  switch (answer) {
    case Answer::allow:
      return R"("action":"SCMP_ACT_ALLOW")";
    case Answer::refuse:
      return error(1);
    case Answer::absent:
      return error(38);
    case Answer::unsupported:
      return error(97);
  }
  return error(1);
}

void append_names(std::string& json, std::span<const char* const> names, Answer answer) {
  json += R"({"names":[)";
  for (const char* name : names) {
    if (json.back() != '[') json += ',';
    json += '"' + std::string(name) + '"';
  }
  json += "]," + action(answer) + '}';
}

void append_rule(std::string& json, const SeccompRule& rule) {
  json += R"({"names":[")" + std::string(rule.call) + R"("],)" + action(rule.answer);
  if (!rule.tests.empty()) {
    json += R"(,"args":[)";
    for (const ArgumentTest& test : rule.tests) {
      if (json.back() != '[') json += ',';
      json += R"({"index":)" + std::to_string(test.index) +
              R"(,"op":"SCMP_CMP_MASKED_EQ","value":)" + std::to_string(test.mask) +
              R"(,"valueTwo":)" + std::to_string(test.value) + '}';
    }
    json += ']';
  }
  json += '}';
}

std::string make_profile() {
  // Only the machine's own architecture, not the 32-bit ones beside it.
  std::string json = R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"archMap":[)";
  for (const char* name : {"X86_64", "AARCH64", "RISCV64", "PPC64LE", "S390X"}) {
    if (json.back() != '[') json += ',';
    json += R"({"architecture":"SCMP_ARCH_)" + std::string(name) + R"(","subArchitectures":[]})";
  }
  json += R"(],"syscalls":[)";
  append_names(json, allowed_calls(), Answer::allow);
  json += ',';
  append_names(json, refused_calls(), Answer::refuse);
  json += ',';
  append_names(json, absent_calls(), Answer::absent);
  for (const SeccompRule& rule : conditional_rules()) {
    json += ',';
    append_rule(json, rule);
  }
  return json + "]}";
}

}  // namespace

const std::string& seccomp_profile_json() {
  static const std::string profile = make_profile();
  return profile;
}

}  // namespace headrace::sandbox
