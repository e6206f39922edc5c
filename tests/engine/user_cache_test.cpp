// Where the environment says that caches are.
#include <headrace/engine/user_cache.hpp>

#include <cstdlib>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace headrace::engine {
namespace {

class UserCache : public testing::Test {
 protected:
  void TearDown() override {
    set("HOME", home_);
    set("XDG_CACHE_HOME", cache_);
  }
  static std::optional<std::string> value_of(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }
  static void set(const char* name, const std::optional<std::string>& value) {
    if (value) {
      ::setenv(name, value->c_str(), 1);
    } else {
      ::unsetenv(name);
    }
  }

 private:
  std::optional<std::string> home_ = value_of("HOME");
  std::optional<std::string> cache_ = value_of("XDG_CACHE_HOME");
};

TEST_F(UserCache, IsBelowHome) {
  set("XDG_CACHE_HOME", {});
  set("HOME", "/nowhere/ada");
  EXPECT_EQ(user_cache(), "/nowhere/ada/.cache/headrace");
}

TEST_F(UserCache, IsWhereTheUserHasPutCaches) {
  set("XDG_CACHE_HOME", "/fast");
  set("HOME", "/nowhere/ada");
  EXPECT_EQ(user_cache(), "/fast/headrace");
}

TEST_F(UserCache, IsNowhereWithoutAnAbsolutePath) {
  set("XDG_CACHE_HOME", "relative");
  set("HOME", "");
  EXPECT_TRUE(user_cache().empty());
  set("HOME", {});
  EXPECT_TRUE(user_cache().empty());
}

}  // namespace
}  // namespace headrace::engine
