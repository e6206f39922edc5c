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
    bool cut = false;      ///< More was appended than an item may hold.
    std::uint64_t size = 0;
  };

  /// Bytes that one item, and all of them together, may hold.
  explicit Archive(std::uint64_t item_limit = 64ULL << 20, std::uint64_t limit = 256ULL << 20)
      : item_limit_(item_limit), limit_(limit) {}

  /// Adds to the end of an item, which is made if it is new: only the newest item can grow, or be
  /// interleaved with the one before it. False when nothing was kept.
  bool append(std::string_view path, std::string_view mime_type, bool is_text,
              std::string_view bytes);

  const Item* find(std::string_view path) const noexcept;
  /// Up to `length` bytes from `offset`; nothing if there is no such item or it can't be read.
  std::optional<std::string> read(std::string_view path, std::uint64_t offset,
                                  std::uint64_t length) const;
  /// Oldest first.
  std::vector<Item> items() const;
  void clear();

 private:
  std::uint64_t item_limit_;
  std::uint64_t limit_;
  engine::Fd file_;
};

}  // namespace headrace::sandbox
