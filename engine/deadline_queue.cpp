// The indexed binary heap behind DeadlineQueue.
#include <headrace/engine/deadline_queue.hpp>

namespace headrace::engine {

DeadlineQueue::Handle DeadlineQueue::push(Clock::time_point at, std::uint64_t key) {
  Handle handle;
  if (free_.empty()) {
    handle = static_cast<Handle>(nodes_.size());
    nodes_.push_back({key, 0});
    // Every node can be freed without allocating: erase() is noexcept.
    free_.reserve(nodes_.capacity());
  } else {
    handle = free_.back();
    free_.pop_back();
    nodes_[handle].key = key;
  }
  heap_.push_back({at, handle});
  sift_up(heap_.size() - 1, {at, handle});
  return handle;
}

void DeadlineQueue::erase(Handle handle) noexcept {
  if (handle == none) return;
  remove_at(nodes_[handle].position);
  free_.push_back(handle);
}

std::optional<std::uint64_t> DeadlineQueue::pop_expired(Clock::time_point now) noexcept {
  if (heap_.empty() || heap_.front().at > now) return std::nullopt;
  const Handle handle = heap_.front().handle;
  const std::uint64_t key = nodes_[handle].key;
  erase(handle);
  return key;
}

std::optional<Clock::time_point> DeadlineQueue::earliest() const noexcept {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().at;
}

void DeadlineQueue::shift(Clock::duration by) noexcept {
  // All alike, so that their order stays.
  for (Entry& entry : heap_)
    entry.at = Deadline(entry.at).later(by).at();
}

void DeadlineQueue::place(std::size_t position, Entry entry) noexcept {
  heap_[position] = entry;
  nodes_[entry.handle].position = static_cast<std::uint32_t>(position);
}

void DeadlineQueue::sift_up(std::size_t position, Entry entry) noexcept {
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (heap_[parent].at <= entry.at) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, entry);
}

void DeadlineQueue::sift_down(std::size_t position, Entry entry) noexcept {
  for (;;) {
    std::size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].at < heap_[child].at) ++child;
    if (entry.at <= heap_[child].at) break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, entry);
}

void DeadlineQueue::remove_at(std::size_t position) noexcept {
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) return;
  if (position > 0 && last.at < heap_[(position - 1) / 2].at) {
    sift_up(position, last);
  } else {
    sift_down(position, last);
  }
}

}  // namespace headrace::engine
