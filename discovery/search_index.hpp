// The words of one server's tools, prepared for searching.
#pragma once

#include <headrace/discovery/tools_page.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// An inverted index: which tools hold a word, and how much it says about each. A plain value that
/// refers to nothing outside itself.
class SearchIndex {
 public:
  /// How telling a word is of a tool, by where it stands and how often (BM25F: the fields' weighted
  /// counts are added before they are damped).
  struct Posting {
    std::uint32_t tool : 23;     ///< Position in the server's list of tools.
    std::uint32_t in_name : 1;   ///< The word is one of the tool's name.
    std::uint32_t strength : 8;  ///< In units of 1/16.
  };
  static constexpr float kStrengthUnit = 1.0F / 16.0F;

  SearchIndex() = default;
  SearchIndex(std::string_view server_name, std::span<const ToolDoc> tools);

  /// Distinct words, sorted.
  std::size_t word_count() const noexcept { return words_.size(); }
  std::string_view word(std::size_t index) const noexcept;
  std::span<const Posting> postings(std::size_t word) const noexcept;
  /// Of how many words a tool's name consists.
  unsigned name_size(std::size_t tool) const noexcept { return name_sizes_[tool]; }
  std::size_t tool_count() const noexcept { return name_sizes_.size(); }

 private:
  struct Word {
    std::uint32_t text_begin;
    std::uint32_t text_size;
    std::uint32_t postings_begin;
    std::uint32_t postings_end;
  };

  std::string texts_;  // all words, one after the other
  std::vector<Word> words_;
  std::vector<Posting> postings_;
  std::vector<std::uint8_t> name_sizes_;
};

}  // namespace headrace::discovery
