// Who may make an entry, who may use it, and which are removed.
#include <headrace/sandbox/package_cache.hpp>

#include <chrono>
#include <fstream>
#include <stdlib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::sandbox {
namespace {

namespace fs = std::filesystem;
using testing::UnorderedElementsAre;

class PackageCache : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "headrace-cache-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    cache_ = name;
  }
  void TearDown() override { fs::remove_all(cache_); }

  // `age` hours ago.
  void use(const std::string& key, int age) {
    {
      PackageLock lock = PackageLock::try_exclusive(cache_, key);
      lock.share();
    }
    fs::last_write_time(cache_ / (key + ".lock"),
                        fs::file_time_type::clock::now() - std::chrono::hours(age));
  }

  std::vector<std::string> unused(const std::string& prefix, std::size_t kept) {
    std::vector<std::string> keys;
    for (const UnusedPackages& entry : unused_packages(cache_, prefix, kept)) {
      keys.push_back(entry.key);
      forget(cache_, entry);
    }
    return keys;
  }

  fs::path cache_;
};

TEST_F(PackageCache, IsMadeByOneAndUsedByMany) {
  PackageLock maker = PackageLock::try_exclusive(cache_, "a");
  EXPECT_TRUE(maker);
  EXPECT_FALSE(PackageLock::try_exclusive(cache_, "a"));
  EXPECT_FALSE(PackageLock::try_shared(cache_, "a"));
  EXPECT_TRUE(PackageLock::try_exclusive(cache_, "b"));
  maker.share();
  const PackageLock user = PackageLock::try_shared(cache_, "a");
  EXPECT_TRUE(user);
  EXPECT_FALSE(PackageLock::try_exclusive(cache_, "a"));
}

TEST_F(PackageCache, IsFreeAgainWhenItsMakerIsGone) {
  { const PackageLock maker = PackageLock::try_exclusive(cache_, "a"); }
  EXPECT_TRUE(PackageLock::try_exclusive(cache_, "a"));
}

TEST_F(PackageCache, KeepsThoseUsedLast) {
  for (int i = 0; i < 4; ++i)
    use("folder-" + std::to_string(i), i);
  use("docker-9", 100);
  EXPECT_THAT(unused("folder-", 2), UnorderedElementsAre("folder-2", "folder-3"));
  EXPECT_THAT(unused("folder-", 2), UnorderedElementsAre());
  EXPECT_TRUE(fs::exists(cache_ / "folder-0.lock"));
  EXPECT_FALSE(fs::exists(cache_ / "folder-3.lock"));
}

TEST_F(PackageCache, KeepsWhatIsInUse) {
  use("folder-old", 100);
  const PackageLock user = PackageLock::try_shared(cache_, "folder-old");
  EXPECT_THAT(unused("folder-", 0), UnorderedElementsAre());
}

TEST_F(PackageCache, SaysWhyThereCanBeNoLock) {
  EXPECT_THROW(PackageLock::try_exclusive(cache_ / "nowhere", "a"), std::system_error);
  EXPECT_TRUE(unused_packages(cache_ / "nowhere", "", 0).empty());
}

}  // namespace
}  // namespace headrace::sandbox
