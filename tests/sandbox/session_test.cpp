// Runs on a real interpreter: what lasts between them, what is said when it does not.
#include <headrace/sandbox/session.hpp>

#include <stdexcept>

#include <gmock/gmock.h>

#include "real_sandbox.hpp"

namespace headrace::sandbox::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* background_mark =
    "[printed by background tasks after the previous run ended]\n";

class SessionTest : public RealSandboxTest {
 protected:
  void SetUp() override {
    RealSandboxTest::SetUp();
    if (IsSkipped()) return;
    PoolOptions none;
    none.size = 0;
    make_pool(none);
    SessionOptions options;
    options.output_limit = 2000;
    options.grace = std::chrono::milliseconds(200);
    SessionHooks hooks;
    hooks.on_interpreter_end = [this] { interpreter_ended = true; };
    session =
        std::make_shared<Session>(context.get_executor(), options, hooks, pool, engine::Logger());
  }
  void TearDown() override {
    if (session) engine::test::run(context, session->async_close());
    session.reset();
    RealSandboxTest::TearDown();
  }

  static asio::awaitable<void> run_into(std::shared_ptr<Session> session,
                                        std::shared_ptr<sandbox::Run> run, RunResult& result,
                                        bool& done) {
    result = co_await session->async_run(run);
    done = true;
  }

  // The run and its result, which is there once `done`.
  struct Begun {
    std::shared_ptr<sandbox::Run> run;
    RunResult result;
    bool done = false;
  };
  std::shared_ptr<Begun> begin(RunRequest request) {
    const auto begun = std::make_shared<Begun>();
    begun->run = session->make_run(std::move(request));
    asio::co_spawn(context, run_into(session, begun->run, begun->result, begun->done),
                   [begun](std::exception_ptr failure) {
                     if (failure) std::rethrow_exception(failure);
                   });
    return begun;
  }
  RunResult run(RunRequest request) {
    const std::shared_ptr<Begun> begun = begin(std::move(request));
    EXPECT_TRUE(until([&] { return begun->done; }));
    return std::move(begun->result);
  }
  RunResult run(std::string code) {
    RunRequest request;
    request.code = std::move(code);
    return run(std::move(request));
  }

  std::shared_ptr<Session> session;
  bool interpreter_ended = false;
};

TEST_F(SessionTest, StateLastsAndRunsAreNumbered) {
  const RunResult first = run("x = 20");
  EXPECT_EQ(first.status, RunStatus::success) << first.error;
  EXPECT_EQ(first.number, 1u);
  EXPECT_GT(first.usage.wall.count(), 0);
  const RunResult second = run("print(x + 1)");
  EXPECT_EQ(second.out, "21\n");
  EXPECT_EQ(second.number, 2u);
  EXPECT_THAT(second.note, IsEmpty());
}

TEST_F(SessionTest, OutputIsHeardAsItComesAndKeptOnce) {
  std::string heard;
  RunRequest request;
  request.code = "import sys\nprint('one')\nprint('two', file=sys.stderr)\nprint('three')";
  request.on_output = [&heard](bool is_error, std::string_view text) {
    if (!is_error) heard += text;
  };
  const RunResult result = run(std::move(request));
  EXPECT_EQ(heard, "one\nthree\n");
  EXPECT_EQ(result.out, "one\nthree\n");
  EXPECT_EQ(result.err, "two\n");
}

TEST_F(SessionTest, ALongOutputIsArchivedWhole) {
  const RunResult result = run("for i in range(1000): print('line', i)");
  EXPECT_THAT(result.out, HasSubstr("bytes are left out here"));
  ASSERT_EQ(result.whole_out, "runs/1/stdout");
  const std::string whole = session->archive().read(result.whole_out, 0, 1 << 20).value_or("");
  EXPECT_THAT(whole, StartsWith("line 0\nline 1\n"));
  EXPECT_EQ(whole.substr(whole.size() - 9), "line 999\n");
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), 1000);
}

TEST_F(SessionTest, WhatTasksPrintBetweenRunsIsMarkedInTheNext) {
  run("import asyncio\n"
      "_ = asyncio.get_running_loop().call_later(0.05, lambda: print('late'))");
  RunResult next;
  for (int i = 0; i < 10000 && next.out.find("late") == std::string::npos; ++i)
    next = run("await asyncio.sleep(0.001)\nprint('mine')");
  EXPECT_THAT(next.out, HasSubstr("late\n"));
  EXPECT_THAT(next.out, HasSubstr("mine\n"));
}

TEST_F(SessionTest, WhatTasksPrintedReachesTheNextRunThoughTheInterpreterIsGone) {
  run("import asyncio, os\n"
      "def last(): print('late', flush=True); os.write(1, b'words\\n'); "
      "asyncio.get_running_loop().call_later(0.2, os._exit, 3)\n"
      "_ = asyncio.get_running_loop().call_later(0.2, last)");
  ASSERT_TRUE(until([&] { return interpreter_ended; }));
  const RunResult next = run("print('mine')");
  EXPECT_THAT(next.out, StartsWith(background_mark + std::string("late\nwords\n[end")));
  EXPECT_THAT(next.out, HasSubstr("]\nmine\n"));
  EXPECT_THAT(next.note, HasSubstr("between runs"));
  EXPECT_THAT(next.note, HasSubstr("are gone"));
}

TEST_F(SessionTest, ARetiredInterpretersLossIsToldOnce) {
  run("x = 1");
  EXPECT_TRUE(session->retire("there were too many sessions"));
  EXPECT_FALSE(session->retire("again"));
  EXPECT_FALSE(session->has_interpreter());
  const RunResult next = run("x");
  EXPECT_THAT(next.error, HasSubstr("NameError"));
  EXPECT_THAT(next.note, StartsWith("there were too many sessions; "));
  EXPECT_THAT(run("pass").note, IsEmpty());
}

TEST_F(SessionTest, ABusyOneIsNotRetired) {
  RunRequest request;
  request.code = "import time\ntime.sleep(1000)";
  const std::shared_ptr<Begun> begun = begin(std::move(request));
  ASSERT_TRUE(until([&] { return session->has_interpreter(); }));
  EXPECT_TRUE(session->busy());
  EXPECT_FALSE(session->retire("no"));
  begun->run->cancel();
  ASSERT_TRUE(until([&] { return begun->done; }));
  EXPECT_EQ(begun->result.status, RunStatus::cancelled);
  EXPECT_FALSE(session->busy());
}

TEST_F(SessionTest, WhatWasCancelledAndDidNotStopIsToldLater) {
  run("x = 1");
  bool printed = false;
  RunRequest request;
  // In C, where nobody looks for an interrupt; one that comes before is taken for nothing.
  request.code =
      "import time\n"
      "try:\n"
      "    print('on', flush=True)\n"
      "    time.sleep(0.5)\n"
      "except BaseException: pass\n"
      "sum(range(10**13))";
  request.on_output = [&printed](bool, std::string_view) { printed = true; };
  const std::shared_ptr<Begun> begun = begin(std::move(request));
  ASSERT_TRUE(until([&] { return printed; }));
  begun->run->cancel();
  ASSERT_TRUE(until([&] { return begun->done; }));
  EXPECT_EQ(begun->result.status, RunStatus::cancelled);
  const RunResult next = run("x");
  EXPECT_THAT(next.error, HasSubstr("NameError"));
  EXPECT_THAT(next.note, HasSubstr("did not stop"));
  EXPECT_THAT(next.note, HasSubstr("are gone"));
}

TEST_F(SessionTest, ResetStartsAfreshAndOnlyTheRunThatAskedSaysSo) {
  run("x = 1");
  const RunResult asking = run("from mcp import runtime\nruntime.reset()\nprint(x)");
  EXPECT_EQ(asking.status, RunStatus::success) << asking.error;
  EXPECT_THAT(asking.out, HasSubstr("1\n"));
  EXPECT_THAT(asking.note, HasSubstr("the next run starts afresh"));
  const RunResult next = run("'x' in globals()");
  EXPECT_THAT(next.out, HasSubstr("False"));
  EXPECT_THAT(next.note, IsEmpty());
}

TEST_F(SessionTest, ResetWorksFromABackgroundTask) {
  run("x = 1\nimport asyncio\nfrom mcp import runtime\n"
      "_ = asyncio.get_running_loop().call_later(0.05, runtime.reset)");
  ASSERT_TRUE(until([&] { return !session->has_interpreter(); }));
  const RunResult next = run("'x' in globals()");
  EXPECT_THAT(next.out, HasSubstr("False"));
  EXPECT_THAT(next.note, IsEmpty());
}

TEST_F(SessionTest, WhatIsThrownEndsTheRunAndNotTheSession) {
  RunRequest request;
  request.code = "pass";
  request.on_turn = [](RunRequest&) { throw std::runtime_error("too many open files"); };
  const RunResult failed = run(std::move(request));
  EXPECT_EQ(failed.status, RunStatus::unavailable);
  EXPECT_THAT(failed.error, HasSubstr("too many open files"));
  EXPECT_EQ(run("print(1)").out, "1\n");
}

TEST_F(SessionTest, ListsAndReadsItsFiles) {
  const auto list = [&] {
    Session::Files files;
    const auto ask = [](std::shared_ptr<Session> asked,
                        Session::Files& answer) -> asio::awaitable<void> {
      answer = co_await asked->async_list_files();
    };
    engine::test::run(context, ask(session, files));
    return files;
  };
  const auto read = [&](std::string path, std::uint64_t limit) {
    Session::FileContent content;
    const auto ask = [](std::shared_ptr<Session> asked, std::string name, std::uint64_t most,
                        Session::FileContent& answer) -> asio::awaitable<void> {
      answer = co_await asked->async_read_file(std::move(name), most);
    };
    engine::test::run(context, ask(session, std::move(path), limit, content));
    return content;
  };
  EXPECT_THAT(list().files, IsEmpty());
  EXPECT_THAT(read("a.txt", 100).error, HasSubstr("no interpreter"));
  const RunResult made =
      run("with open('a.txt', 'w') as file: file.write('hello')\n"
          "with open('b.bin', 'wb') as file: file.write(b'\\xff\\x00')");
  EXPECT_THAT(made.files, SizeIs(2));
  EXPECT_THAT(list().files, SizeIs(2));
  EXPECT_FALSE(list().truncated);
  const Session::FileContent text = read("a.txt", 100);
  EXPECT_TRUE(text.is_text) << text.error;
  EXPECT_EQ(text.content, "hello");
  const Session::FileContent bytes = read("b.bin", 100);
  EXPECT_FALSE(bytes.is_text);
  EXPECT_EQ(bytes.content, "/wA=");
  EXPECT_THAT(read("a.txt", 4).error, Not(IsEmpty()));
  EXPECT_THAT(read("../etc/passwd", 100).error, HasSubstr("no file"));
  EXPECT_THAT(read("none.txt", 100).error, Not(IsEmpty()));
}

TEST_F(SessionTest, DisplaysComeWithTheResult) {
  const RunResult result =
      run("class Picture:\n"
          "    def _repr_png_(self): return b'\\x89PNG\\r\\n\\x1a\\n'\n"
          "print('before')\n"
          "display(Picture())\n"
          "print('after')");
  ASSERT_THAT(result.displays, SizeIs(1)) << result.err << result.error;
  EXPECT_EQ(result.displays[0].mime_type, "image/png");
  EXPECT_EQ(result.displays[0].content, "iVBORw0KGgo=");
  EXPECT_EQ(result.out.substr(0, result.displays[0].position), "before\n");
  EXPECT_EQ(session->archive().read(result.displays[0].archived, 0, 100), "\x89PNG\r\n\x1a\n");
}

TEST_F(SessionTest, ProgressIsHeard) {
  std::vector<double> heard;
  RunRequest request;
  request.code = "from mcp import runtime\nruntime.progress(1, 4, 'quarter')";
  request.on_progress = [&heard](const RunProgress& progress) { heard.push_back(progress.done); };
  const RunResult result = run(std::move(request));
  EXPECT_EQ(result.status, RunStatus::success) << result.error;
  EXPECT_THAT(heard, ElementsAre(1));
}

TEST_F(SessionTest, TheTimeOfARunStandsStillWhileItIsHeld) {
  RunRequest request;
  request.code =
      "import asyncio, time\nend = time.monotonic() + 1\n"
      "while time.monotonic() < end: await asyncio.sleep(0.01)";
  request.timeout = std::chrono::milliseconds(200);
  session->hold_deadline();
  session->hold_deadline();
  session->release_deadline();
  EXPECT_EQ(run(request).status, RunStatus::success);
  session->release_deadline();
  EXPECT_EQ(run(request).status, RunStatus::timed_out);
}

TEST_F(SessionTest, WhatIsLeftOfItsTimeIsLeftAfterwards) {
  RunRequest request;
  request.code = "import asyncio\nprint('up', flush=True)\nwhile True: await asyncio.sleep(0.01)";
  request.timeout = std::chrono::milliseconds(300);
  bool printed = false;
  request.on_output = [&printed](bool, std::string_view) { printed = true; };
  session->hold_deadline();
  const std::shared_ptr<Begun> begun = begin(std::move(request));
  ASSERT_TRUE(until([&] { return printed; }));
  // A call that begins now has the run's whole time.
  EXPECT_GT(session->call_deadline().left(), std::chrono::milliseconds(300));
  session->release_deadline();
  ASSERT_TRUE(until([&] { return begun->done; }));
  EXPECT_EQ(begun->result.status, RunStatus::timed_out);
}

}  // namespace
}  // namespace headrace::sandbox::test
