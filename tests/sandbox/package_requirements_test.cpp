// What is asked for, and what pip's last words mean.
#include <headrace/sandbox/package_requirements.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Optional;

TEST(PackageRequirements, AreSeparatedBySpacesOrCommas) {
  EXPECT_THAT(split_packages("numpy pandas"), Optional(ElementsAre("numpy", "pandas")));
  EXPECT_THAT(split_packages("numpy,pandas, six\tattrs,"),
              Optional(ElementsAre("numpy", "pandas", "six", "attrs")));
  EXPECT_THAT(split_packages(" , "), Optional(IsEmpty()));
}

TEST(PackageRequirements, KeepVersionsTogether) {
  EXPECT_THAT(split_packages("numpy pandas==2.2 'matplotlib>=3'"),
              Optional(ElementsAre("numpy", "pandas==2.2", "matplotlib>=3")));
  EXPECT_THAT(split_packages("pandas>=2,<3 six"), Optional(ElementsAre("pandas>=2,<3", "six")));
  EXPECT_THAT(split_packages("pandas >= 2, < 3, six"),
              Optional(ElementsAre("pandas>=2,<3", "six")));
  EXPECT_THAT(split_packages("six~=1.0 attrs!=20"), Optional(ElementsAre("six~=1.0", "attrs!=20")));
}

TEST(PackageRequirements, KeepExtrasAndMarkersTogether) {
  EXPECT_THAT(split_packages("foo[a,b] bar[c]>=1"), Optional(ElementsAre("foo[a,b]", "bar[c]>=1")));
  EXPECT_THAT(split_packages(R"('six; python_version > "3"' attrs)"),
              Optional(ElementsAre(R"(six; python_version > "3")", "attrs")));
  EXPECT_THAT(split_packages("'six @ https://example.com/six.whl'"),
              Optional(ElementsAre("six @ https://example.com/six.whl")));
}

TEST(PackageRequirements, AreNeitherOptionsNorPaths) {
  for (const char* text :
       {"--index-url=https://example.com", "-r other.txt", "numpy -e .", "./local", "/etc/passwd",
        "local/folder", "'open", "foo[a", ">=2", "'six\nattrs'"}) {
    EXPECT_EQ(split_packages(text), std::nullopt) << text;
  }
}

TEST(Fingerprint, DependsOnEachPart) {
  const std::string one = fingerprint({"a", "b"});
  EXPECT_EQ(one.size(), 32U);
  EXPECT_EQ(one, fingerprint({"a", "b"}));
  EXPECT_NE(one, fingerprint({"ab", ""}));
  EXPECT_NE(one, fingerprint({"a", "c"}));
  EXPECT_NE(one, fingerprint({"b", "a"}));
}

TEST(PipFailure, SaysWhatToDo) {
  const struct {
    const char* output;
    const char* meaning;
  } cases[] = {
      {"ERROR: No matching distribution found for nosuch", "there is no such package"},
      {"WARNING: Retrying: Temporary failure in name resolution\n"
       "ERROR: No matching distribution found for six",
       "can't be reached"},
      {"OSError: [Errno 28] No space left on device", "the disk is full"},
      {"SSLError(SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "PIP_CERT"},
      {"ERROR: Invalid requirement: 'a b'", "name==1.2"},
      {"ERROR: ResolutionImpossible: for help", "don't go together"},
      {"error: subprocess-exited-with-error", "compiled"},
      {"ERROR: Could not open requirements file: other.txt", "put all into one"},
      {"something else", "pip ended with status 1"},
  };
  for (const auto& known : cases) {
    const std::string text = explain_pip_failure(1, known.output, false);
    EXPECT_THAT(text, HasSubstr(known.meaning));
  }
  EXPECT_THAT(explain_pip_failure(124, "Collecting numpy", false), HasSubstr("not done in time"));
  EXPECT_THAT(explain_pip_failure(1, "ERROR: No matching distribution found", true),
              HasSubstr("only wheels"));
}

TEST(PipFailure, EndsWithPipsLastWords) {
  std::string output = "Collecting six\nnoise\nERROR: first\nnoise\nERROR: second\n\n";
  EXPECT_THAT(explain_pip_failure(1, output, false), HasSubstr(":\nERROR: first\nERROR: second"));
  EXPECT_THAT(explain_pip_failure(1, output, false), Not(HasSubstr("noise")));
  EXPECT_THAT(explain_pip_failure(1, "one\ntwo\nthree\nfour\nfive", false),
              HasSubstr(":\ntwo\nthree\nfour\nfive"));
  output = "ERROR: Exception:\nTraceback\nAttributeError: too old";
  EXPECT_THAT(explain_pip_failure(1, output, false), HasSubstr("AttributeError: too old"));
  EXPECT_TRUE(has_crashed(output));
  output = std::string(1 << 20, 'x');
  EXPECT_LT(explain_pip_failure(1, output, false).size(), 1000U);
  EXPECT_THAT(explain_pip_failure(1, "", false), Not(HasSubstr("said")));
}

}  // namespace
}  // namespace headrace::sandbox
