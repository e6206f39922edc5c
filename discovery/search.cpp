// Finds tools by words, best first: BM25 over all servers, with synonyms, parts of words and typos.
#include <headrace/discovery/search.hpp>
#include <headrace/discovery/search_words.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
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
constexpr float kSynonym = 0.7F;
constexpr float kShorter = 0.5F;
constexpr float kInside = 0.4F;
constexpr float kTypo = 0.5F;
constexpr std::size_t kMinBeginning = 3;
constexpr std::size_t kMinShorter = 5;
constexpr std::size_t kMaxEnding = 5;
constexpr std::size_t kMinInside = 3;
constexpr std::size_t kMinTypo = 3;

// BM25's k1: how soon more strength stops to count.
constexpr float kSaturation = 1.2F;
// How much a name counts all of whose words were asked for.
constexpr float kCoverage = 0.8F;

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
    rarity_limit_ = std::numeric_limits<float>::infinity();
    rarest_ = 0;
    const bool found = look_up(word);
    for (const std::string_view other : synonyms(word)) {
      const std::size_t at = vocabulary_.lower_bound(other);
      if (at < vocabulary_.size() && vocabulary_.word(at) == other) apply(at, kSynonym);
    }
    look_for_beginning_of(word);
    if (word.size() >= kMinInside && guessed_ < kMaxGuessedWords) {
      ++guessed_;
      look_inside(word, touched_.empty());
      if (!found) guess(word);
    }
    for (const std::uint32_t tool : touched_) {
      Best& best = best_[tool];
      Tally& tally = tally_[tool];
      tally.score += best.worth;
      tally.matched += best.quality * rarest_;
      tally.of_name += best.in_name;
      best = {};
    }
    wanted_ += rarest_;
  }

  std::vector<SearchHit> best(std::size_t limit) {
    std::vector<std::uint32_t> found;
    for (std::uint32_t server = 0; server < servers_.size(); ++server) {
      const SearchIndex& index = servers_[server].search_index();
      for (std::uint32_t tool = 0; tool < servers_[server].tools().size(); ++tool) {
        Tally& tally = tally_[first_[server] + tool];
        if (tally.score == 0) continue;
        const float covered =
            std::min(1.0F, tally.of_name / static_cast<float>(index.name_size(tool)));
        tally.score *= (tally.matched / wanted_) * (1.0F + kCoverage * covered);
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
    float matched = 0;  // how much of what was asked for it has, by how rare that is
    float of_name = 0;  // words of its name that were asked for
  };
  struct Best {  // what the word at hand says of a tool, by its best match
    float worth = 0;
    float quality = 0;
    float in_name = 0;
  };

  void apply(std::size_t word, float quality, bool names_only = false) {
    // What is asked for in other words is not rarer than what was asked for.
    const auto all = static_cast<float>(tally_.size());
    const float having = std::min(all, static_cast<float>(vocabulary_.tools(word)));
    float rarity = std::log1p((all - having + 0.5F) / (having + 0.5F));
    if (quality == kWhole) rarity_limit_ = rarity;
    rarity = std::min(rarity, rarity_limit_);
    rarest_ = std::max(rarest_, rarity);
    for (const SearchVocabulary::Place& place : vocabulary_.places(word)) {
      if (!shown_[place.server]) continue;
      for (const SearchIndex::Posting& posting :
           servers_[place.server].search_index().postings(place.word)) {
        if (names_only && posting.in_name == 0) continue;
        const std::uint32_t tool = first_[place.server] + posting.tool;
        Best& best = best_[tool];
        if (best.quality == 0) touched_.push_back(tool);
        const float strength =
            quality * SearchIndex::kStrengthUnit * static_cast<float>(posting.strength);
        best.worth = std::max(best.worth, rarity * strength / (strength + kSaturation));
        best.quality = std::max(best.quality, quality);
        if (posting.in_name != 0) best.in_name = std::max(best.in_name, quality);
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

  // `deploy` says something about `deployment` too.
  void look_for_beginning_of(std::string_view wanted) {
    for (std::size_t cut = 1; cut <= kMaxEnding && wanted.size() >= kMinShorter + cut; ++cut) {
      const char last = wanted[wanted.size() - cut];
      if (last < 'a' || last > 'z') return;
      const std::string_view beginning = wanted.substr(0, wanted.size() - cut);
      const std::size_t at = vocabulary_.lower_bound(beginning);
      if (at < vocabulary_.size() && vocabulary_.word(at) == beginning) apply(at, kShorter);
    }
  }

  // Within a description it is chance more often than not, where there is anything better.
  void look_inside(std::string_view wanted, bool in_texts) {
    const std::uint64_t pairs = SearchVocabulary::letter_pairs(wanted);
    for (std::size_t at = 0; at < vocabulary_.size(); ++at) {
      if (!vocabulary_.may_hold(at, pairs)) continue;
      const std::size_t where = vocabulary_.word(at).find(wanted);
      if (where != 0 && where != std::string_view::npos) apply(at, kInside, !in_texts);
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
  float rarity_limit_ = 0;  // of the word at hand
  float rarest_ = 0;        // of what stands for the word at hand
  float wanted_ = 0;        // the same of all words
  std::size_t guessed_ = 0;
};

}  // namespace

double shown_score(float score) noexcept {
  if (!(score > 0) || !std::isfinite(score)) return 0;
  const double unit = std::pow(10.0, 2 - std::floor(std::log10(static_cast<double>(score))));
  return std::round(static_cast<double>(score) * unit) / unit;
}

std::vector<SearchHit> search(const Catalogue& catalogue, std::string_view query, std::size_t limit,
                              const ServerFilter& filter) {
  const std::vector<std::string> words = query_words(query);
  Search search(catalogue, filter);
  for (const std::string& word : words)
    search.add_word(word);
  return search.best(std::clamp<std::size_t>(limit, 1, kMaxSearchLimit));
}

}  // namespace headrace::discovery
