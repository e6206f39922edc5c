// The table behind OpenRequests.
#include <headrace/server/open_requests.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

namespace headrace::server {

void OpenRequests::add(std::string_view id) {
  if (size() >= most || id.size() > longest) return;
  if (id.size() > longest_inline) {
    long_ids_.emplace_back(id);
    return;
  }
  if ((used_ + 1) * 2 > slots_.size()) grow();
  place(id);
  ++used_;
}

bool OpenRequests::remove(std::string_view id) {
  if (id.size() > longest_inline) {
    const auto found = std::find(long_ids_.begin(), long_ids_.end(), id);
    if (found == long_ids_.end()) return false;
    *found = std::move(long_ids_.back());
    long_ids_.pop_back();
    return true;
  }
  if (slots_.empty()) return false;
  std::size_t hole = home(id);
  while (slots_[hole].used != 0 && slots_[hole].id() != id)
    hole = next(hole);
  if (slots_[hole].used == 0) return false;
  // Those behind it are moved up, or they would not be found behind the hole.
  for (std::size_t at = next(hole); slots_[at].used != 0; at = next(at)) {
    const std::size_t mask = slots_.size() - 1;
    const std::size_t wanted = home(slots_[at].id());
    if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole].used = 0;
  --used_;
  return true;
}

std::vector<std::string> OpenRequests::take_all() {
  std::vector<std::string> all = std::exchange(long_ids_, {});
  for (const Slot& slot : slots_) {
    if (slot.used != 0) all.emplace_back(slot.id());
  }
  slots_.clear();
  used_ = 0;
  return all;
}

// Most ids are numbers of a few digits, which the library's hash is slow for.
std::size_t OpenRequests::home(std::string_view id) const noexcept {
  if (id.size() > sizeof(std::uint64_t)) {
    return std::hash<std::string_view>()(id) & (slots_.size() - 1);
  }
  std::uint64_t bytes = 0;
  for (const char c : id)
    bytes = bytes << 8 | static_cast<unsigned char>(c);
  constexpr std::uint64_t golden = 0x9E3779B97F4A7C15;
  return static_cast<std::size_t>((bytes * golden) >> 40) & (slots_.size() - 1);
}

void OpenRequests::place(std::string_view id) {
  std::size_t at = home(id);
  while (slots_[at].used != 0)
    at = next(at);
  Slot& slot = slots_[at];
  slot.used = 1;
  slot.length = static_cast<std::uint8_t>(id.size());
  std::memcpy(slot.text.data(), id.data(), id.size());
}

void OpenRequests::grow() {
  const std::vector<Slot> old =
      std::exchange(slots_, std::vector<Slot>(slots_.empty() ? 64 : slots_.size() * 2));
  for (const Slot& slot : old) {
    if (slot.used != 0) place(slot.id());
  }
}

}  // namespace headrace::server
