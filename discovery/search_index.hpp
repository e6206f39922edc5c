// The words of one server's tools, prepared for searching.
#pragma once

#include <headrace/discovery/tools_page.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// Splits text into lower-case words: at everything but letters and digits (bytes of other
/// alphabets count as letters), and at the humps of camelCase. A plural loses its s.
std::vector<std::string> search_words(std::string_view text);

/// An inverted index: which tools hold a word, and where in the tool it stands. A plain value that
/// refers to nothing outside itself.
class SearchIndex {
 public:
  /// Where a word stands; the more telling, the greater.
  enum class Field : std::uint8_t { description, server, title, name };

  struct Posting {
    std::uint32_t tool;  ///< position in the server's list of tools
    Field field;
  };

  SearchIndex() = default;
  SearchIndex(std::string_view server_name, std::span<const ToolDoc> tools);

  /// Adds to `scores[tool]` how well the tool matches one word (as `search_words` gives it): the
  /// best of its matches counts, 0 means none. `scores` has one element for each tool.
  void score(std::string_view word, std::span<float> scores) const noexcept;

 private:
  struct Word {
    std::uint32_t text_begin;
    std::uint32_t text_size;
    std::uint32_t postings_begin;
    std::uint32_t postings_end;
  };
  std::string_view text(const Word& word) const noexcept;

  std::string texts_;                 // all words, one after the other
  std::vector<Word> words_;           // sorted by text
  std::vector<std::uint64_t> pairs_;  // which pairs of letters each word has, as a bit set
  std::vector<Posting> postings_;
};

}  // namespace headrace::discovery
