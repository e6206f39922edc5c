// Every word of all servers' tools, and in which servers' indexes it stands.
#pragma once

#include <headrace/discovery/search_index.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// Made of the servers' indexes, so that a word is looked up once and not once a server. A plain
/// value that refers to nothing outside itself; good until one of the indexes changes.
class SearchVocabulary {
 public:
  /// A word in the index of one server.
  struct Place {
    std::uint32_t server;
    std::uint32_t word;
  };

  SearchVocabulary() = default;
  explicit SearchVocabulary(std::span<const SearchIndex* const> servers);

  std::size_t size() const noexcept { return words_.size(); }
  std::string_view word(std::size_t index) const noexcept;
  std::span<const Place> places(std::size_t word) const noexcept;
  /// Of how many tools it is said.
  std::size_t tools(std::size_t word) const noexcept { return words_[word].tools; }

  /// The first word that is not before `text`.
  std::size_t lower_bound(std::string_view text) const noexcept;
  /// Whether a word may hold `text`: false is certain. `text_pairs` is `letter_pairs(text)`.
  bool may_hold(std::size_t word, std::uint64_t text_pairs) const noexcept {
    return (pairs_[word] & text_pairs) == text_pairs;
  }
  /// Which pairs of letters a word has, as a bit set.
  static std::uint64_t letter_pairs(std::string_view word) noexcept;
  std::uint64_t pairs(std::size_t word) const noexcept { return pairs_[word]; }

 private:
  struct Word {
    std::uint32_t text_begin;
    std::uint32_t text_size;
    std::uint32_t places_begin;
    std::uint32_t places_end;
    std::uint32_t tools;
  };

  std::string texts_;
  std::vector<Word> words_;  // sorted by text
  std::vector<std::uint64_t> pairs_;
  std::vector<Place> places_;
};

}  // namespace headrace::discovery
