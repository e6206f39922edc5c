// What a downstream server inherits.
#include <headrace/discovery/environment.hpp>

#include <stdlib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace headrace::discovery {
namespace {

using testing::ElementsAre;

TEST(ChildEnvironment, InheritsSixAndNothingElse) {
  const auto ours = test::variables({{"HOME", "/h"},
                                     {"LOGNAME", "l"},
                                     {"PATH", "/bin"},
                                     {"SHELL", "/bin/sh"},
                                     {"TERM", "xterm"},
                                     {"USER", "u"},
                                     {"SECRET", "no"},
                                     {"LANG", "C"}});
  EXPECT_THAT(child_environment({}, ours),
              ElementsAre("HOME=/h", "LOGNAME=l", "PATH=/bin", "SHELL=/bin/sh", "TERM=xterm",
                          "USER=u", "MCP_BRIDGE_NESTING=1"));
}

TEST(ChildEnvironment, TheEntrysOwnComeInOrderAndWin) {
  ServerSpec spec;
  spec.env = {{"Z", "1"}, {"PATH", "/opt/bin"}, {"A", ""}};
  EXPECT_THAT(child_environment(spec, test::variables({{"PATH", "/bin"}, {"HOME", "/h"}})),
              ElementsAre("HOME=/h", "Z=1", "PATH=/opt/bin", "A=", "MCP_BRIDGE_NESTING=1"));
}

TEST(ChildEnvironment, WhatIsNotSetIsNotThere) {
  EXPECT_THAT(child_environment({}, test::variables({})), ElementsAre("MCP_BRIDGE_NESTING=1"));
  EXPECT_THAT(child_environment({}, {}), ElementsAre("MCP_BRIDGE_NESTING=1"));
  EXPECT_THAT(child_environment({}, test::variables({{"TERM", "() { :; }"}})),
              ElementsAre("MCP_BRIDGE_NESTING=1"));
}

TEST(ChildEnvironment, CountsHowDeepItStands) {
  const auto at = [](const char* depth) {
    return child_environment({}, test::variables({{"MCP_BRIDGE_NESTING", depth}})).back();
  };
  EXPECT_EQ(at("3"), "MCP_BRIDGE_NESTING=4");
  EXPECT_EQ(at("many"), "MCP_BRIDGE_NESTING=1");
  EXPECT_EQ(at("-1"), "MCP_BRIDGE_NESTING=1");
  EXPECT_EQ(at("99999999999999999999"), "MCP_BRIDGE_NESTING=1");
}

TEST(ProcessEnvironment, TellsEmptyFromUnset) {
  ::setenv("HEADRACE_TEST_VARIABLE", "", 1);
  EXPECT_EQ(process_environment()("HEADRACE_TEST_VARIABLE"), "");
  ::unsetenv("HEADRACE_TEST_VARIABLE");
  EXPECT_EQ(process_environment()("HEADRACE_TEST_VARIABLE"), std::nullopt);
}

}  // namespace
}  // namespace headrace::discovery
