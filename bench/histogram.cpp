// Counts of values in buckets whose width grows with the value.
#include <headrace/bench/histogram.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace headrace::bench {

std::size_t Histogram::bucket_of(std::uint64_t value) noexcept {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = width > kSubBits + 1 ? width - kSubBits - 1 : 0;
  return (std::size_t{shift} << kSubBits) + static_cast<std::size_t>(value >> shift);
}

std::uint64_t Histogram::highest_in(std::size_t bucket) noexcept {
  if (bucket < std::size_t{2} << kSubBits) return bucket;
  const std::size_t shift = (bucket >> kSubBits) - 1;
  const std::uint64_t part = bucket - (shift << kSubBits);
  // Of the last bucket the shift leaves nothing, and one less is the greatest value there is.
  return ((part + 1) << shift) - 1;
}

void Histogram::reserve(std::uint64_t greatest) {
  const std::size_t whole_power = (bucket_of(greatest) >> kSubBits) + 1;
  buckets_.resize(std::max(buckets_.size(), whole_power << kSubBits));
}

void Histogram::record(std::uint64_t value, std::uint64_t times) noexcept {
  if (times == 0) return;
  const std::size_t bucket = bucket_of(value);
  if (bucket >= buckets_.size()) reserve(value);
  buckets_[bucket] += times;
  count_ += times;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  buckets_.resize(std::max(buckets_.size(), other.buckets_.size()));
  for (std::size_t i = 0; i < other.buckets_.size(); ++i)
    buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::quantile(double share) const noexcept {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return std::clamp(highest_in(bucket), min_, max_);
  }
  return max_;
}

Histogram::Counts Histogram::counts() const {
  Counts all;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    if (buckets_[bucket] != 0) all.emplace_back(highest_in(bucket), buckets_[bucket]);
  }
  return all;
}

Histogram Histogram::from(const Counts& counts, std::uint64_t min, std::uint64_t max) {
  Histogram histogram;
  for (const auto& [value, times] : counts)
    histogram.record(value, times);
  if (histogram.count_ != 0) {
    histogram.min_ = min;
    histogram.max_ = max;
  }
  return histogram;
}

}  // namespace headrace::bench
