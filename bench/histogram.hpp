// Counts of values in buckets whose width grows with the value: any quantile within one per cent,
// in a small size, however many values there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace headrace::bench {

/// A log-linear histogram of 64-bit values: each power of two is divided into 128 equal buckets, so
/// that a value is known within 1/128 of itself, and those below 256 exactly. Least and greatest
/// are kept exactly. Units are the caller's; times here are nanoseconds.
class Histogram {
 public:
  /// Memory is taken only when a value is greater than all before it by a power of two, and not
  /// even then up to what has been reserved.
  void record(std::uint64_t value) noexcept { record(value, 1); }
  void record(std::uint64_t value, std::uint64_t times) noexcept;
  void reserve(std::uint64_t greatest);
  void merge(const Histogram& other);

  std::uint64_t count() const noexcept { return count_; }
  /// 0 where nothing was recorded.
  std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const noexcept { return max_; }
  /// The value that `share` (0 to 1) of all values are not above, within a bucket and never
  /// outside min() to max(). 0 where nothing was recorded.
  std::uint64_t quantile(double share) const noexcept;

  /// The greatest value of each bucket that is not empty, and how many are in it, in ascending
  /// order.
  using Counts = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  Counts counts() const;
  /// What had these counts, its least and greatest value.
  static Histogram from(const Counts& counts, std::uint64_t min, std::uint64_t max);

 private:
  static constexpr unsigned kSubBits = 7;

  static std::size_t bucket_of(std::uint64_t value) noexcept;
  static std::uint64_t highest_in(std::size_t bucket) noexcept;

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
};

}  // namespace headrace::bench
