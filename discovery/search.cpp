// Finds tools by words, best first: BM25 over all servers, with synonyms, parts of words and typos.
#include <headrace/discovery/search.hpp>
#include <headrace/discovery/search_words.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

namespace headrace::discovery {
namespace {

// A query comes out of the sandbox: it is not to cost more than a question does.
constexpr std::size_t kMaxQuery = 2 * 1024;
constexpr std::size_t kMaxWords = 24;
// Words alike are looked for among all words, which is what costs.
constexpr std::size_t kMaxGuessedWords = 8;

// How good a match is by how the words are alike.
constexpr float kWhole = 1.0F;
constexpr float kBeginning = 0.7F;
constexpr float kSynonym = 0.5F;
constexpr float kInside = 0.4F;
constexpr float kTypo = 0.5F;
constexpr std::size_t kMinBeginning = 3;
constexpr std::size_t kMinInside = 3;
constexpr std::size_t kMinTypo = 3;

// BM25's k1: how soon more strength stops to count.
constexpr float kSaturation = 1.2F;
// How much a name counts all of whose words were asked for.
constexpr float kCoverage = 0.5F;

std::vector<std::string> query_words(std::string_view query) {
  std::vector<std::string> all = search_words(query.substr(0, kMaxQuery));
  std::vector<std::string> words;
  for (const std::string& word : all) {
    if (is_filler(word)) continue;
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  if (words.empty()) words = std::move(all);
  if (words.size() > kMaxWords) words.resize(kMaxWords);
  return words;
}

class Search {
 public:
  Search(const Catalogue& catalogue, const ServerFilter& filter)
      : servers_(catalogue.servers()), vocabulary_(catalogue.search_vocabulary()) {
    std::uint32_t count = 0;
    for (const CatalogueServer& server : servers_) {
      first_.push_back(count);
      count += static_cast<std::uint32_t>(server.tools().size());
      shown_.push_back(!filter || filter(server));
    }
    tally_.resize(count);
    best_.resize(count);
  }

  // Adds what one word of the query says about each tool.
  void add_word(const std::string& word) {
    touched_.clear();
    const bool found = look_up(word);
    for (const std::string_view other : synonyms(word)) {
      const std::size_t at = vocabulary_.lower_bound(other);
      if (at < vocabulary_.size() && vocabulary_.word(at) == other) apply(at, kSynonym);
    }
    if (word.size() >= kMinInside && guessed_ < kMaxGuessedWords) {
      ++guessed_;
      look_inside(word);
      if (!found) guess(word);
    }
    const auto all = static_cast<float>(tally_.size());
    const auto having = static_cast<float>(touched_.size());
    const float rarity = std::log1p((all - having + 0.5F) / (having + 0.5F));
    for (const std::uint32_t tool : touched_) {
      Best& best = best_[tool];
      Tally& tally = tally_[tool];
      tally.score += rarity * best.strength / (best.strength + kSaturation);
      ++tally.words;
      if (best.in_name) ++tally.name_words;
      best = {};
    }
    ++words_;
  }

  std::vector<SearchHit> best(std::size_t limit) {
    std::vector<std::uint32_t> found;
    for (std::uint32_t server = 0; server < servers_.size(); ++server) {
      const SearchIndex& index = servers_[server].search_index();
      for (std::uint32_t tool = 0; tool < servers_[server].tools().size(); ++tool) {
        Tally& tally = tally_[first_[server] + tool];
        if (tally.words == 0) continue;
        const float covered = std::min(
            1.0F, static_cast<float>(tally.name_words) / static_cast<float>(index.name_size(tool)));
        tally.score *= (static_cast<float>(tally.words) / static_cast<float>(words_)) *
                       (1.0F + kCoverage * covered);
        found.push_back(first_[server] + tool);
      }
    }
    const std::size_t wanted = std::min(found.size(), limit);
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(wanted),
                      found.end(), [this](std::uint32_t a, std::uint32_t b) {
                        if (tally_[a].score != tally_[b].score)
                          return tally_[a].score > tally_[b].score;
                        return a < b;
                      });
    std::vector<SearchHit> hits;
    for (std::size_t i = 0; i < wanted; ++i) {
      const auto next = std::upper_bound(first_.begin(), first_.end(), found[i]);
      const auto server = static_cast<std::size_t>(next - first_.begin()) - 1;
      hits.push_back({&servers_[server], &servers_[server].tools()[found[i] - first_[server]],
                      tally_[found[i]].score});
    }
    return hits;
  }

 private:
  struct Tally {
    float score = 0;
    std::uint16_t words = 0;       // of the query, that it has
    std::uint16_t name_words = 0;  // of these, in its name
  };
  struct Best {
    float strength = 0;    // of the best match of the word at hand
    bool in_name = false;  // the whole word
  };

  void apply(std::size_t word, float quality) {
    for (const SearchVocabulary::Place& place : vocabulary_.places(word)) {
      if (!shown_[place.server]) continue;
      for (const SearchIndex::Posting& posting :
           servers_[place.server].search_index().postings(place.word)) {
        const std::uint32_t tool = first_[place.server] + posting.tool;
        Best& best = best_[tool];
        if (best.strength == 0) touched_.push_back(tool);
        const float strength =
            quality * SearchIndex::kStrengthUnit * static_cast<float>(posting.strength);
        best.strength = std::max(best.strength, strength);
        best.in_name = best.in_name || (posting.in_name != 0 && quality == kWhole);
      }
    }
  }

  // Whether the word itself, or one that begins with it, was there.
  bool look_up(std::string_view wanted) {
    bool found = false;
    for (std::size_t at = vocabulary_.lower_bound(wanted); at < vocabulary_.size(); ++at) {
      const std::string_view word = vocabulary_.word(at);
      if (!word.starts_with(wanted)) break;
      if (word.size() == wanted.size()) {
        apply(at, kWhole);
      } else if (wanted.size() >= kMinBeginning) {
        apply(at, kBeginning);
      } else {
        break;
      }
      found = true;
    }
    return found;
  }

  void look_inside(std::string_view wanted) {
    const std::uint64_t pairs = SearchVocabulary::letter_pairs(wanted);
    for (std::size_t at = 0; at < vocabulary_.size(); ++at) {
      if (!vocabulary_.may_hold(at, pairs)) continue;
      const std::size_t where = vocabulary_.word(at).find(wanted);
      if (where != 0 && where != std::string_view::npos) apply(at, kInside);
    }
  }

  // The nearest words, for one that is nowhere.
  void guess(std::string_view wanted) {
    if (wanted.size() < kMinTypo) return;
    unsigned nearest = wanted.size() < 6 ? 1 : 2;
    std::vector<std::pair<std::size_t, unsigned>> near;
    const std::uint64_t pairs = SearchVocabulary::letter_pairs(wanted);
    const int shared = std::popcount(pairs) - 3 * static_cast<int>(nearest);
    for (std::size_t at = 0; at < vocabulary_.size(); ++at) {
      // An edit spoils three pairs at most; few people err in the first letter.
      if (vocabulary_.word(at).front() != wanted.front()) continue;
      if (std::popcount(vocabulary_.pairs(at) & pairs) < shared) continue;
      const unsigned distance = edit_distance(wanted, vocabulary_.word(at), nearest);
      if (distance > nearest) continue;
      near.emplace_back(at, distance);
      nearest = distance;
    }
    for (const auto& [at, distance] : near) {
      if (distance == nearest) apply(at, kTypo);
    }
  }

  std::span<const CatalogueServer> servers_;
  const SearchVocabulary& vocabulary_;
  std::vector<std::uint32_t> first_;  // of each server's tools, in the tallies
  std::vector<bool> shown_;
  std::vector<Tally> tally_;
  std::vector<Best> best_;
  std::vector<std::uint32_t> touched_;
  std::size_t words_ = 0;
  std::size_t guessed_ = 0;
};

}  // namespace

std::vector<SearchHit> search(const Catalogue& catalogue, std::string_view query, std::size_t limit,
                              const ServerFilter& filter) {
  const std::vector<std::string> words = query_words(query);
  Search search(catalogue, filter);
  for (const std::string& word : words)
    search.add_word(word);
  return search.best(std::clamp<std::size_t>(limit, 1, kMaxSearchLimit));
}

}  // namespace headrace::discovery
