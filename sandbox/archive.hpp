// What runs left that is too much for an answer: kept on the host until the session ends.
#pragma once

#include <headrace/engine/fd.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::sandbox {

/// Items of bytes under a path, in one file that has no name. Over the limit the oldest items go.
/// Where there is no place for the file, nothing is kept. Not thread-safe.
class Archive {
 public:
  struct Item {
    std::string path;  ///< `runs/3/stdout`, `runs/3/display-1.png`.
    std::string mime_type;
    bool is_text = false;  ///< Valid UTF-8, to be shown as such.
    bool cut = false;      ///< More was appended than was kept.
    std::uint64_t size = 0;
  };

  /// Bytes that one item, and all of them together, may hold, and how many items there may be.
  explicit Archive(std::uint64_t item_limit = 64ULL << 20, std::uint64_t limit = 256ULL << 20,
                   std::size_t most_items = 2000)
      : item_limit_(item_limit), limit_(limit), most_items_(most_items) {}

  /// Adds to the end of an item, which is made if it is new; any number of items may grow in turn.
  /// False when not all of it was kept: the item is then cut, or is not there if nothing was.
  bool append(std::string_view path, std::string_view mime_type, bool is_text,
              std::string_view bytes);

  /// Until the next append() or clear().
  const Item* find(std::string_view path) const noexcept;
  /// Up to `length` bytes from `offset`; nothing if there is no such item or it can't be read.
  std::optional<std::string> read(std::string_view path, std::uint64_t offset,
                                  std::uint64_t length) const;
  /// Oldest first.
  std::vector<Item> items() const;
  void clear();

 private:
  // A stretch of the file.
  struct Extent {
    std::uint64_t offset;
    std::uint64_t size;
  };
  struct Stored {
    Item item;
    std::vector<Extent> extents;
  };

  bool open() noexcept;
  bool make_room(std::uint64_t size, std::string_view except);
  bool write(Stored& stored, std::string_view bytes);
  void give_back(const Stored& stored) noexcept;
  // The size of `stored_` when there is none.
  std::size_t index_of(std::string_view path) const noexcept;

  std::uint64_t item_limit_;
  std::uint64_t limit_;
  std::size_t most_items_;
  engine::Fd file_;
  std::uint64_t end_ = 0;   // of the file, which only grows
  std::uint64_t used_ = 0;  // by items
  std::deque<Stored> stored_;
};

}  // namespace headrace::sandbox
