// Every word of all servers' tools, and in which servers' indexes it stands.
#include <headrace/discovery/search_vocabulary.hpp>

#include <algorithm>

namespace headrace::discovery {

SearchVocabulary::SearchVocabulary(std::span<const SearchIndex* const> servers) {
  struct Entry {
    std::string_view text;
    Place place;
  };
  std::vector<Entry> entries;
  std::size_t count = 0;
  for (const SearchIndex* index : servers)
    count += index->word_count();
  entries.reserve(count);
  for (std::uint32_t server = 0; server < servers.size(); ++server) {
    for (std::uint32_t word = 0; word < servers[server]->word_count(); ++word)
      entries.push_back({servers[server]->word(word), {server, word}});
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.text < b.text; });
  places_.reserve(count);
  for (const Entry& entry : entries) {
    if (words_.empty() || word(words_.size() - 1) != entry.text) {
      const auto places_begin = static_cast<std::uint32_t>(places_.size());
      words_.push_back({static_cast<std::uint32_t>(texts_.size()),
                        static_cast<std::uint32_t>(entry.text.size()), places_begin, places_begin});
      texts_ += entry.text;
      pairs_.push_back(letter_pairs(entry.text));
    }
    places_.push_back(entry.place);
    words_.back().places_end = static_cast<std::uint32_t>(places_.size());
  }
}

std::string_view SearchVocabulary::word(std::size_t index) const noexcept {
  return std::string_view(texts_).substr(words_[index].text_begin, words_[index].text_size);
}

std::span<const SearchVocabulary::Place> SearchVocabulary::places(
    std::size_t index) const noexcept {
  const Word& word = words_[index];
  return std::span(places_).subspan(word.places_begin, word.places_end - word.places_begin);
}

std::size_t SearchVocabulary::lower_bound(std::string_view text) const noexcept {
  const auto found = std::lower_bound(
      words_.begin(), words_.end(), text, [this](const Word& a, std::string_view b) {
        return std::string_view(texts_).substr(a.text_begin, a.text_size) < b;
      });
  return static_cast<std::size_t>(found - words_.begin());
}

std::uint64_t SearchVocabulary::letter_pairs(std::string_view word) noexcept {
  std::uint64_t pairs = 0;
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto a = static_cast<unsigned char>(word[i - 1]);
    const auto b = static_cast<unsigned char>(word[i]);
    pairs |= std::uint64_t{1} << ((a * 37U + b) & 63U);
  }
  return pairs;
}

}  // namespace headrace::discovery
