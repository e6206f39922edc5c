// The archive's file: written at its end only; what goes leaves a hole.
#include <headrace/framing/utf8_prefix.hpp>
#include <headrace/sandbox/archive.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace headrace::sandbox {
namespace {

// Output may come in drops, of two streams in turn: what is kept of an item is bounded by this too,
// since each stretch costs memory.
constexpr std::size_t most_extents = 65536;

}  // namespace

bool Archive::open() noexcept {
  if (file_) return true;
  const char* named = std::getenv("TMPDIR");
  for (const char* folder : {named, "/tmp"}) {
    if (folder == nullptr || *folder == '\0') continue;
#ifdef O_TMPFILE
    file_ = engine::Fd(::open(folder, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    if (file_) return true;
#endif
    std::string path = std::string(folder) + "/headrace-XXXXXX";
    file_ = engine::Fd(::mkostemp(path.data(), O_CLOEXEC));
    if (!file_) continue;
    ::unlink(path.c_str());
    return true;
  }
  return false;
}

std::size_t Archive::index_of(std::string_view path) const noexcept {
  // What is asked for is most often the newest.
  for (std::size_t i = stored_.size(); i > 0; --i) {
    if (stored_[i - 1].item.path == path) return i - 1;
  }
  return stored_.size();
}

bool Archive::append(std::string_view path, std::string_view mime_type, bool is_text,
                     std::string_view bytes) {
  const std::size_t known = index_of(path);
  const bool is_new = known == stored_.size();
  if (is_new) {
    while (!stored_.empty() && stored_.size() >= most_items_) {
      give_back(stored_.front());
      stored_.pop_front();
    }
    Item item{std::string(path), std::string(mime_type), is_text, false, 0};
    stored_.push_back(Stored{std::move(item), {}});
  }
  const std::uint64_t before = is_new ? 0 : stored_[known].item.size;
  const std::uint64_t left = item_limit_ - std::min(item_limit_, before);
  std::string_view kept = bytes;
  if (kept.size() > left) {
    const std::size_t size = static_cast<std::size_t>(left);
    kept = is_text ? framing::utf8_prefix(kept, size) : kept.substr(0, size);
  }
  const bool has_room = make_room(kept.size(), path);
  Stored& stored = stored_[index_of(path)];
  // Behind a cut nothing more is kept, or there would be a gap that nobody sees.
  const bool written = has_room && !stored.item.cut && open() && write(stored, kept);
  if (written && kept.size() == bytes.size()) return true;
  stored.item.cut = true;
  if (is_new && !written) stored_.pop_back();
  return false;
}

bool Archive::make_room(std::uint64_t size, std::string_view except) {
  auto oldest = stored_.begin();
  while (used_ + size > limit_ && oldest != stored_.end()) {
    if (oldest->item.path == except) {
      ++oldest;
      continue;
    }
    give_back(*oldest);
    oldest = stored_.erase(oldest);
  }
  return used_ + size <= limit_;
}

bool Archive::write(Stored& stored, std::string_view bytes) {
  const bool goes_on =
      !stored.extents.empty() && stored.extents.back().offset + stored.extents.back().size == end_;
  if (!goes_on && stored.extents.size() >= most_extents) return false;
  std::string_view rest = bytes;
  std::uint64_t at = end_;
  while (!rest.empty()) {
    const ssize_t size = ::pwrite(file_.get(), rest.data(), rest.size(), static_cast<off_t>(at));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      // The disk is full: its room is wanted by others.
      if (::ftruncate(file_.get(), static_cast<off_t>(end_)) != 0) end_ = at;
      return false;
    }
    rest.remove_prefix(static_cast<std::size_t>(size));
    at += static_cast<std::uint64_t>(size);
  }
  if (bytes.empty()) return true;
  if (goes_on) {
    stored.extents.back().size += bytes.size();
  } else {
    stored.extents.push_back({end_, bytes.size()});
  }
  end_ = at;
  used_ += bytes.size();
  stored.item.size += bytes.size();
  return true;
}

void Archive::give_back(const Stored& stored) noexcept {
  used_ -= stored.item.size;
#ifdef FALLOC_FL_PUNCH_HOLE
  for (const Extent& extent : stored.extents) {
    // Where it can't be done the room comes back with the file.
    ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<off_t>(extent.offset), static_cast<off_t>(extent.size));
  }
#endif
}

const Archive::Item* Archive::find(std::string_view path) const noexcept {
  const std::size_t index = index_of(path);
  return index == stored_.size() ? nullptr : &stored_[index].item;
}

std::optional<std::string> Archive::read(std::string_view path, std::uint64_t offset,
                                         std::uint64_t length) const {
  const std::size_t index = index_of(path);
  if (index == stored_.size()) return std::nullopt;
  const Stored* stored = &stored_[index];
  const std::uint64_t size = stored->item.size - std::min(stored->item.size, offset);
  std::string bytes(static_cast<std::size_t>(std::min(size, length)), '\0');
  std::size_t filled = 0;
  std::uint64_t passed = 0;  // of the item, before the extent
  for (const Extent& extent : stored->extents) {
    const std::uint64_t from = offset + filled;
    if (filled == bytes.size()) break;
    if (from >= passed + extent.size) {
      passed += extent.size;
      continue;
    }
    std::uint64_t at = extent.offset + (from - passed);
    const std::uint64_t stop = std::min(extent.offset + extent.size, at + (bytes.size() - filled));
    while (at < stop) {
      const ssize_t got = ::pread(file_.get(), bytes.data() + filled,
                                  static_cast<std::size_t>(stop - at), static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return std::nullopt;
      filled += static_cast<std::size_t>(got);
      at += static_cast<std::uint64_t>(got);
    }
    passed += extent.size;
  }
  return bytes;
}

std::vector<Archive::Item> Archive::items() const {
  std::vector<Item> items;
  items.reserve(stored_.size());
  for (const Stored& stored : stored_)
    items.push_back(stored.item);
  return items;
}

void Archive::clear() {
  stored_.clear();
  file_ = {};
  end_ = 0;
  used_ = 0;
}

}  // namespace headrace::sandbox
