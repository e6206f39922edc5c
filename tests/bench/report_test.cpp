// What a report says in its four forms.
#include <headrace/bench/report.hpp>
#include <headrace/bench/words.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Round round_of(std::initializer_list<std::uint64_t> values, double per_second = 0) {
  Round round;
  for (const std::uint64_t value : values)
    round.values.record(value);
  round.per_second = per_second;
  return round;
}

Figure hop() {
  Figure figure;
  figure.id = "proxy/200B/1";
  figure.title = "one <hop> & \"more\"";
  figure.baseline = "direct";
  figure.goal = Goal{3.2, true, true, false};
  figure.series = {
      {"direct", Party::floor, {round_of({100, 100}, 10), round_of({200, 200}, 20)}, "", ""},
      {"headrace", Party::headrace, {round_of({250, 250}, 4), round_of({600, 600}, 5)}, "", "v|1"},
      {"other", Party::rival, {}, "not installed: <install> it", ""},
  };
  figure.series[0].rounds[0].client_ns = 12.5;
  return figure;
}

Report sample() {
  Report report;
  report.began = "2026-01-02T03:04:05Z";
  report.command = "headrace-bench proxy --rival 'a=b c'";
  report.version = "1.2.3";
  report.core = 1;
  report.machine = {"A CPU", 4, "6.1", "An OS", "g++ 12", "haswell", {"podman 4", "node 20"}, 0.25};
  report.figures.push_back(hop());
  for (const double place : {1.0, 10.0, 100.0}) {
    Figure point;
    point.id = "scale/" + std::to_string(static_cast<int>(place));
    point.title = "servers";
    point.curve = "scale/servers";
    point.place = place;
    point.unit = Unit::bytes;
    point.series.push_back({"headrace",
                            Party::headrace,
                            {round_of({static_cast<std::uint64_t>(place) * 1'000})},
                            "",
                            ""});
    report.figures.push_back(point);
  }
  return report;
}

std::string write(const std::string& text) {
  std::string file = std::filesystem::temp_directory_path() / "headrace-bench-XXXXXX";
  const int fd = ::mkstemp(file.data());
  ::close(fd);
  std::ofstream(file) << text;
  return file;
}

TEST(Ratios, AreOfTheSameRound) {
  const Figure figure = hop();
  EXPECT_THAT(ratios_by_round(figure, figure.series[1]), ElementsAre(2.5, 3.0));
  EXPECT_DOUBLE_EQ(*middle_ratio(figure, figure.series[1]), 2.75);
  EXPECT_TRUE(ratios_by_round(figure, figure.series[2]).empty());
  EXPECT_FALSE(middle_ratio(figure, figure.series[2]));
}

TEST(Ratios, AreNoneWithoutABaseline) {
  Figure figure = hop();
  figure.baseline = "";
  EXPECT_TRUE(ratios_by_round(figure, figure.series[1]).empty());
  figure.baseline = "other";
  EXPECT_TRUE(ratios_by_round(figure, figure.series[1]).empty());
}

TEST(Ratios, LeaveOutRoundsThatOneLacks) {
  Figure figure = hop();
  figure.series[0].rounds[0] = Round();
  EXPECT_THAT(ratios_by_round(figure, figure.series[1]), ElementsAre(3.0));
}

TEST(Goals, AreHeldAgainstHeadracesSeries) {
  Figure figure = hop();
  EXPECT_EQ(reached(figure), true);
  figure.goal->value = 2.7;
  EXPECT_EQ(reached(figure), false);
  figure.goal = Goal{250, false, true, false};
  EXPECT_EQ(reached(figure), true);  // the p50 of 250, 250, 600, 600
  figure.goal = Goal{4.5, false, false, true};
  EXPECT_EQ(reached(figure), true);
  figure.goal = Goal{4.6, false, false, true};
  EXPECT_EQ(reached(figure), false);
  figure.goal.reset();
  EXPECT_FALSE(reached(figure));
  figure = hop();
  figure.series[1].rounds.clear();
  EXPECT_FALSE(reached(figure));
}

TEST(Table, SaysAllThatMatters) {
  const std::string text = table(sample());
  EXPECT_THAT(text, HasSubstr("A CPU, all on core 1 of 4, Linux 6.1"));
  EXPECT_THAT(text, HasSubstr("[proxy/200B/1]"));
  EXPECT_THAT(text, HasSubstr("2.75×  2.50× to 3.00×"));
  EXPECT_THAT(text, HasSubstr("other: not measured: not installed: <install> it"));
  EXPECT_THAT(text, HasSubstr("≤ 3.20× of direct: reached"));
  EXPECT_THAT(text, HasSubstr("4.50/s"));
  EXPECT_THAT(text, HasSubstr("10 kB"));
}

// A reason that has been given is not given again with each figure.
TEST(Table, GivesAReasonOnce) {
  Report report = sample();
  Figure again = hop();
  again.id = "proxy/200B/64";
  report.figures.push_back(again);
  const std::string text = table(report);
  const std::size_t first = text.find("not installed");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("not installed", first + 1), std::string::npos);
  EXPECT_THAT(text, HasSubstr("other: not measured, as above"));
}

TEST(Json, ComesBackAsItWas) {
  const std::string text = json(sample());
  const std::string file = write(text);
  const Report back = read_report(file);
  EXPECT_EQ(json(back), text);
  EXPECT_EQ(table(back), table(sample()));
  EXPECT_EQ(plot(back), plot(sample()));
  EXPECT_DOUBLE_EQ(back.figures[0].series[0].rounds[0].client_ns, 12.5);
  std::filesystem::remove(file);
}

TEST(Json, ThatIsNoReportIsRefusedWithItsFile) {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "can't be read"},
      {"{", "can't be read"},
      {"[]", "can't be read"},
      {"{}", "\"schema\" is missing"},
      {R"({"schema":"other"})", "no report of this version"},
      {R"({"schema":"headrace-bench/1","began":1})", "\"began\" is missing or of the wrong kind"},
  };
  for (const auto& [text, words] : wrong) {
    const std::string file = write(text);
    try {
      read_report(file);
      ADD_FAILURE() << text;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(file));
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
    std::filesystem::remove(file);
  }
  EXPECT_THROW(read_report("/nowhere/at/all.json"), std::runtime_error);
}

// Whatever of it is cut off or changed, it is read or refused.
TEST(Json, MayBeDamagedAnywhere) {
  const std::string text = json(sample());
  for (std::size_t at = 0; at < text.size(); at += 37) {
    for (const std::string& damaged :
         {text.substr(0, at), text.substr(0, at) + "9" + text.substr(at + 1)}) {
      const std::string file = write(damaged);
      try {
        table(read_report(file));
      } catch (const std::runtime_error&) {
      }
      std::filesystem::remove(file);
    }
  }
}

TEST(Plot, DrawsBarsAndCurves) {
  const std::string svg = plot(sample());
  EXPECT_THAT(svg, HasSubstr("one &lt;hop&gt; &amp; &quot;more&quot;"));
  EXPECT_THAT(svg, HasSubstr("<polyline"));
  EXPECT_THAT(svg, HasSubstr("scale/servers"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  EXPECT_THAT(plot(Report()), HasSubstr("</svg>"));
}

TEST(Page, SaysOnWhatAndHowItWasMeasured) {
  const std::string page = results_page(sample(), "RESULTS.svg");
  EXPECT_THAT(page, HasSubstr("2026-01-02T03:04:05Z"));
  EXPECT_THAT(page, HasSubstr("| versions | podman 4, node 20 |"));
  EXPECT_THAT(page, HasSubstr("`headrace-bench proxy --rival 'a=b c'`"));
  EXPECT_THAT(page, HasSubstr("(RESULTS.svg)"));
  EXPECT_THAT(page, HasSubstr("## proxy\n"));
  EXPECT_THAT(page, HasSubstr("## scale\n"));
  EXPECT_THAT(page, HasSubstr("| headrace |"));
  EXPECT_THAT(page, HasSubstr("headrace: v\\|1"));
}

TEST(Words, HaveThreeDigits) {
  EXPECT_EQ(in_words(7, Unit::time), "7 ns");
  EXPECT_EQ(in_words(7'123, Unit::time), "7.12 µs");
  EXPECT_EQ(in_words(71'230, Unit::time), "71.2 µs");
  EXPECT_EQ(in_words(999'960, Unit::time), "1.00 ms");
  EXPECT_EQ(in_words(2e9, Unit::time), "2 s");
  EXPECT_EQ(in_words(1'300'000, Unit::bytes), "1.30 MB");
  EXPECT_EQ(in_words(582'123.4, Unit::per_second), "582,123/s");
  EXPECT_EQ(in_words(9.5e9, Unit::bytes_per_second), "9.50 GB/s");
  EXPECT_EQ(in_words(0, Unit::time), "0 ns");
  EXPECT_EQ(in_words(1'234'567, Unit::count), "1,234,567");
  EXPECT_EQ(right("µs", 4), "  µs");
  EXPECT_EQ(left("µs", 4), "µs  ");
  EXPECT_EQ(one_line("a\n  b\r\nc ", 80), "a b c");
  EXPECT_EQ(one_line("ääää", 3), "ää…");
}

}  // namespace
}  // namespace headrace::bench
