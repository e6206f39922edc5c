// Spare interpreters: who starts them, who gets them, and that none is left.
#include <cstdlib>

#include <gmock/gmock.h>

#include "real_sandbox.hpp"

namespace headrace::sandbox::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

PoolOptions at_once(std::size_t size) {
  PoolOptions options;
  options.size = size;
  options.delay = std::chrono::milliseconds(0);
  return options;
}

class PoolTest : public RealSandboxTest {};

TEST_F(PoolTest, IsFilledWhenItIsPrepared) {
  make_pool(at_once(2));
  EXPECT_THAT(children(), IsEmpty());
  pool->prepare();
  EXPECT_TRUE(until([&] { return pool->spares() == 2; }));
  EXPECT_THAT(children(), SizeIs(2));
}

TEST_F(PoolTest, HandsOutASpareAndGetsAnother) {
  make_pool(at_once(1));
  pool->prepare();
  ASSERT_TRUE(until([&] { return pool->spares() == 1; }));
  const std::vector<pid_t> before = children();
  const std::shared_ptr<Interpreter> taken = take();
  ASSERT_TRUE(taken);
  EXPECT_EQ(before, std::vector<pid_t>{taken->pid()});
  EXPECT_TRUE(taken->alive());
  EXPECT_TRUE(until([&] { return pool->spares() == 1; }));
  EXPECT_THAT(children(), SizeIs(2));
  pool->discard(taken, true);
}

TEST_F(PoolTest, OfNoSizeStartsNothingByItself) {
  make_pool(at_once(0));
  pool->prepare();
  context.poll();
  EXPECT_THAT(children(), IsEmpty());
  const std::shared_ptr<Interpreter> taken = take();
  ASSERT_TRUE(taken);
  context.restart();
  context.poll();
  EXPECT_THAT(children(), SizeIs(1));
  EXPECT_EQ(pool->spares(), 0u);
  pool->discard(taken, true);
}

TEST_F(PoolTest, WhoComesWhileASpareStartsGetsThatOne) {
  make_pool(at_once(1));
  const std::shared_ptr<Interpreter> first = take();
  ASSERT_TRUE(first);
  ASSERT_TRUE(until([&] { return children().size() == 2; }));
  ASSERT_EQ(pool->spares(), 0u);
  const std::vector<pid_t> both = children();
  const std::shared_ptr<Interpreter> second = take();
  ASSERT_TRUE(second);
  EXPECT_THAT(both, UnorderedElementsAre(first->pid(), second->pid()));
  pool->discard(first, true);
  pool->discard(second, true);
}

TEST_F(PoolTest, AKilledSpareIsReplacedAndNeverHandedOut) {
  make_pool(at_once(1));
  pool->prepare();
  ASSERT_TRUE(until([&] { return pool->spares() == 1; }));
  const std::vector<pid_t> before = children();
  ASSERT_THAT(before, SizeIs(1));
  ::kill(before[0], SIGKILL);
  EXPECT_TRUE(until([&] {
    const std::vector<pid_t> now = children();
    return pool->spares() == 1 && now.size() == 1 && now != before;
  }));
  const std::shared_ptr<Interpreter> taken = take();
  ASSERT_TRUE(taken);
  EXPECT_NE(taken->pid(), before[0]);
  EXPECT_TRUE(taken->alive());
  pool->discard(taken, true);
}

TEST_F(PoolTest, ASpareThatDiedUnnoticedIsNotHandedOut) {
  make_pool(at_once(1));
  pool->prepare();
  ASSERT_TRUE(until([&] { return pool->spares() == 1; }));
  const pid_t dead = children().at(0);
  ::kill(dead, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(dead), &info, WEXITED | WNOWAIT), 0);
  const std::shared_ptr<Interpreter> taken = take();
  ASSERT_TRUE(taken);
  EXPECT_NE(taken->pid(), dead);
  pool->discard(taken, true);
}

TEST_F(PoolTest, SparesThatNobodyWantsGoAndComeBackWithTheNextUse) {
  PoolOptions options = at_once(1);
  options.idle_limit = std::chrono::milliseconds(1);
  make_pool(options);
  pool->prepare();
  ASSERT_TRUE(until([&] { return pool->spares() == 1; }));
  ASSERT_TRUE(until([&] { return pool->spares() == 0 && children().empty(); }));
  pool->prepare();
  EXPECT_TRUE(until([&] { return pool->spares() == 1; }));
}

TEST_F(PoolTest, ClosedWhileOneStartsLeavesNone) {
  make_pool(at_once(3));
  pool->prepare();
  ASSERT_TRUE(until([&] { return !children().empty(); }));
  engine::test::run(context, pool->async_close());
  EXPECT_TRUE(until([] { return children().empty(); }));
  EXPECT_EQ(pool->spares(), 0u);
  EXPECT_FALSE(take());
  EXPECT_THAT(why, HasSubstr("shut down"));
}

TEST_F(PoolTest, GivesUpUntilTheNextUseAndSaysSoOnce) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  make_pool(at_once(1));
  pool->prepare();
  const auto said = [&] {
    return std::count_if(messages.begin(), messages.end(), [](const std::string& message) {
      return message.find("no more spare interpreters") != std::string::npos;
    });
  };
  EXPECT_TRUE(until([&] { return said() > 0; }));
  EXPECT_FALSE(take());
  EXPECT_THAT(why, HasSubstr("No sandbox can be started here"));
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(said(), 1);
  const std::shared_ptr<Interpreter> taken = take();
  EXPECT_TRUE(taken);
  pool->discard(taken, true);
}

}  // namespace
}  // namespace headrace::sandbox::test
