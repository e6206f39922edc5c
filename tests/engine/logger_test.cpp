// Logger: levels by name, and what a level lets through.
#include <headrace/engine/logger.hpp>

#include <vector>

#include <gtest/gtest.h>

namespace headrace::engine {
namespace {

constexpr LogLevel all[] = {LogLevel::debug,   LogLevel::info,     LogLevel::notice,
                            LogLevel::warning, LogLevel::error,    LogLevel::critical,
                            LogLevel::alert,   LogLevel::emergency};

TEST(LogLevels, EachNameReadsBackAsItsLevel) {
  for (const LogLevel level : all) {
    LogLevel read = level == LogLevel::debug ? LogLevel::info : LogLevel::debug;
    EXPECT_TRUE(parse_log_level(to_string(level), read));
    EXPECT_EQ(read, level);
  }
}

TEST(LogLevels, CaseDoesNotMatterAndPythonsNamesAreKnown) {
  LogLevel level = LogLevel::debug;
  EXPECT_TRUE(parse_log_level("INFO", level));
  EXPECT_EQ(level, LogLevel::info);
  EXPECT_TRUE(parse_log_level("Warn", level));
  EXPECT_EQ(level, LogLevel::warning);
  EXPECT_TRUE(parse_log_level("FATAL", level));
  EXPECT_EQ(level, LogLevel::critical);
}

TEST(LogLevels, AnythingElseIsRefusedAndChangesNothing) {
  for (const std::string_view text : {"", "inf", "infoo", " info", "10", "trace"}) {
    LogLevel level = LogLevel::alert;
    EXPECT_FALSE(parse_log_level(text, level)) << text;
    EXPECT_EQ(level, LogLevel::alert);
  }
}

TEST(Logger, ADefaultOneDropsEverything) {
  Logger logger;
  logger.set_level(LogLevel::debug);
  EXPECT_FALSE(logger.enabled(LogLevel::emergency));
  logger.log(LogLevel::emergency, "test", "nobody hears this");
}

TEST(Logger, LetsThroughItsLevelAndWhatIsMoreUrgent) {
  std::vector<LogLevel> seen;
  Logger logger(LogLevel::warning,
                [&seen](LogLevel level, std::string_view source, std::string_view message) {
                  EXPECT_EQ(source, "server x");
                  EXPECT_EQ(message, "hello");
                  seen.push_back(level);
                });
  for (const LogLevel level : all)
    logger.log(level, "server x", "hello");
  EXPECT_EQ(seen, std::vector<LogLevel>(std::begin(all) + 3, std::end(all)));
}

TEST(Logger, CopiesShareTheirLevel) {
  int count = 0;
  Logger logger(LogLevel::error,
                [&count](LogLevel, std::string_view, std::string_view) { ++count; });
  const Logger copy = logger;
  copy.log(LogLevel::info, "", "");
  EXPECT_EQ(count, 0);
  logger.set_level(LogLevel::debug);
  copy.log(LogLevel::info, "", "");
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace headrace::engine
