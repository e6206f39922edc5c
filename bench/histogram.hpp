// Counts of values in buckets whose width grows with the value: any quantile within one per cent,
// in a fixed size, however many values there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace headrace::bench {

/// A log-linear histogram of 64-bit values: each power of two is divided into 128 equal buckets, so
/// that a value is known within 1/128 of itself, and those below 256 exactly. Least and greatest
/// are kept exactly. Units are the caller's; times here are nanoseconds.
class Histogram {
 public:
  void record(std::uint64_t value) noexcept;
  void merge(const Histogram& other) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  /// 0 where nothing was recorded.
  std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const noexcept { return max_; }
  /// The value that `share` (0 to 1) of all values are not above, within a bucket and never
  /// outside min() to max(). 0 where nothing was recorded.
  std::uint64_t quantile(double share) const noexcept;

 private:
  static constexpr unsigned kSubBits = 7;
  static constexpr std::size_t kBuckets = (64 - kSubBits + 1) << kSubBits;

  static std::size_t bucket_of(std::uint64_t value) noexcept;
  static std::uint64_t highest_in(std::size_t bucket) noexcept;

  std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>(kBuckets);
  std::uint64_t count_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
};

}  // namespace headrace::bench
