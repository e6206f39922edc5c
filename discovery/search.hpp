// Finds tools by words of their names and descriptions, best first.
#pragma once

#include <headrace/discovery/catalogue.hpp>

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// Pointers into the catalogue that was searched, valid as long as those it hands out itself.
struct SearchHit {
  const CatalogueServer* server = nullptr;
  const ToolDoc* tool = nullptr;
  float score = 0;
};

/// A score of three digits, which are enough to compare hits with each other.
double shown_score(float score) noexcept;

/// Which servers to search.
using ServerFilter = std::function<bool(const CatalogueServer&)>;

inline constexpr std::size_t kMaxSearchLimit = 20;

/// Ranked by BM25F over names, titles, parameters, descriptions and the server's name, with stems,
/// synonyms and, for words that are nowhere, the nearest ones; a name whose words were all asked
/// for and a tool that has more of the query's words come first; ties in the catalogue's order.
/// `limit` is brought into 1 to `kMaxSearchLimit`. A query without a word finds nothing. No filter:
/// all servers. Scores compare within one search.
std::vector<SearchHit> search(const Catalogue& catalogue, std::string_view query, std::size_t limit,
                              const ServerFilter& filter = {});

}  // namespace headrace::discovery
