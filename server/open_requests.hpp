// Which requests of one side wait for their answer, by the id that their sender gave them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::server {

/// A set of raw JSON ids. Memory is allocated only while it grows, and for ids that are longer than
/// those that people use (a UUID in quotes is not).
class OpenRequests {
 public:
  /// Of more, or of longer ids, nothing is remembered: all that is lost is the error that they
  /// would end with.
  static constexpr std::size_t most = std::size_t{1} << 16;
  static constexpr std::size_t longest = 1024;

  void add(std::string_view id);
  /// False where there is none of this id.
  bool remove(std::string_view id);

  std::size_t size() const noexcept { return used_ + long_ids_.size(); }

  /// Takes all out, in no order that means anything.
  std::vector<std::string> take_all();

 private:
  static constexpr std::size_t longest_inline = 46;
  struct Slot {
    std::uint8_t used = 0;
    std::uint8_t length = 0;
    std::array<char, longest_inline> text;
    std::string_view id() const noexcept { return {text.data(), length}; }
  };

  std::size_t home(std::string_view id) const noexcept;
  std::size_t next(std::size_t place) const noexcept { return (place + 1) & (slots_.size() - 1); }
  void place(std::string_view id);
  void grow();

  std::vector<Slot> slots_;  // open addressing: a power of two, at most half full
  std::size_t used_ = 0;
  std::vector<std::string> long_ids_;
};

}  // namespace headrace::server
