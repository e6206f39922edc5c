// Finds tools by words of their names and descriptions, best first.
#include <headrace/discovery/search.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace headrace::discovery {
namespace {

// A query comes out of the sandbox: it is not to cost more than a question does.
constexpr std::size_t kMaxQuery = 2 * 1024;
constexpr std::size_t kMaxWords = 24;

// Words of sentences, not of tools; a query of nothing else is taken as it is.
constexpr std::array<std::string_view, 22> kFillers = {
    "a",  "all", "an", "and", "are", "as", "at",   "by",  "for",  "from", "how",
    "in", "is",  "it", "of",  "on",  "or", "that", "the", "this", "to",   "with"};
static_assert(std::is_sorted(kFillers.begin(), kFillers.end()));

struct Candidate {
  std::uint32_t server;
  std::uint32_t tool;
  std::uint32_t words;  // of the query, that it has
  float score;
};

std::vector<std::string> query_words(std::string_view query) {
  std::vector<std::string> all = search_words(query.substr(0, kMaxQuery));
  std::vector<std::string> words;
  for (const std::string& word : all) {
    if (std::binary_search(kFillers.begin(), kFillers.end(), word)) continue;
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  if (words.empty()) words = std::move(all);
  if (words.size() > kMaxWords) words.resize(kMaxWords);
  return words;
}

bool is_better(const Candidate& a, const Candidate& b) {
  if (a.words != b.words) return a.words > b.words;
  if (a.score != b.score) return a.score > b.score;
  return std::pair(a.server, a.tool) < std::pair(b.server, b.tool);
}

}  // namespace

std::vector<SearchHit> search(const Catalogue& catalogue, std::string_view query, std::size_t limit,
                              const ServerFilter& filter) {
  const std::vector<std::string> words = query_words(query);
  const std::span<const CatalogueServer> servers = catalogue.servers();
  std::vector<Candidate> found;
  std::vector<float> scores;
  std::vector<Candidate> tally;
  for (std::uint32_t s = 0; s < servers.size(); ++s) {
    const std::size_t count = servers[s].tools().size();
    if (count == 0 || (filter && !filter(servers[s]))) continue;
    tally.assign(count, Candidate{s, 0, 0, 0.0F});
    for (const std::string& word : words) {
      scores.assign(count, 0.0F);
      servers[s].search_index().score(word, scores);
      for (std::uint32_t t = 0; t < count; ++t) {
        if (scores[t] == 0.0F) continue;
        tally[t].words += 1;
        tally[t].score += scores[t];
      }
    }
    for (std::uint32_t t = 0; t < count; ++t) {
      tally[t].tool = t;
      if (tally[t].words != 0) found.push_back(tally[t]);
    }
  }
  const std::size_t wanted =
      std::min(found.size(), std::clamp<std::size_t>(limit, 1, kMaxSearchLimit));
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(wanted), found.end(),
                    is_better);
  std::vector<SearchHit> hits;
  hits.reserve(wanted);
  for (std::size_t i = 0; i < wanted; ++i) {
    const CatalogueServer& server = servers[found[i].server];
    hits.push_back({&server, &server.tools()[found[i].tool], found[i].score});
  }
  return hits;
}

}  // namespace headrace::discovery
