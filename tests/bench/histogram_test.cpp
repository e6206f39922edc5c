// A histogram's quantiles against those of all values sorted.
#include <headrace/bench/histogram.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace headrace::bench {
namespace {

constexpr double shares[] = {0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1};

std::uint64_t exact(const std::vector<std::uint64_t>& sorted, double share) {
  const double rank = std::max(1.0, std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[static_cast<std::size_t>(rank) - 1];
}

// Never less than the true one, and at most 1/128 more.
void expect_quantiles_of(std::vector<std::uint64_t> values, const std::string& what) {
  Histogram histogram;
  for (const std::uint64_t value : values)
    histogram.record(value);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(histogram.count(), values.size()) << what;
  EXPECT_EQ(histogram.min(), values.front()) << what;
  EXPECT_EQ(histogram.max(), values.back()) << what;
  for (const double share : shares) {
    const std::uint64_t found = histogram.quantile(share);
    const std::uint64_t wanted = exact(values, share);
    EXPECT_GE(found, wanted) << what << " " << share;
    EXPECT_LE(found - wanted, wanted / 128) << what << " " << share;
  }
}

TEST(Histogram, QuantilesAreThoseOfTheSortedValues) {
  std::mt19937_64 random(7);
  using Draw = std::function<double()>;
  std::lognormal_distribution<double> lognormal(9, 1.5);
  std::exponential_distribution<double> exponential(1e-5);
  std::uniform_real_distribution<double> uniform(0, 400);
  std::bernoulli_distribution seldom(0.01);
  const std::pair<const char*, Draw> draws[] = {
      {"lognormal", [&] { return lognormal(random); }},
      {"exponential", [&] { return exponential(random); }},
      {"small", [&] { return uniform(random); }},
      {"two modes", [&] { return seldom(random) ? 5e9 + uniform(random) : uniform(random); }},
  };
  for (const auto& [what, draw] : draws) {
    for (const std::size_t count : {1UL, 2UL, 3UL, 100UL, 20'000UL}) {
      std::vector<std::uint64_t> values(count);
      std::generate(values.begin(), values.end(),
                    [&draw = draw] { return static_cast<std::uint64_t>(draw()); });
      expect_quantiles_of(values, what);
    }
  }
}

TEST(Histogram, KnowsEachPowerOfTwoAndItsNeighbours) {
  for (unsigned shift = 0; shift < 64; ++shift) {
    const std::uint64_t power = std::uint64_t{1} << shift;
    for (const std::uint64_t value : {power - 1, power, power + 1, power + power / 3})
      expect_quantiles_of({value}, std::to_string(value));
  }
  expect_quantiles_of({0, std::numeric_limits<std::uint64_t>::max()}, "both ends");
}

TEST(Histogram, SmallValuesAreExact) {
  for (std::uint64_t value = 0; value < 256; ++value) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(1'000'000);
    EXPECT_EQ(histogram.quantile(0.5), value);
  }
}

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
  EXPECT_EQ(histogram.quantile(0.5), 0U);
  EXPECT_TRUE(histogram.counts().empty());
}

TEST(Histogram, MergedIsAsIfAllHadBeenRecordedInOne) {
  Histogram low, high, both, merged;
  for (std::uint64_t value = 1; value < 2'000; ++value) {
    low.record(value);
    high.record(value * 1'000'003);
    both.record(value);
    both.record(value * 1'000'003);
  }
  merged.merge(low);
  merged.merge(high);
  merged.merge(Histogram());
  EXPECT_EQ(merged.counts(), both.counts());
  EXPECT_EQ(merged.count(), both.count());
  EXPECT_EQ(merged.min(), 1U);
  EXPECT_EQ(merged.max(), both.max());
}

TEST(Histogram, ComesBackFromItsCounts) {
  Histogram histogram;
  for (std::uint64_t value = 3; value < 1'000'000'000'000; value = value * 5 / 3 + 1)
    histogram.record(value);
  const Histogram back = Histogram::from(histogram.counts(), histogram.min(), histogram.max());
  EXPECT_EQ(back.counts(), histogram.counts());
  EXPECT_EQ(back.min(), histogram.min());
  EXPECT_EQ(back.max(), histogram.max());
  EXPECT_EQ(Histogram::from({}, 5, 6).count(), 0U);
}

}  // namespace
}  // namespace headrace::bench
