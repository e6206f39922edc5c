// Every word of all servers' tools, and in which servers' indexes it stands.
#include <headrace/discovery/search_vocabulary.hpp>

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace headrace::discovery {

SearchVocabulary::SearchVocabulary(std::span<const SearchIndex* const> servers) {
  // Most words stand in many indexes: they are joined first, so that few have to be sorted.
  struct Entry {
    std::string_view text;
    std::uint32_t places = 0;
    std::uint32_t tools = 0;
  };
  std::vector<Entry> entries;
  std::unordered_map<std::string_view, std::uint32_t> known;
  std::vector<std::uint32_t> entry_of;  // each word of each index, one after the other
  for (const SearchIndex* index : servers) {
    for (std::size_t word = 0; word < index->word_count(); ++word) {
      const auto [found, is_new] =
          known.try_emplace(index->word(word), static_cast<std::uint32_t>(entries.size()));
      if (is_new) entries.push_back({index->word(word)});
      Entry& entry = entries[found->second];
      ++entry.places;
      entry.tools += static_cast<std::uint32_t>(index->postings(word).size());
      entry_of.push_back(found->second);
    }
  }
  std::vector<std::uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&entries](std::uint32_t a, std::uint32_t b) {
    return entries[a].text < entries[b].text;
  });
  std::vector<std::uint32_t> next(entries.size());  // where its next place goes
  std::uint32_t places = 0;
  words_.reserve(entries.size());
  pairs_.reserve(entries.size());
  for (const std::uint32_t each : order) {
    const Entry& entry = entries[each];
    words_.push_back({static_cast<std::uint32_t>(texts_.size()),
                      static_cast<std::uint32_t>(entry.text.size()), places, places + entry.places,
                      entry.tools});
    texts_ += entry.text;
    pairs_.push_back(letter_pairs(entry.text));
    next[each] = places;
    places += entry.places;
  }
  places_.resize(places);
  std::size_t at = 0;
  for (std::uint32_t server = 0; server < servers.size(); ++server) {
    for (std::uint32_t word = 0; word < servers[server]->word_count(); ++word)
      places_[next[entry_of[at++]]++] = {server, word};
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
