// The last frame of a sandbox: what is read out of it, and the sentence it makes.
#include <headrace/sandbox/interpreter_end.hpp>

#include <string>

#include <gtest/gtest.h>

namespace headrace::sandbox {
namespace {

// With the readable bytes behind it that a frame has.
std::optional<InterpreterEnd> read(std::string text) {
  const std::size_t size = text.size();
  text.append(64, ' ');
  return read_end(std::string_view(text).substr(0, size));
}

std::string words(const std::string& text) {
  const std::optional<InterpreterEnd> end = read(text);
  return end ? describe_end(*end, 512ULL << 20) : "nothing";
}

TEST(InterpreterEnd, tells_memory_from_a_crash_and_an_exit) {
  EXPECT_EQ(words(R"({"signal":9,"cause":"memory"})"),
            "the interpreter was killed for using more than 512 MiB of memory");
  EXPECT_EQ(words(R"({"signal":11})"), "the interpreter crashed: segmentation fault");
  EXPECT_EQ(words(R"({"signal":6})"), "the interpreter crashed: aborted by its C code");
  EXPECT_EQ(words(R"({"exitCode":3})"),
            "the interpreter is gone: the code ended its own process with exit code 3");
  EXPECT_NE(words(R"({"exitCode":70})").find("gave up"), std::string::npos);
  EXPECT_EQ(
      words(R"({"signal":9})"),
      "the interpreter was killed (SIGKILL): by its own code, or by a machine that is short of "
      "memory");
  EXPECT_EQ(words(R"({"signal":12})"), "the interpreter was ended by signal 12");
  EXPECT_NE(words(R"({"signal":9,"cause":"closed"})").find("closed"), std::string::npos);
}

TEST(InterpreterEnd, a_cause_of_another_name_is_none) {
  EXPECT_EQ(words(R"({"signal":11,"cause":"<b>magic</b>"})"),
            "the interpreter crashed: segmentation fault");
}

TEST(InterpreterEnd, nonsense_is_nothing) {
  for (const char* text :
       {"", "[]", "{}", "7", R"({"signal":"9"})", R"({"signal":0})", R"({"signal":-9})",
        R"({"signal":1e300})", R"({"signal":99999999999999999999})", R"({"exitCode":256})",
        R"({"exitCode":null})", R"({"signal":9,"signal":11})", R"({"cause":"memory"})"}) {
    EXPECT_EQ(words(text), "nothing") << text;
  }
}

}  // namespace
}  // namespace headrace::sandbox
