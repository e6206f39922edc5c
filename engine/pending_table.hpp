// Joins answers to their callers: calls under way, by the number that went out with them.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace headrace::engine {

/// Sans-I/O. Numbers grow by one from 1 and are never used twice, so that a late answer can't meet
/// a newer call; one whose place in the ring is still taken by an old call is skipped. Everything
/// is O(1); memory is allocated only while the table grows.
template <class T>
class PendingTable {
 public:
  /// Keeps `value` and returns its number.
  std::uint64_t insert(T&& value) {
    if ((size_ + 1) * 2 > ring_.size()) grow();
    while (slot(next_).number != 0)
      ++next_;
    Slot& place = slot(next_);
    place.number = next_;
    place.value = std::move(value);
    ++size_;
    return next_++;
  }

  /// The call with this number, or null. Valid until the next insert().
  T* find(std::uint64_t number) noexcept {
    if (ring_.empty() || number == 0) return nullptr;
    Slot& place = slot(number);
    return place.number == number ? &place.value : nullptr;
  }

  /// Takes the call out.
  std::optional<T> take(std::uint64_t number) {
    std::optional<T> taken;
    if (T* value = find(number)) {
      taken = std::move(*value);
      slot(number).number = 0;
      --size_;
    }
    return taken;
  }

  /// Takes any one call out; used to fail all that is left.
  std::optional<T> take_any() {
    if (size_ == 0) return std::nullopt;
    // Goes on where the last one was found: to empty the table takes one round.
    while (slot(sweep_).number == 0)
      ++sweep_;
    return take(slot(sweep_).number);
  }

  /// True when this number was given out once, whatever became of its call.
  bool was_issued(std::uint64_t number) const noexcept { return number != 0 && number < next_; }

  std::size_t size() const noexcept { return size_; }

 private:
  struct Slot {
    std::uint64_t number = 0;
    T value{};
  };

  Slot& slot(std::uint64_t number) noexcept { return ring_[number & (ring_.size() - 1)]; }

  void grow() {
    std::vector<Slot> old = std::exchange(ring_, {});
    ring_.resize(old.empty() ? 16 : old.size() * 2);
    // Numbers that were apart modulo the old size are apart modulo twice that.
    for (Slot& from : old) {
      if (from.number != 0) slot(from.number) = std::move(from);
    }
  }

  std::vector<Slot> ring_;
  std::uint64_t next_ = 1;
  std::uint64_t sweep_ = 0;
  std::size_t size_ = 0;
};

}  // namespace headrace::engine
