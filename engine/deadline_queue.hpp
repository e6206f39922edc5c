// Which of many deadlines passes next: an indexed heap, so that one timer serves all calls.
#pragma once

#include <headrace/engine/deadline.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace headrace::engine {

/// Sans-I/O. Adding a deadline later than the others and removing one are O(log n) at worst; no
/// memory is allocated once it has been as large as it gets.
class DeadlineQueue {
 public:
  using Handle = std::uint32_t;
  static constexpr Handle none = UINT32_MAX;

  /// Remembers `key` until `at`; the handle is good until erase() or pop_expired() gave the key.
  Handle push(Clock::time_point at, std::uint64_t key);
  void erase(Handle handle) noexcept;
  /// The key of the earliest deadline that is not after `now`, which is then gone.
  std::optional<std::uint64_t> pop_expired(Clock::time_point now) noexcept;
  std::optional<Clock::time_point> earliest() const noexcept;
  /// Puts all deadlines off.
  void shift(Clock::duration by) noexcept;
  std::size_t size() const noexcept { return heap_.size(); }

 private:
  struct Node {
    std::uint64_t key;
    std::uint32_t position;
  };
  struct Entry {
    Clock::time_point at;
    Handle handle;
  };
  void place(std::size_t position, Entry entry) noexcept;
  void sift_up(std::size_t position, Entry entry) noexcept;
  void sift_down(std::size_t position, Entry entry) noexcept;
  void remove_at(std::size_t position) noexcept;

  std::vector<Entry> heap_;
  std::vector<Node> nodes_;
  std::vector<Handle> free_;
};

}  // namespace headrace::engine
