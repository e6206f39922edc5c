// What a downstream server inherits.
#include <headrace/discovery/environment.hpp>

#include <stdlib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ChildEnvironment, InheritsSixAndNothingElse) {
  const auto ours = test::variables({{"HOME", "/h"},
                                     {"LOGNAME", "l"},
                                     {"PATH", "/bin"},
                                     {"SHELL", "/bin/sh"},
                                     {"TERM", "xterm"},
                                     {"USER", "u"},
                                     {"SECRET", "no"},
                                     {"LANG", "C"}});
  EXPECT_THAT(child_environment({}, ours), ElementsAre("HOME=/h", "LOGNAME=l", "PATH=/bin",
                                                       "SHELL=/bin/sh", "TERM=xterm", "USER=u"));
}

TEST(ChildEnvironment, TheEntrysOwnComeInOrderAndWin) {
  ServerSpec spec;
  spec.env = {{"Z", "1"}, {"PATH", "/opt/bin"}, {"A", ""}};
  EXPECT_THAT(child_environment(spec, test::variables({{"PATH", "/bin"}, {"HOME", "/h"}})),
              ElementsAre("HOME=/h", "Z=1", "PATH=/opt/bin", "A="));
}

TEST(ChildEnvironment, WhatIsNotSetIsNotThere) {
  EXPECT_THAT(child_environment({}, test::variables({})), IsEmpty());
  EXPECT_THAT(child_environment({}, {}), IsEmpty());
  EXPECT_THAT(child_environment({}, test::variables({{"TERM", "() { :; }"}})), IsEmpty());
}

TEST(ProcessEnvironment, TellsEmptyFromUnset) {
  ::setenv("HEADRACE_TEST_VARIABLE", "", 1);
  EXPECT_EQ(process_environment()("HEADRACE_TEST_VARIABLE"), "");
  ::unsetenv("HEADRACE_TEST_VARIABLE");
  EXPECT_EQ(process_environment()("HEADRACE_TEST_VARIABLE"), std::nullopt);
}

}  // namespace
}  // namespace headrace::discovery
